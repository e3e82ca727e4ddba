"""Pause and revoke: nothing reaches Bigin, everything waits, and comes back."""

from __future__ import annotations

import json

from local.processes import wait_until
from local.relay import Relay, unique

HEADER = "Last Name,Email\n"


def put_and_send(relay: Relay, mark: str) -> str:
    relay.send({"module": "Contacts", "record": {"Last_Name": "W", "Email": f"{mark}@example.test"}})
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"W,{mark}.file@example.test\n")
    return key


def test_a_pause_holds_everything_back_and_resume_lets_it_go(relay: Relay, authorized: dict) -> None:
    mark = unique("pause")
    answer = relay.invoke("revoke", {"action": "pause", "reason": "the books are being closed"})
    assert "token" not in json.dumps(answer)
    before = relay.console.state()["calls_total"]
    # What earlier tests made a pause hold back may still be out of sight on the queue.
    waiting = relay.depth()
    key = put_and_send(relay, mark)
    report = relay.report(key, status="paused")
    assert report["reason"]["code"] == "operator"
    status = relay.status()
    assert "the books are being closed" in status["paused"]["message"]
    assert status["paused"]["since"]
    assert status["intake_open"] is False
    assert relay.depth() == waiting + 1
    assert relay.console.state()["calls_total"] == before

    relay.invoke("revoke", {"action": "resume"})
    relay.arrived(f"{mark}@example.test", f"{mark}.file@example.test", seconds=90)
    relay.drained()
    assert relay.status()["paused"] is None
    assert relay.report(key)["status"] == "complete"


def test_revoke_wants_to_be_confirmed(relay: Relay, authorized: dict, refused) -> None:
    assert authorized["authorization"]["org_id"] not in refused("revoke", {"action": "revoke"}).message
    refused("revoke", {"confirm": "12345"})
    assert relay.invoke("revoke", {"dry_run": True})["status"] == "planned"
    assert relay.status()["authorization"]["state"] == "active"


def test_after_a_revoke_nothing_reaches_bigin_and_authorize_brings_everything_back(relay: Relay, authorized: dict, client_id: str) -> None:
    mark = unique("revoke")
    tokens = [relay.secret("SELF_CLIENT_SECRET")["refresh_token"], relay.secret("ACCESS_TOKEN_SECRET")["access_token"]]
    secret = relay.secret("SELF_CLIENT_SECRET")["client_secret"]
    answer = relay.revoke(confirm=authorized["authorization"]["org_id"], reason="left the company")
    assert answer["status"] == "revoked"
    assert relay.console.state()["tokens"]["refresh_tokens"] == 0

    manager = relay.aws("secretsmanager")
    for name in ("SELF_CLIENT_SECRET", "ACCESS_TOKEN_SECRET"):
        versions = manager.list_secret_version_ids(SecretId=relay.names[name])["Versions"]
        for version in versions:
            if version.get("VersionStages"):
                held = manager.get_secret_value(SecretId=relay.names[name], VersionId=version["VersionId"])["SecretString"]
                assert not any(token in held for token in [*tokens, secret]), f"{name} {version['VersionStages']} holds a token"

    before = relay.console.state()["calls_total"]
    waiting = relay.depth()
    key = put_and_send(relay, mark)
    report = relay.report(key, status="paused")
    assert report["reason"]["code"] == "revoked"
    assert relay.invoke("refresh", {})["status"] == "revoked"
    assert "left the company" in json.dumps(relay.status()["paused"])
    assert relay.console.state()["calls_total"] == before, "something called Zoho after the revoke"
    assert relay.depth() == waiting + 1
    again = relay.revoke(confirm=authorized["authorization"]["org_id"])
    assert again["status"] == "revoked"

    relay.authorize(client_id)
    relay.arrived(f"{mark}@example.test", f"{mark}.file@example.test", seconds=90)
    relay.drained()
    assert relay.status()["authorization"]["state"] == "active"
    assert relay.report(key)["status"] == "complete"


def test_a_revoke_with_zoho_out_of_reach_pauses_and_is_finished_later(relay: Relay, authorized: dict, client_id: str) -> None:
    mark = unique("reach")
    org_id = authorized["authorization"]["org_id"]
    refresh_token = relay.secret("SELF_CLIENT_SECRET")["refresh_token"]
    relay.console.faults({"path": "/oauth/v2/token/revoke", "fault": {"kind": "html", "status": 503}})
    answer = relay.revoke(confirm=org_id)
    assert answer["status"] == "revoking"
    assert "60 minutes" in answer["message"]
    assert relay.secret("SELF_CLIENT_SECRET")["refresh_token"] == refresh_token, "without it the access could not be revoked any more"
    assert "access_token" not in {name for name, value in relay.secret("ACCESS_TOKEN_SECRET").items() if value}
    key = put_and_send(relay, mark)
    assert relay.report(key, status="paused")["reason"]["code"] == "revoked"
    assert f"{mark}@example.test" not in relay.contacts()

    relay.console.faults()
    assert relay.revoke(confirm=org_id)["status"] == "revoked"
    assert relay.console.state()["tokens"]["refresh_tokens"] == 0
    relay.authorize(client_id)
    relay.arrived(f"{mark}@example.test", f"{mark}.file@example.test", seconds=90)


def test_credits_that_run_out_pause_and_drain_nothing(relay: Relay, authorized: dict) -> None:
    mark = unique("credits")
    spent = relay.console.state()["credits"]["spent"]
    relay.console.settings(credits=spent)
    key = put_and_send(relay, mark)
    wait_until("a pause", 120, lambda: relay.status()["paused"] or any(report["status"] == "paused" for report in relay.reports(key)))
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
    assert f"{mark}@example.test" not in relay.contacts()
    relay.console.settings(credits=None)
    relay.invoke("revoke", {"action": "resume"})
    relay.arrived(f"{mark}@example.test", f"{mark}.file@example.test", seconds=150)
    relay.drained()
