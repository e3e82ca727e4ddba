"""The one-time code: what is wrong with a file is said, and a new authorization takes the old one's place."""

from __future__ import annotations

import json

import pytest
from local.console import SCOPES
from local.relay import FunctionFailed, Relay


def test_a_payload_that_is_no_file_is_told_so(relay: Relay, authorized: dict, refused) -> None:
    assert refused("authorize", "client_id: 1000.ABC").kind == "NotASelfClientFile"
    assert refused("authorize", {}).kind == "KeysMissing"
    assert refused("authorize", {"installed": {"client_id": "x"}}).kind == "WrongKindOfClient"


def test_an_expired_code_is_not_even_tried(relay: Relay, authorized: dict, client_id: str, refused) -> None:
    file = relay.console.new_code(client_id, minutes=3)
    calls = relay.console.state()["calls_total"]
    error = refused("authorize", file | {"expiry_time": file["expiry_time"] - 10 * 60_000})
    assert error.kind == "CodeExpired"
    assert "expired" in error.message
    assert relay.console.state()["calls_total"] == calls


def test_a_code_that_was_used_is_refused_and_the_authorization_stands(relay: Relay, authorized: dict, client_id: str, refused) -> None:
    file = relay.console.new_code(client_id)
    relay.invoke("authorize", file)
    error = refused("authorize", file)
    assert error.kind == "CodeRefused"
    assert "used" in error.message
    assert relay.status()["authorization"]["state"] == "active"


def test_a_client_of_another_data_centre_is_told_which_it_may_be(relay: Relay, authorized: dict, refused) -> None:
    elsewhere = relay.console.new_client("elsewhere", data_center="eu")
    error = refused("authorize", relay.console.new_code(elsewhere))
    assert error.kind == "ClientUnknown"
    assert "data centre" in error.message


def test_a_wrong_client_secret_is_told_apart(relay: Relay, authorized: dict, client_id: str, refused) -> None:
    file = relay.console.new_code(client_id)
    assert refused("authorize", file | {"client_secret": "0" * 42}).kind == "ClientSecretWrong"


def test_a_code_short_of_scopes_is_not_spent(relay: Relay, authorized: dict, client_id: str, refused) -> None:
    file = relay.console.new_code(client_id, scope="ZohoBigin.modules.ALL,ZohoBigin.org.READ")
    error = refused("authorize", file)
    assert error.kind == "ScopesMissing"
    assert "ZohoBigin.settings" in error.message
    answer = relay.invoke("authorize", file | {"accept_missing": True})
    assert "ZohoBigin.settings.ALL" in str(answer["scopes"]["missing"])
    assert "ZohoBigin.org.READ" in answer["scopes"]["granted"]
    relay.authorize(client_id)


def test_another_organisation_needs_to_be_asked_for(relay: Relay, authorized: dict, client_id: str, refused) -> None:
    file = relay.console.new_code(client_id, org="Other Company")
    error = refused("authorize", file)
    assert error.kind == "OtherOrganisation"
    assert "change_org" in error.message
    assert relay.status()["authorization"]["org_id"] == authorized["authorization"]["org_id"]


def test_a_new_authorization_revokes_the_refresh_token_it_replaces(relay: Relay, authorized: dict, client_id: str) -> None:
    before = relay.secret("SELF_CLIENT_SECRET")
    tokens = relay.console.state()["tokens"]
    answer = relay.authorize(client_id)
    assert answer["previous"] == "revoked"
    assert set(answer) >= {"org_id", "org_name", "user_email", "data_center", "scopes", "previous"}
    assert answer["scopes"]["missing"] == []
    assert set(SCOPES.split(",")) <= set(answer["scopes"]["granted"])
    after = relay.secret("SELF_CLIENT_SECRET")
    assert after["refresh_token"] != before["refresh_token"]
    assert after["org_id"] == authorized["authorization"]["org_id"]
    assert relay.console.state()["tokens"]["refresh_tokens"] == tokens["refresh_tokens"], "the replaced token still lives"
    for value in (after["refresh_token"], after["client_secret"], relay.secret("ACCESS_TOKEN_SECRET")["access_token"]):
        assert value not in json.dumps(answer)


def test_a_failed_verification_keeps_the_new_refresh_token(relay: Relay, authorized: dict, client_id: str) -> None:
    relay.console.faults({"path": "/bigin/v2/*", "fault": {"kind": "html"}})
    with pytest.raises(FunctionFailed) as caught:
        relay.authorize(client_id)
    assert caught.value.kind == "VerificationFailed"
    assert "stored" in caught.value.message
    relay.console.faults()
    answer = relay.invoke("authorize", {"verify": True})
    assert answer["org_id"] == authorized["authorization"]["org_id"]
    assert relay.status()["authorization"]["state"] == "active"
