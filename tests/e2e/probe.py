"""Tries AWS calls as a deployed function would make them: with its very role.

The role trusts Lambda alone, so nobody else can take it on, the suite included. A tiny function of another name is given
the role instead, and calls whatever it is told to.
"""

from __future__ import annotations

import io
import json
import zipfile

from local.relay import Relay

_SOURCE = """
import boto3, botocore.exceptions, os
def handler(event, context):
    client = boto3.client(event["service"], endpoint_url=os.environ.get("AWS_ENDPOINT_URL"), region_name=os.environ["AWS_REGION"])
    try:
        getattr(client, event["call"])(**event["arguments"])
    except botocore.exceptions.ClientError as error:
        return {"code": error.response["Error"]["Code"], "message": error.response["Error"].get("Message", "")}
    return {"code": "", "message": ""}
"""

# What AWS's services call it when IAM says no.
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403", "AccessDeniedFault"}


class Probe:
    """One little function for each role, made when first asked for."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._made: set[str] = set()

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_reason: object) -> None:
        for name in self._made:
            self._relay.aws("lambda").delete_function(FunctionName=name)

    def call(self, function: str, service: str, call: str, **arguments: object) -> str:
        """Makes the call with the role of a function; answers the error's code, empty for success."""
        answer = self._relay.aws("lambda").invoke(
            FunctionName=self._function(function),
            Payload=json.dumps({"service": service, "call": call, "arguments": arguments}).encode(),
        )
        body = json.loads(answer["Payload"].read())
        assert not answer.get("FunctionError"), body
        return body["code"]

    def denies(self, code: str) -> bool:
        """Whether an error's code is IAM's no."""
        return code in DENIED

    def is_denied(self, function: str, service: str, call: str, **arguments: object) -> bool:
        """Whether IAM refuses the call; any other answer means that it does not."""
        return self.denies(self.call(function, service, call, **arguments))

    def _function(self, function: str) -> str:
        name = f"probe-{self._relay.names['STACK_NAME']}-{function}"
        if name not in self._made:
            own = self._relay.names[f"{function.upper()}_FUNCTION"]
            role = self._relay.aws("lambda").get_function_configuration(FunctionName=own)["Role"]
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as packed:
                packed.writestr("probe.py", _SOURCE)
            self._relay.aws("lambda").create_function(
                FunctionName=name,
                Role=role,
                Runtime="python3.12",
                Handler="probe.handler",
                Timeout=30,
                Code={"ZipFile": archive.getvalue()},
            )
            self._made.add(name)
        return name
