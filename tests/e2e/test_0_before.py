"""Before anybody has authorized: nothing reaches Bigin, nothing is lost, and everybody says why."""

from __future__ import annotations

from local.relay import Relay, unique

FILE = "inbox/Contacts/early.csv"


def test_a_fresh_stack_says_that_nobody_has_authorized(relay: Relay) -> None:
    status = relay.status()
    assert status["authorization"]["state"] == "not_authorized"
    assert relay.invoke("refresh", {})["status"] == "not_authorized"


def test_what_comes_before_the_authorization_waits_for_it(relay: Relay, client_id: str) -> None:
    early = f"{unique('early')}@example.test"
    # It closes the intake: a message that push has taken before that stays out of sight for two minutes.
    relay.invoke("refresh", {})
    relay.put(FILE, "First Name,Last Name,Email\nEarly,Bird,bird@example.test\n")
    relay.send({"module": "Contacts", "record": {"Last_Name": "Early", "Email": early}})
    report = relay.report(FILE, status="paused")
    assert report["reason"]["code"] == "not_authorized"
    assert report["read"] == 0
    assert relay.depth() == 1
    assert relay.console.state()["calls_total"] == 0, "something called Zoho without an authorization"

    answer = relay.authorize(client_id)
    assert answer["previous"] == "none"
    assert "token" not in str(answer).lower()

    held = relay.arrived("bird@example.test", early, seconds=90)
    assert held["bird@example.test"]["First_Name"] == "Early"
    assert relay.report(FILE)["status"] == "complete"
    relay.drained()
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
