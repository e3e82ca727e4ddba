"""What waits is measured by the scheduled refresh, and the alarm on it goes on and off.

The local AWS makes no metrics of the functions' logs, which CloudWatch does on AWS: the suite hands on what the log says. It is the
stack's own log line, metric and alarm; that CloudWatch reads the line is seen on AWS only. On this stack nobody has any patience.
"""

from __future__ import annotations

import json
import time

from local.processes import Failed, wait_until
from local.relay import Relay, unique


def refresh_says(relay: Relay) -> list[dict]:
    """What a refresh logs now, up to what it measures of waits."""
    logs, began = relay.aws("logs"), int(time.time() * 1000)
    relay.invoke("refresh", {})

    def look() -> list[dict]:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{relay.names['STACK_NAME']}-refresh", startTime=began - 2_000)["events"]
        lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
        is_measured = any("WaitsTooLong" in line and line["_aws"]["Timestamp"] >= began for line in lines)
        return lines if is_measured else []

    return wait_until("what refresh measured", 30, look)


def measured(relay: Relay) -> int:
    """What a refresh says now about what waits too long."""
    return next(line["WaitsTooLong"] for line in reversed(refresh_says(relay)) if "WaitsTooLong" in line)


def nothing_waits(relay: Relay) -> None:
    """Waits until that is so; what other tests have left may have to end first."""
    try:
        wait_until("nothing waits", 300, lambda: measured(relay) == 0, pause=2)
    except Failed as error:
        waits = [line for line in refresh_says(relay) if "waits for longer" in json.dumps(line)]
        raise AssertionError(f"{error}: {json.dumps(waits)}") from error


def alarm(relay: Relay, value: int, seconds_ago: int = 0) -> str:
    """The state of this stack's alarm once CloudWatch has that value; other stacks may stand beside it."""
    metrics = relay.aws("cloudwatch")
    dimensions = [{"Name": "Stack", "Value": relay.names["STACK_NAME"]}]
    point = {
        "MetricName": "WaitsTooLong",
        "Dimensions": dimensions,
        "Timestamp": time.time() - seconds_ago,
        "Value": value,
    }
    metrics.put_metric_data(Namespace="BiginRelay", MetricData=[point])
    alarms = metrics.describe_alarms()["MetricAlarms"]
    (state,) = (each["StateValue"] for each in alarms if each.get("MetricName") == "WaitsTooLong" and each["Dimensions"] == dimensions)
    return state


def test_the_alarm_goes_on_with_a_pause_and_off_when_it_is_over(relay: Relay, authorized: dict) -> None:
    # Of what the local AWS has, the alarm's 300 seconds end with this point in a moment.
    relay.invoke("revoke", {"action": "pause", "reason": "to be heard of"})
    assert alarm(relay, measured(relay), seconds_ago=290) == "ALARM"
    relay.invoke("revoke", {"action": "resume"})
    nothing_waits(relay)
    time.sleep(11)
    assert alarm(relay, 0) == "OK"


def test_an_import_that_waits_its_turn_is_measured(relay: Relay, authorized: dict) -> None:
    mark = unique("turn")
    relay.console.settings(latency_ms=1500)
    first, second = (f"inbox/Contacts/{mark}.{number}.csv" for number in range(2))
    relay.put(first, "Last Name,Email\n" + "".join(f"T,{mark}.{number}@example.test\n" for number in range(2500)))
    relay.report(first, status="running")
    relay.put(second, f"Last Name,Email\nT,{mark}@example.test\n")
    relay.report(second, status="paused")
    assert measured(relay) >= 1
    relay.console.settings(latency_ms=0)
    assert relay.report(second, seconds=120)["status"] == "complete"
