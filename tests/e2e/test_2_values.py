"""What people's files really hold: a mapping says how it is meant, for files and for messages, through the deployed template."""

from __future__ import annotations

import pytest
from local.relay import Relay, unique

# One mapping for files and messages: what means none, two numbers in a cell, a key that only looks like none.
MAPPING = """\
operation = "upsert"
match_on = ["Email"]
stop_after = "never"
none = ["N/A", "-"]

[columns]
"Fon" = { field = "Phone", rest = ["Mobile"] }
"PLZ" = "Mailing_Zip"
"Ort" = "Mailing_City"
"Geboren" = "Birthday"
"""


def rows(mark: str) -> list[dict[str, str]]:
    """The same six records, of which the last two are to be rejected."""
    return [
        {"Last Name": "Işık", "Email": f"{mark}.0@example.test", "Fon": "030 1234567 / 0171 4567890", "Ort": "Balıkesir"},
        {"Last Name": "Yılmaz", "Email": f"mailto:{mark}.1@example.test", "PLZ": '="01067"', "Fon": "-", "Ort": "Eskişehir"},
        {"Last Name": "Çağla", "Email": f"'{mark}.2@example.test'", "PLZ": "'01067", "Geboren": "0000-00-00", "Ort": "Muğla"},
        {"Last Name": "Öztürk", "Email": f"{mark}.3@example.test", "PLZ": "N/A", "Geboren": "2001-02-03", "Ort": "İstanbul"},
        {"Last Name": "Şahin", "Email": "none@none.com", "Ort": "Aydın"},
        {"Last Name": "Doğan", "Email": f"{mark}.5@example.test", "PLZ": "#REF!", "Ort": "Niğde"},
    ]


def arrived(relay: Relay, mark: str) -> None:
    """The four that are sound stand in Bigin as they were meant, and no other."""
    held = {email: record for email, record in relay.contacts().items() if email.startswith(mark)}
    assert sorted(held) == [f"{mark}.{number}@example.test" for number in range(4)]
    both, guarded, quoted, none = (held[f"{mark}.{number}@example.test"] for number in range(4))
    assert (both["Phone"], both["Mobile"], both["Last_Name"]) == ("030 1234567", "0171 4567890", "Işık")
    assert (guarded["Mailing_Zip"], guarded["Phone"], guarded["Mailing_City"]) == ("01067", None, "Eskişehir")
    assert (quoted["Mailing_Zip"], quoted["Birthday"], quoted["Last_Name"]) == ("01067", None, "Çağla")
    assert (none["Mailing_Zip"], none["Birthday"], none["Mailing_City"]) == (None, "2001-02-03", "İstanbul")
    assert "none@none.com" not in relay.contacts()


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1254", "iso-8859-9", "mac-turkish", "ibm857"])
def test_a_file_in_an_encoding_that_the_mapping_names_arrives_as_it_was_meant(relay: Relay, authorized: dict, encoding: str) -> None:
    mark = unique("values")
    columns = ["Last Name", "Email", "Fon", "PLZ", "Geboren", "Ort"]
    quoted = lambda text: '"' + text.replace('"', '""') + '"'  # noqa: E731
    lines = [";".join(columns), *(";".join(quoted(row.get(column, "")) for column in columns) for row in rows(mark))]
    relay.put(f"mappings/Contacts/{mark}.toml", f'encoding = "{encoding}"\n' + MAPPING)
    python = {"windows-1254": "cp1254", "ibm857": "cp857"}.get(encoding, encoding)
    key = f"inbox/Contacts/{mark}/{mark}.csv"
    relay.put(key, ("\r\n".join(lines) + "\r\n").encode(python))

    report = relay.report(key)
    assert report["status"] == "partial", report
    assert report["rejects_by_code"] == {"PLACEHOLDER_KEY": 1, "SPREADSHEET_DAMAGE": 1}
    assert (report["repairs"]["unwrapped"]["rows"], report["repairs"]["no_value"]["first_line"]) == (2, 4), report
    arrived(relay, mark)


def test_records_of_a_message_arrive_as_they_were_meant(relay: Relay, authorized: dict) -> None:
    mark = unique("values")
    relay.put(f"mappings/Contacts/{mark}.toml", MAPPING)
    relay.send({"module": "Contacts", "mapping": mark, "records": rows(mark)})
    relay.arrived(*(f"{mark}.{number}@example.test" for number in range(4)), seconds=60)
    relay.drained()
    arrived(relay, mark)


def test_without_the_name_of_its_encoding_a_file_is_read_rightly_or_refused(relay: Relay, authorized: dict) -> None:
    mark = unique("values")
    text = f"Last Name,Email\nMüller,{mark}.a@example.test\nJäger,{mark}.b@example.test\nKöhler,{mark}.c@example.test\n"
    for encoding, status in (("cp1252", "complete"), ("mac-roman", "refused"), ("cp850", "refused")):
        key = f"inbox/Contacts/{mark} {encoding}.csv"
        relay.put(key, text.encode(encoding))
        report = relay.report(key)
        assert report["status"] == status, report
        if status == "refused":
            assert report["reason"]["code"] == "ENCODING_UNKNOWN", report
            assert "encoding = " in report["reason"]["action"]
    held = [record["Last_Name"] for email, record in sorted(relay.contacts().items()) if email.startswith(mark)]
    assert held == ["Müller", "Jäger", "Köhler"]
