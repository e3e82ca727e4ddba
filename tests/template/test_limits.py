"""Names, numbers and policies that AWS holds against each other, which the linters do not."""

from __future__ import annotations

import re

from local.places import ROOT

# The longest names (AWS Lambda API reference, CreateFunction; EventBridge Scheduler API reference, CreateSchedule; AWS Step Functions
# API reference, CreateStateMachine).
LONGEST = {"FunctionName": 64, "ScheduleV2": 64, "StateMachine": 80}


def source(text: str) -> str:
    """The Rust file that holds a text."""
    (found,) = (path.read_text() for path in (ROOT / "functions" / "push" / "src").rglob("*.rs") if text in path.read_text())
    return found


def number_in(folder: str, constant: str) -> int:
    """A constant of the Rust code."""
    found = [re.search(rf"const {constant}: \w+ = ([\d_]+);", path.read_text()) for path in (ROOT / folder).rglob("*.rs")]
    (number,) = (int(match[1].replace("_", "")) for match in found if match)
    return number


def documents() -> str:
    """What is written for the stack's users."""
    return "\n".join(path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))))


def test_a_stacks_name_may_be_as_long_as_is_said(template: dict) -> None:
    names = []
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        names.append((properties.get("FunctionName"), LONGEST["FunctionName"]))
        if resource["Type"].endswith("StateMachine"):
            names.append((properties["Name"], LONGEST["StateMachine"]))
        events = properties.get("Events", {})
        names += [(event["Properties"]["Name"], LONGEST["ScheduleV2"]) for event in events.values() if event["Type"] == "ScheduleV2"]
    suffixes = [(name["Fn::Sub"].removeprefix("${AWS::StackName}"), longest) for name, longest in names if name and "Fn::Sub" in name]
    assert len(suffixes) > 5
    room = min(longest - len(suffix) for suffix, longest in suffixes)
    assert int(re.search(r"A stack's name may have (\d+) characters", template["Description"])[1]) == room
    assert f"at most {room} characters" in documents()


def test_a_visibility_below_pushs_timeout_is_refused_but_for_a_local_stack(template: dict) -> None:
    timeout = template["Resources"]["PushFunction"]["Properties"]["Timeout"]
    values = template["Parameters"]["RecordsVisibilitySeconds"]["AllowedValues"]
    too_short = [value for value in values if value < timeout]
    assert too_short, "a local stack has a value of its own"
    for value in values:
        on_aws = {"AccountsUrl": "", "RecordsVisibilitySeconds": str(value)}
        assert bool(refusals(template, on_aws)) == (value in too_short), value
        assert not refusals(template, on_aws | {"AccountsUrl": "http://127.0.0.1:9780"}), value


def refusals(template: dict, parameters: dict[str, str]) -> list[str]:
    """What the template's rules say to these parameters."""

    def value(node: object) -> object:
        if not isinstance(node, dict):
            return node
        ((function, arguments),) = node.items()
        match function:
            case "Ref":
                return parameters.get(arguments, str(template["Parameters"][arguments]["Default"]))
            case "Fn::Equals":
                return value(arguments[0]) == value(arguments[1])
            case "Fn::Not":
                return not value(arguments[0])
        raise AssertionError(f"{function} is not known here")

    in_force = [rule for rule in template["Rules"].values() if value(rule["RuleCondition"])]
    return [each["AssertDescription"] for rule in in_force for each in rule["Assertions"] if not value(each["Assert"])]


def test_a_file_is_not_kept_longer_than_it_is_remembered_that_it_was_imported(template: dict) -> None:
    """Otherwise the sweep would take it for new, and import it over newer data."""
    most = template["Parameters"]["InboxRetentionDays"]["MaxValue"]
    assert most == number_in("functions/push/src", "MOST_INBOX_DAYS")
    rules = template["Resources"]["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (inbox,) = (rule for rule in rules if rule.get("Prefix") == "inbox/")
    assert inbox["ExpirationInDays"] == {"Ref": "InboxRetentionDays"}


def test_a_first_deploy_that_fails_leaves_nothing_behind(template: dict) -> None:
    policies = {name: (each.get("DeletionPolicy"), each.get("UpdateReplacePolicy")) for name, each in template["Resources"].items()}
    kept = {name: policy for name, policy in policies.items() if any(policy)}
    assert {"DataBucket", "StateTable", "RecordsQueue", "SelfClientSecret"} <= kept.keys()
    assert set(kept.values()) == {("RetainExceptOnCreate", "Retain")}, kept


def test_one_missed_run_of_the_refresh_raises_no_alarm_and_two_do(template: dict) -> None:
    tries = 1 + template["Resources"]["RefreshFunction"]["Properties"]["EventInvokeConfig"]["MaximumRetryAttempts"]
    alarm = template["Resources"]["RefreshErrorsAlarm"]["Properties"]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == ("Sum", "GreaterThanThreshold", 1)
    assert tries <= alarm["Threshold"] < 2 * tries


def test_an_executions_history_has_room_for_every_step_and_for_trying_again() -> None:
    """25,000 events (AWS Step Functions developer guide, "Quotas"): a step takes eleven, each further try of it three."""
    assert number_in("functions/push/src", "MOST_STEPS") * (11 + 3) <= 25_000 * 3 / 5


def test_how_long_things_are_kept_is_told_as_it_is(template: dict) -> None:
    said = documents()
    rules = {rule["Id"]: rule for rule in template["Resources"]["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    assert rules["inbox"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": rules["inbox"]["ExpirationInDays"]}
    assert "as long again as a noncurrent version" in said
    for kind in ("reports", "rejects", "outcomes"):
        assert rules[kind]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert "`RejectsRetentionDays`, 90, and 7 more as a noncurrent version" in said
    hours = re.search(r"REMEMBERED: SignedDuration = SignedDuration::from_hours\(24 \* (\d+)\)", source("MOST_INBOX_DAYS: i64"))
    assert f"that a file was imported | {hours[1]} days" in said


def test_each_processor_is_built_for_by_the_readmes_own_commands(template: dict) -> None:
    architecture = template["Parameters"]["Architecture"]
    blocks = re.findall(r"```sh\n(.*?)```", documents(), re.S)
    builds = [line for block in blocks for line in block.splitlines() if line.startswith("sam build") and "template" in line]
    named = {match[1] if (match := re.search(r"Architecture=(\w+)", line)) else architecture["Default"] for line in builds}
    assert named == set(architecture["AllowedValues"]), builds
