"""Alarms as they are deployed: each tells its reader what to do, where the runbook says it step by step, and whom it tells."""

from __future__ import annotations

import re

from local.places import ROOT, TEMPLATE
from local.relay import Relay

# Words that tell somebody to do something.
DOING = re.compile(r"\b(Look|Ask|Generate|Mend|Put|put it|put the|started again by putting|says why and what to do)\b")


def test_each_alarm_says_what_to_do_and_its_entry_of_the_runbook_speaks_of_it(relay: Relay) -> None:
    stack = relay.names["STACK_NAME"]
    alarms = [each for each in relay.aws("cloudwatch").describe_alarms()["MetricAlarms"] if each["AlarmName"].startswith(f"{stack}-")]
    runbook = (ROOT / "docs" / "RUNBOOK.md").read_text()
    entries = {title.lower().replace(" ", "-"): body for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", runbook, re.M | re.S)}
    seen = set()
    for alarm in alarms:
        name = next(name for name in re.findall(r"^  (\w+Alarm):$", TEMPLATE.read_text(), re.M) if name in alarm["AlarmName"])
        text, _, entry = alarm["AlarmDescription"].partition("Runbook: docs/RUNBOOK.md#")
        assert DOING.search(text), f"{name} does not say what to do: {text}"
        assert f"`{name}`" in entries[entry.strip()], f"the runbook's entry {entry} does not speak of {name}"
        assert alarm["AlarmActions"] == alarm["OKActions"] == [relay.names["ALERTS_TOPIC"]], name
        seen.add(name)
    # Those about rejects are metric math, which the local AWS does not know: tests/template works their expressions out.
    assert seen == set(re.findall(r"^  (\w+Alarm):$", TEMPLATE.read_text(), re.M)) - {"RejectRatioAlarm", "RejectsByDayAlarm"}
