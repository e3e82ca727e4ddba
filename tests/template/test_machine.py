"""The import state machine, where Step Functions itself would let a mistake pass until an execution meets it."""

from __future__ import annotations

import json
import re

from local.places import ROOT, TEMPLATE

ALREADY_THERE = "StepFunctions.ExecutionAlreadyExistsException"


def test_no_name_of_a_resource_holds_in_one_partition_only() -> None:
    """GovCloud and China have partitions of their own (aws-us-gov, aws-cn): `arn:aws:` fails there when it is used."""
    infra = [TEMPLATE, *(ROOT / "infra").glob("*.asl.json")]
    assert len(infra) > 1
    for path in infra:
        named = re.findall(r"arn:aws[a-z-]*:\S*", path.read_text())
        assert not named, f"{path.name}: {named}"


def test_what_the_machine_names_is_given_to_it(template: dict, machine: dict) -> None:
    names = set(re.findall(r"\$\{(\w+)\}", str(machine)))
    given = template["Resources"]["ImportStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert names == set(given)
    assert given["Partition"] == {"Ref": "AWS::Partition"}


def test_an_import_is_handed_on_once_however_often_the_start_is_repeated(machine: dict) -> None:
    hand_on = machine["States"]["Hand on"]
    name = hand_on["Parameters"]["Name.$"]
    assert "$$.Execution.Id" in name, "each execution hands on to one, and always to the same"
    assert "UUID" not in name
    prefix = re.fullmatch(r"States\.Format\('([\w-]+)\{\}', States\.Hash\(\$\$\.Execution\.Id, 'SHA-256'\)\)", name)[1]
    assert len(prefix) + 64 <= 80, "an execution's name has 80 characters at most"
    first, *_ = hand_on["Retry"]
    assert (ALREADY_THERE in first["ErrorEquals"], first["MaxAttempts"]) == (True, 0)
    first, *_ = hand_on["Catch"]
    assert (ALREADY_THERE in first["ErrorEquals"], machine["States"][first["Next"]]["Type"]) == (True, "Succeed")


def test_an_account_whose_functions_are_all_busy_fails_no_run(machine: dict) -> None:
    """A new account has ten executions at once, and hundreds of files may come at once: Lambda then refuses invocations for a while."""
    pull = json.loads((ROOT / "infra" / "pull.asl.json").read_text())
    tasks = [
        (name, state)
        for states in (machine, pull)
        for name, state in states["States"].items()
        if "lambda:invoke" in state.get("Resource", "")
    ]
    assert len(tasks) >= 10
    for name, state in tasks:
        *_, busy, others = state["Retry"]
        assert busy["ErrorEquals"] == ["Lambda.TooManyRequestsException"], name
        assert others["ErrorEquals"] == ["States.ALL"], name
        waits = [
            min(busy["IntervalSeconds"] * busy["BackoffRate"] ** attempt, busy["MaxDelaySeconds"]) for attempt in range(busy["MaxAttempts"])
        ]
        # With full jitter a wait is half as long in the mean.
        assert sum(waits) / 2 >= 1800, f"{name} is given up within half an hour"


def test_who_waits_to_be_woken_looks_again_when_its_time_is_over(machine: dict) -> None:
    states = machine["States"]
    choices = states["Which step?"]["Choices"]
    waits = {choice["NumericEquals"]: states[choice["Next"]] for choice in choices if choice["Variable"] == "$.looks_within_s"}
    code = (ROOT / "functions" / "push" / "src" / "import" / "step.rs").read_text()
    named = {int(number.replace("_", "")) for number in re.findall(r"pub const (?:MINUTE|QUARTER|HOUR): u64 = ([\d_]+);", code)}
    assert waits.keys() == named, "push asks for no other time"
    for seconds, state in waits.items():
        assert state["TimeoutSeconds"] == seconds
        assert "HeartbeatSeconds" not in state
        assert state["Resource"].endswith(":lambda:invoke.waitForTaskToken")
        assert state["Retry"][0] == {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0}
        assert (state["Catch"][0]["ErrorEquals"], state["Catch"][0]["Next"]) == (["States.Timeout"], "Claim")
        assert state["ResultPath"] is None, "what wakes it changes nothing of the import"


def test_an_execution_that_runs_no_code_of_ours_is_told_to_push(template: dict) -> None:
    resources = template["Resources"]
    rule = resources["ImportEndedRule"]["Properties"]
    assert rule["EventPattern"]["detail"]["status"] == ["ABORTED", "FAILED", "TIMED_OUT"]
    [target] = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["PushFunction", "Arn"]}
    assert "DeadLetterConfig" in target
    assert resources["ImportEndedPermission"]["Properties"]["SourceArn"] == {"Fn::GetAtt": ["ImportEndedRule", "Arn"]}
