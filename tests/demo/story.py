"""Tells the whole story on the local stack: from the one-time code to revoke, with 1,000 contacts in between."""

from __future__ import annotations

import collections
import sys
import time

from local import changes
from local.consumer import Consumer
from local.processes import Failed, wait_until
from local.relay import Relay
from local.stack import LocalStack

from .contacts import FAULTS, FAULTY_ROWS_EACH, contacts

ROWS = 1000
CSV_KEY = "inbox/Contacts/spring fair.csv"
SHOP_KEY = "inbox/Contacts/shop/käufer.csv"
CHECK_KEY = "check/Contacts/exhibitors.csv"
LATE_KEY = "inbox/Contacts/after the revoke.csv"

# What a German web shop exports, and how its columns become fields.
SHOP_MAPPING = """\
[columns]
"Nachname" = "Last_Name"
"Mail" = "Email"
"Firma" = "Account_Name"
"Geboren" = { field = "Birthday", date = "dd.MM.yyyy" }

[constants]
Title = "Shop customer"

[lookup.Account_Name]
by = "Account_Name"
on_missing = "create"
"""
SHOP_FILE = """\
Nachname;Mail;Firma;Geboren
Müller;mueller@example.test;O'Reilly GmbH;07.03.1984
Weiß;weiss@example.test;o'reilly gmbh;
Jørgensen;joergensen@example.test;Nordwind Käse AG;31.12.1979
Øverland;oeverland@example.test;Nordwind Käse AG;29.02.2000
"""
# What people's files hold: an address with something invisible in it, one with what a program put around it, a number in
# Arabic digits, an address that two people share, and one that stands for none.
CHECK_FILE = """\
Last Name,Email,Phone
Ito,ito@exam\u200bple.test,+81 3 1234 5678
Diaz,mailto:diaz@example.test,+34 91 123 45 67
Haddad,haddad@example.test,+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧
Berg,berg@example.test,
Lund,BERG@example.test,
Rossi,none@none.test,
"""


def tell() -> None:
    """Runs the demo; fails when something did not come out as it should."""
    began = time.monotonic()
    say("Start", "a stand-in for Zoho, a local AWS that enforces IAM, and infra/template.yaml on it")
    with LocalStack(say=note) as stack:
        relay = Relay(stack.environment())
        client_id = _authorize(relay)
        _dry_run(relay)
        report = _file(relay)
        _messages(relay)
        _mapping_and_lookup(relay)
        _changes(relay)
        _token_expires(relay)
        _table(relay, report)
        _revoke(relay, client_id)
        say("Stop", "everything that was started")
    print(f"\nThe whole story took {time.monotonic() - began:.0f} s.")


def _authorize(relay: Relay) -> str:
    say("Authorize", "an operator makes a self client and a one-time code in the API console and hands over the downloaded file")
    client_id = relay.console.new_client()
    answer = relay.authorize(client_id)
    note(f"authorized for {answer['org_name']} ({answer['org_id']}) as {answer['user_email']}, data centre {answer['data_center']}")
    note(f"{len(answer['scopes']['granted'])} scopes granted, {len(answer['scopes']['missing'])} missing")
    return client_id


def _dry_run(relay: Relay) -> None:
    say("A dry run", f"{CHECK_KEY}: what would be mended, what is doubted and what would be rejected, before anything is sent")
    version = relay.put(CHECK_KEY, CHECK_FILE)
    report = relay.report(CHECK_KEY, version=version)
    check(report["status"] == "planned", f"the dry run ended as {report['status']}: {report['reason']}")
    for warning in report["warnings"]:
        note(f"warning: {warning}")
    for example in report["plan"]["examples"]:
        note(f"line {example['line']} would be rejected: {example['code']}, {shorten(example['message'])}")
    seen = set(report["repairs"])
    wanted = {"invisible_taken_off", "unwrapped", "respelt", "same_key"}
    check(seen == wanted, f"the plan shows {sorted(seen)}")
    check(report["plan"]["rejects_by_code"] == {"PLACEHOLDER_KEY": 1}, f"it would reject {report['plan']['rejects_by_code']}")
    check(relay.console.state()["records"]["Contacts"] == 0, "something was sent")
    note("nothing was sent")


