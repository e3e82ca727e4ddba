"""What docs/costs.md counts is what the template has, and its sums are right."""

from __future__ import annotations

import re

from local.places import ROOT

TEXT = (ROOT / "docs" / "costs.md").read_text()


def test_each_table_adds_up() -> None:
    tables = re.findall(r"\| what \| how much \| US dollars \|\n(.*?)\n\n", TEXT, re.S)
    assert len(tables) == 3
    for table in tables:
        *rows, total = [float(line.rstrip(" |*").rpartition("|")[2].strip(" *")) for line in table.splitlines()[1:]]
        assert abs(sum(rows) - total) < 0.006, table


def test_alarms_and_metrics_are_counted_as_they_are(template: dict) -> None:
    alarms = [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    watched = [sum("MetricStat" in metric for metric in each.get("Metrics", [])) or 1 for each in alarms]
    told = re.search(r"\| alarms \| (\d+) of one metric, (\d+) of three metrics \| ([\d.]+) \|", TEXT)
    assert (watched.count(1), watched.count(3)) == (int(told[1]), int(told[2]))
    assert round(0.10 * sum(watched), 2) == float(told[3])
    declared = set(re.findall(r'Self::\w+ => \("(\w+)", "\w+"\)', (ROOT / "shared" / "src" / "telemetry.rs").read_text()))
    without_traffic = set(re.findall(r"`(\w+)`", re.search(r"measured without traffic \| (.*?)\|", TEXT)[1]))
    assert without_traffic < declared
    assert f"the other {len(declared - without_traffic)} metrics" in TEXT
