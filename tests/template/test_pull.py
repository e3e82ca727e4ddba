"""The pull state machine and its schedule."""

from __future__ import annotations

import json
import re

import pytest
from cfnlint.decode import cfn_yaml
from local.places import ROOT

from .test_limits import refusals


@pytest.fixture(scope="session")
def pull_machine() -> dict:
    """The pull state machine."""
    return json.loads((ROOT / "infra" / "pull.asl.json").read_text())


def test_what_the_machine_names_is_given_to_it(template: dict, pull_machine: dict) -> None:
    given = template["Resources"]["PullStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", str(pull_machine))) == set(given)


def test_every_step_that_pull_names_leads_somewhere(pull_machine: dict) -> None:
    code = (ROOT / "functions" / "pull" / "src" / "run" / "slice.rs").read_text()
    words = set(re.findall(r"^    (\w+),$", re.search(r"pub enum NextStep \{(.*?)^\}", code, re.S | re.M)[1], re.M))
    choices = pull_machine["States"]["Which step?"]["Choices"]
    known = {choice["StringEquals"] for choice in choices if "StringEquals" in choice}
    assert known == {word.lower() for word in words}
    assert {choice["Next"] for choice in choices} <= pull_machine["States"].keys()


def test_a_run_is_told_of_before_it_is_closed(pull_machine: dict) -> None:
    announce = pull_machine["States"]["Announce"]
    [entry] = announce["Parameters"]["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("bigin-relay", "Bigin Changes Ready")
    assert (announce["Next"], announce["ResultPath"]) == ("Close", None)
    assert announce["Retry"][0]["ErrorEquals"] == ["States.ALL"]


@pytest.mark.parametrize("sample", ["changes-to-queue", "changes-to-firehose"])
def test_the_rule_of_each_sample_looks_for_what_a_run_tells(pull_machine: dict, sample: str) -> None:
    rule = cfn_yaml.load(str(ROOT / "infra" / "examples" / f"{sample}.yaml"))["Resources"]["Rule"]["Properties"]
    [entry] = pull_machine["States"]["Announce"]["Parameters"]["Entries"]
    assert rule["EventPattern"] == {
        "source": [entry["Source"]],
        "detail-type": [entry["DetailType"]],
        "detail": {"bucket": [{"Ref": "DataBucket"}]},
    }
    told = (ROOT / "functions" / "pull" / "src" / "run" / "announcement.rs").read_text()
    assert "    pub bucket: String," in told


def test_pull_is_off_until_modules_are_named_and_takes_a_call_of_its_own(template: dict) -> None:
    assert template["Parameters"]["PullModules"]["Default"] == ""
    schedule = template["Resources"]["PullFunction"]["Properties"]["Events"]["Schedule"]["Properties"]
    assert schedule["State"] == {"Fn::If": ["Pulls", "ENABLED", "DISABLED"]}
    variables = template["Resources"]["PushFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["PULL_CALLS"] == {"Fn::If": ["Pulls", "1", "0"]}
    assert variables["PULL_MODULES"] == {"Ref": "PullModules"}, "push notes its writes to just these modules"
    for concurrency, modules, is_refused in ((3, "", False), (3, "all", True), (4, "all", False)):
        on_aws = {"AccountsUrl": "", "RecordsVisibilitySeconds": "1080", "BiginConcurrency": str(concurrency), "PullModules": modules}
        assert bool(refusals(template, on_aws)) == is_refused, (concurrency, modules)


def test_a_census_comes_every_night_where_pull_is_on_unless_it_is_switched_off(template: dict) -> None:
    census = template["Resources"]["PullFunction"]["Properties"]["Events"]["Census"]["Properties"]
    assert json.loads(census["Input"]) == {"census": True}
    assert census["State"] == {"Fn::If": ["Pulls", {"Fn::If": ["TakesCensus", "ENABLED", "DISABLED"]}, "DISABLED"]}
    parameter = template["Parameters"]["CensusSchedule"]
    for schedule in (parameter["Default"], "rate(1 day)", ""):
        assert re.fullmatch(parameter["AllowedPattern"], schedule), schedule


def test_pulls_role_writes_changes_and_nothing_else_in_the_bucket(template: dict) -> None:
    role = template["Resources"]["PullRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    in_bucket = [each for each in statements if "DataBucket" in str(each["Resource"])]
    assert [(each["Action"], each["Resource"]) for each in in_bucket] == [
        ("s3:PutObject", {"Fn::Sub": "${DataBucket.Arn}/changes/*"}),
        (["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], {"Fn::Sub": "${DataBucket.Arn}/state/*"}),
    ]
    assert "SelfClientSecret" not in str(statements)
    [(condition, policy, _)] = [each["Fn::If"] for each in role["Policies"] if each.get("Fn::If", [""])[0] == "TellsRecords"]
    assert template["Conditions"][condition] == {"Fn::Equals": [{"Ref": "PullRecordEvents"}, "true"]}
    assert template["Parameters"]["PullRecordEvents"]["Default"] == "false"
    events = [(each["Action"], str(each["Resource"])) for each in policy["PolicyDocument"]["Statement"]]
    assert [action for action, _ in events] == ["s3:GetObject", "events:PutEvents"]
    assert "/changes/*" in events[0][1]
    assert "event-bus/default" in events[1][1]
    assert "RecordsQueue" not in str(statements)
