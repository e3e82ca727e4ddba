"""Alarms that the local AWS does not know: what their expressions come to."""

from __future__ import annotations

import re

import pytest


def percent(template: dict, alarm: str, accepted: int, unchanged: int, rejected: int) -> float:
    """What an alarm about rejects comes to, worked out from its own expression (Amazon CloudWatch user guide, "Using metric math")."""
    (expression,) = (each["Expression"] for each in template["Resources"][alarm]["Properties"]["Metrics"] if "Expression" in each)
    condition, then, otherwise = re.fullmatch(r"IF\((.+), (.+), (.+)\)", expression).groups()
    values = {"accepted": accepted, "unchanged": unchanged, "rejected": rejected}
    return eval(then if eval(condition, {}, values) else otherwise, {}, values)


@pytest.mark.parametrize(
    ("alarm", "accepted", "unchanged", "rejected", "fires"),
    [
        ("RejectRatioAlarm", 0, 0, 40, False),
        ("RejectRatioAlarm", 0, 0, 50, True),
        ("RejectRatioAlarm", 70, 9, 21, True),
        ("RejectRatioAlarm", 71, 9, 20, False),
        ("RejectsByDayAlarm", 0, 0, 40, True),
        ("RejectsByDayAlarm", 0, 0, 9, False),
        ("RejectsByDayAlarm", 990, 0, 10, False),
        ("RejectsByDayAlarm", 5, 2, 3, True),
        ("RejectsByDayAlarm", 0, 0, 0, False),
    ],
)
def test_rejects_are_told_of_by_hour_and_by_day(
    template: dict, alarm: str, accepted: int, unchanged: int, rejected: int, fires: bool
) -> None:
    threshold = template["Resources"][alarm]["Properties"]["Threshold"]
    assert (percent(template, alarm, accepted, unchanged, rejected) > threshold) == fires


def test_an_alarm_about_rejects_counts_all_records_over_one_time(template: dict) -> None:
    for alarm, seconds in (("RejectRatioAlarm", 3_600), ("RejectsByDayAlarm", 86_400)):
        metrics = [each for each in template["Resources"][alarm]["Properties"]["Metrics"] if "MetricStat" in each]
        assert {(each["MetricStat"]["Period"], each["MetricStat"]["Stat"], each["ReturnData"]) for each in metrics} == {
            (seconds, "Sum", False)
        }
        assert {each["MetricStat"]["Metric"]["MetricName"] for each in metrics} == {
            "RecordsAccepted",
            "RecordsUnchanged",
            "RecordsRejected",
        }


def test_every_wait_has_a_time_of_its_own_that_refresh_is_given(template: dict) -> None:
    variables = template["Resources"]["RefreshFunction"]["Properties"]["Environment"]["Variables"]
    usual = {"HELD": 15, "OUTAGE": 60, "TURN": 360, "PAUSE": 1440}
    for kind, minutes in usual.items():
        parameter = f"{kind.capitalize()}AlarmMinutes"
        assert variables[f"{kind}_ALARM_MIN"] == {"Ref": parameter}
        assert template["Parameters"][parameter]["Default"] == minutes
