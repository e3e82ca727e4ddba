"""Least privilege: what each function may not do is tried with the role it really has, and refused."""

from __future__ import annotations

import pytest
from local.relay import Relay

from .matrix import ALL, tried
from .probe import Probe


def test_each_role_is_refused_what_is_not_its_business(relay: Relay, authorized: dict, probe: Probe) -> None:
    matrix = tried(relay, probe)
    print(f"\n{matrix.text()}")
    assert not matrix.wrong, "\n".join(matrix.wrong)


@pytest.mark.parametrize("function", ["push", "pull"])
def test_who_meets_data_cannot_read_the_refresh_token_or_the_client_secret(
    relay: Relay, authorized: dict, probe: Probe, function: str
) -> None:
    for call in ("get_secret_value", "describe_secret", "list_secret_version_ids"):
        assert probe.is_denied(function, "secretsmanager", call, SecretId=relay.names["SELF_CLIENT_SECRET"]), call


@pytest.mark.parametrize("function", ALL)
def test_a_role_trusts_lambda_alone(relay: Relay, function: str) -> None:
    role = relay.aws("lambda").get_function_configuration(FunctionName=relay.names[f"{function.upper()}_FUNCTION"])["Role"]
    trust = relay.aws("iam").get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]["AssumeRolePolicyDocument"]
    assert [statement["Principal"] for statement in trust["Statement"]] == [{"Service": "lambda.amazonaws.com"}]
    assert relay.aws("iam").list_attached_role_policies(RoleName=role.rsplit("/", 1)[-1])["AttachedPolicies"] == []
