"""The dashboard shows what is really measured: a widget of a metric that nobody emits stays empty in silence."""

from __future__ import annotations

import json
import re

import pytest
from local.places import ROOT

# The metrics of AWS's services, each with its dimension (Lambda developer guide, "Types of metrics for Lambda functions"; SQS developer
# guide, "Available CloudWatch metrics for Amazon SQS"; Step Functions developer guide, "Monitoring Step Functions metrics").
AWS_METRICS = {
    "AWS/Lambda": ("FunctionName", {"Duration", "Errors", "Throttles"}),
    "AWS/SQS": (
        "QueueName",
        {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"},
    ),
    "AWS/States": ("StateMachineArn", {"ExecutionsStarted", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}),
}


@pytest.fixture(scope="module")
def widgets(template: dict) -> list[dict]:
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return json.loads(body)["widgets"]


def shown(widgets: list[dict]) -> list[list]:
    return [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]


def emitted() -> set[str]:
    """The names that the functions give their metrics."""
    return set(re.findall(r'=> \("(\w+)", "(?:Count|Seconds)"\)', (ROOT / "shared" / "src" / "telemetry.rs").read_text()))


def test_each_own_metric_is_shown_and_each_shown_one_is_emitted_with_that_dimension(widgets: list[dict]) -> None:
    own = [metric for metric in shown(widgets) if metric[0] == "BiginRelay"]
    assert {name for _, name, *_ in own} == emitted()
    assert all(metric[2:4] == ["Stack", "${AWS::StackName}"] for metric in own)


def test_each_metric_of_aws_has_the_dimension_that_aws_gives_it(template: dict, widgets: list[dict]) -> None:
    for namespace, name, dimension, value, *_ in shown(widgets):
        if namespace == "BiginRelay":
            continue
        expected, names = AWS_METRICS[namespace]
        assert dimension == expected
        assert name in names
        assert value.strip("${}").split(".")[0] in template["Resources"], value


def test_every_function_and_every_alarm_is_on_it(template: dict, widgets: list[dict]) -> None:
    of_type = lambda kind: {name for name, each in template["Resources"].items() if each["Type"] == kind}  # noqa: E731
    functions = {value.strip("${}") for namespace, _, _, value, *_ in shown(widgets) if namespace == "AWS/Lambda"}
    assert functions == of_type("AWS::Serverless::Function")
    alarms = [alarm for widget in widgets if widget["type"] == "alarm" for alarm in widget["properties"]["alarms"]]
    assert {alarm.strip("${}").removesuffix(".Arn") for alarm in alarms} == of_type("AWS::CloudWatch::Alarm")


def test_no_widget_covers_another(widgets: list[dict]) -> None:
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24, "a dashboard is 24 units wide"