def _file(relay: Relay) -> dict:
    text, faulty = contacts(ROWS)
    say("A file", f"{ROWS:,} contacts with human headers, {faulty} rows of them with one of {len(FAULTS)} different faults, into {CSV_KEY}")
    version = relay.put(CSV_KEY, text)
    last = None

    def look() -> dict | None:
        nonlocal last
        report = next((each for each in relay.reports(CSV_KEY) if each["source_version"] == version), None)
        held = relay.console.state()["records"]["Contacts"]
        seen = (report and report["status"], report and report["read"], held)
        if report and seen != last:
            last = seen
            note(f"{report['status']}: {report['read']:,} read, {held:,} in Bigin, {report['rejected']:,} rejected")
        return report if report and report["finished_at"] else None

    report = wait_until(f"the report of {CSV_KEY}", 120, look)
    check(report["status"] == "partial", f"the import ended as {report['status']}: {report['reason']}")
    check(report["read"] == ROWS, f"{report['read']} rows were read")
    check(report["rejected"] == len(FAULTS) * FAULTY_ROWS_EACH, f"{report['rejected']} rows were rejected")
    return report


def _messages(relay: Relay) -> None:
    say("Messages", "three good ones and a poisonous one on the queue")
    relay.send(
        {"id": "order-1", "module": "Contacts", "records": [{"Last_Name": "Rao", "Email": "rao@example.test"}]},
        '{"module": "Contacts", "records": [{"Last_Name": ',
        {"id": "order-2", "module": "Contacts", "record": {"Last_Name": "Åkesson", "Email": "akesson@example.test"}},
        {"id": "order-3", "module": "Accounts", "record": {"Account_Name": "O'Reilly GmbH", "Website": "www.oreilly.example"}},
    )
    relay.arrived("rao@example.test", "akesson@example.test")
    relay.drained()
    rejects = wait_until("the poisonous message's reject", 60, lambda: relay.keys("rejects/_queue/"))
    note(f"three arrived; the poison hurt nobody and lies in {rejects[-1]}")


def _mapping_and_lookup(relay: Relay) -> None:
    say("A mapping and a lookup", f"mappings/Contacts/shop.toml, and {SHOP_KEY}: German columns and dates, companies by name")
    relay.put("mappings/Contacts/shop.toml", SHOP_MAPPING)
    version = relay.put(SHOP_KEY, SHOP_FILE)
    report = relay.report(SHOP_KEY, version=version)
    check(report["status"] == "complete", f"the import ended as {report['status']}: {report['reason']}")
    companies = {company["id"]: company["Account_Name"] for company in relay.console.records("Accounts")}
    check(sorted(companies.values()) == ["Nordwind Käse AG", "O'Reilly GmbH"], f"the companies are {sorted(companies.values())}")
    held = relay.contacts()
    rows = [("contact", "birthday", "company")]
    for line in SHOP_FILE.splitlines()[1:]:
        _, email, company, _ = line.split(";")
        contact = held[email]
        found = companies[contact["Account_Name"]["id"]]
        check(found.lower() == company.lower(), f"{email} is with {found}")
        rows.append((email, contact.get("Birthday") or "", f"{found} (id {contact['Account_Name']['id']})"))
    table(rows)
    note("O'Reilly GmbH was there and is still one company; Nordwind Käse AG was not, and was made once for two people")


def _changes(relay: Relay) -> None:
    say("Changes out of Bigin", "an application keeps a copy of the contacts in SQLite (infra/examples), and hears of changes by events")
    with Consumer(relay) as consumer:
        manifest = changes.pulled(relay)
        copied = manifest["counts"]["snapshot"]
        check(copied == relay.console.state()["records"]["Contacts"], f"the full copy has {copied:,} contacts")
        wait_until("the full copy", 60, lambda: len(consumer.records("Contacts")) == copied)
        note(f"the first run is a full copy: {copied:,} contacts, {manifest['credits']} credits; the application has them all")
        [record_id] = relay.console.add("Contacts", {"Last_Name": "Whitman", "Email": "whitman@example.test", "Title": "Poet"})
        note("somebody adds a contact in Bigin's own page")
        _look(relay, consumer, record_id, "Poet")
        relay.console.edit("Contacts", {"id": record_id, "Title": "Nurse"})
        note("changes it")
        _look(relay, consumer, record_id, "Nurse")
        relay.console.delete("Contacts", record_id)
        note("and deletes it")
        _look(relay, consumer, record_id, None)


def _look(relay: Relay, consumer: Consumer, record_id: str, title: str | None) -> None:
    """The next run, which the schedule would start within 15 minutes, brings the application what Bigin has."""
    manifest = changes.pulled(relay)
    check(sum(manifest["counts"].values()) == 1, f"one change was made, and these came out: {manifest['counts']}")

    def arrived() -> bool:
        held = consumer.records("Contacts")
        return record_id in held and (held[record_id] or {}).get("Title") == title

    wait_until("the change in the application's copy", 60, arrived)
    [line] = changes.lines(relay, manifest)
    said = f"by {line['changed_by']['name']}" if line["changed_by"] else ""
    note(f"it arrived in the application: {line['op']} {said}, {manifest['credits']} credits")


def _token_expires(relay: Relay) -> None:
    minted = relay.console.state()["tokens"]["minted"]
    say("An hour passes", "the access token is worth nothing any more, and the next message meets that")
    relay.console.advance(3700)
    relay.send({"module": "Contacts", "record": {"Last_Name": "Späth", "Email": "spaeth@example.test"}})
    relay.arrived("spaeth@example.test")
    now = relay.console.state()["tokens"]["minted"]
    note(f"delivered: push asked refresh, tokens minted {minted} -> {now}")
    check(now == minted + 1, f"one token was to be minted, not {now - minted}")


def _table(relay: Relay, report: dict) -> None:
    state = relay.console.state()
    say("What arrived", "by the sandbox's own count")
    table([("module", "records")] + [(module, f"{count:,}") for module, count in state["records"].items() if count])
    say("The report", report["report_key"])
    names = ("status", "read", "inserted", "updated", "unchanged", "rejected", "deferred", "api_calls", "credits", "retries", "duration_ms")
    table([("", "")] + [(name, str(report[name])) for name in names])
    for warning in report["warnings"]:
        note(f"warning: {warning}")
    say("Rejected rows, with reasons", report["rejects_key"])
    rows = relay.rows(report["rejects_key"])
    kinds = collections.Counter((row["_code"], row["_field"], row["_origin"]) for row in rows)
    first = {(row["_code"], row["_field"], row["_origin"]): row for row in reversed(rows)}
    lines = [("rows", "code", "field", "by", "first at line", "message")]
    for kind, count in kinds.most_common():
        row = first[kind]
        lines.append((str(count), *kind, row["_line"], shorten(row["_message"])))
    table(lines)
    say("What it cost", "")
    credits, tokens = state["credits"], state["tokens"]
    table([
        ("", ""),
        ("tokens minted", f"{tokens['minted']} (code {tokens['exchanged']}, refresh {tokens['refreshed']})"),
        ("credits spent", f"{credits['spent_ever']:,} of {credits['limit']:,} a day"),
        ("most calls ever in flight", str(state["most_in_flight"])),
    ])  # fmt: skip


def _revoke(relay: Relay, client_id: str) -> None:
    say("Revoke", "the access is cut off")
    answer = relay.revoke(confirm=relay.status()["authorization"]["org_id"], reason="end of the demo")
    note(f"revoke answered: {answer.get('status') or answer}")
    check(relay.console.state()["tokens"]["refresh_tokens"] == 0, "Zoho still knows a refresh token")
    held = relay.console.state()["records"]["Contacts"]
    say("Another file", f"{LATE_KEY}: it must wait, and not be lost")
    relay.put(LATE_KEY, "First Name,Last Name,Email\nGrace,Hopper,hopper@example.test\n")
    report = relay.report(LATE_KEY, status="paused")
    note(f"its report says {report['status']}: {report['reason']['message']}")
    check(relay.console.state()["records"]["Contacts"] == held, "something reached Bigin after the revoke")
    say("Authorize again", "for the same organisation: everything that waits goes on")
    relay.authorize(client_id)
    relay.arrived("hopper@example.test", seconds=90)
    note("it arrived")


_chapter = 0


def say(title: str, about: str) -> None:
    """Opens a chapter of the story."""
    global _chapter
    _chapter += 1
    print(f"\n{_chapter:2}. {title}{': ' if about else ''}{about}", flush=True)


def note(text: str) -> None:
    """One line of progress."""
    print(f"    {time.strftime('%H:%M:%S')}  {text}", flush=True)


def table(rows: list[tuple[str, ...]]) -> None:
    """Columns side by side; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        if any(row):
            print("    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0 and any(row):
            print("    " + "  ".join("-" * width for width in widths))
    sys.stdout.flush()


def shorten(text: str, width: int = 90) -> str:
    """A text on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 3] + "..."


def check(holds: bool, otherwise: str) -> None:
    """The demo is a test as well."""
    if not holds:
        raise Failed(f"This is not the story: {otherwise}")
