"""What each function's role may do and may not do: everything worth trying, tried with the role it really has."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.relay import Relay

from .probe import Probe

ALL = ("authorize", "refresh", "push", "pull", "revoke")


@dataclass
class Matrix:
    """What came of it, and what is not as it should be."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The matrix, as it is printed."""
        return " " * 28 + "".join(f"{function:<11}" for function in ALL) + "\n" + "\n".join(self.lines)


def tried(relay: Relay, probe: Probe) -> Matrix:
    """Tries everything with each role."""
    matrix = Matrix()
    for what, (service, call, arguments) in attempts(relay).items():
        cells = []
        for function in ALL:
            may = function in ALLOWED.get(what, set())
            if may and what in NOT_CARRIED_OUT:
                cells.append("not tried")
                continue
            code = probe.call(function, service, call, **arguments)
            denied = probe.denies(code)
            cells.append("refused" if denied else "may")
            if denied == may:
                matrix.wrong.append(f"{function} {'cannot' if may else 'can'} {what} ({code or 'done'})")
        matrix.lines.append(f"{what:<28}" + "".join(f"{cell:<11}" for cell in cells))
    return matrix


def attempts(relay: Relay) -> dict[str, tuple[str, str, dict]]:
    """Everything worth trying, by a name for people."""
    names = relay.names
    table = names["STATE_TABLE"]
    return {
        "read the self client": ("secretsmanager", "get_secret_value", {"SecretId": names["SELF_CLIENT_SECRET"]}),
        "write the self client": ("secretsmanager", "put_secret_value", {"SecretId": names["SELF_CLIENT_SECRET"], "SecretString": "{}", "VersionStages": ["PROBE"]}),
        "read the access token": ("secretsmanager", "get_secret_value", {"SecretId": names["ACCESS_TOKEN_SECRET"]}),
        "write the access token": ("secretsmanager", "put_secret_value", {"SecretId": names["ACCESS_TOKEN_SECRET"], "SecretString": "{}", "VersionStages": ["PROBE"]}),
        "delete the self client": ("secretsmanager", "delete_secret", {"SecretId": names["SELF_CLIENT_SECRET"]}),
        "list the inbox": ("s3", "list_objects_v2", {"Bucket": names["DATA_BUCKET"], "Prefix": "inbox/"}),
        "read the inbox": ("s3", "get_object", {"Bucket": names["DATA_BUCKET"], "Key": "inbox/Contacts/probe.csv"}),
        "write the inbox": ("s3", "put_object", {"Bucket": names["DATA_BUCKET"], "Key": "inbox/Contacts/probe", "Body": ""}),
        "delete from the inbox": ("s3", "delete_object", {"Bucket": names["DATA_BUCKET"], "Key": "inbox/Contacts/probe.csv"}),
        "read a mapping": ("s3", "get_object", {"Bucket": names["DATA_BUCKET"], "Key": "mappings/probe.toml"}),
        "write a mapping": ("s3", "put_object", {"Bucket": names["DATA_BUCKET"], "Key": "mappings/probe", "Body": ""}),
        "read deferred messages": ("s3", "get_object", {"Bucket": names["DATA_BUCKET"], "Key": "deferred/probe"}),
        "list the inbox's versions": ("s3", "list_object_versions", {"Bucket": names["DATA_BUCKET"], "Prefix": "inbox/"}),
        "read rejects": ("s3", "get_object", {"Bucket": names["DATA_BUCKET"], "Key": "rejects/probe.csv"}),
        "write a report": ("s3", "put_object", {"Bucket": names["DATA_BUCKET"], "Key": "reports/_probe/probe", "Body": ""}),
        "write changes": ("s3", "put_object", {"Bucket": names["DATA_BUCKET"], "Key": "changes/_probe/probe", "Body": ""}),
        "read changes": ("s3", "get_object", {"Bucket": names["DATA_BUCKET"], "Key": "changes/_probe/probe"}),
        "delete changes": ("s3", "delete_object", {"Bucket": names["DATA_BUCKET"], "Key": "changes/_probe/probe"}),
        "delete the bucket's policy": ("s3", "delete_bucket_policy", {"Bucket": names["DATA_BUCKET"]}),
        "read the state": ("dynamodb", "get_item", {"TableName": table, "Key": {"pk": {"S": "probe"}, "sk": {"S": "probe"}}}),
        "scan the state": ("dynamodb", "scan", {"TableName": table}),
        "delete the table": ("dynamodb", "delete_table", {"TableName": table}),
        "send a message": ("sqs", "send_message", {"QueueUrl": names["RECORDS_QUEUE_URL"], "MessageBody": "probe"}),
        "receive dead letters": ("sqs", "receive_message", {"QueueUrl": names["RECORDS_DEAD_LETTER_QUEUE_URL"]}),
        "purge the queue": ("sqs", "purge_queue", {"QueueUrl": names["RECORDS_QUEUE_URL"]}),
        "invoke refresh": ("lambda", "invoke", {"FunctionName": names["REFRESH_FUNCTION"], "InvocationType": "DryRun"}),
        "invoke push": ("lambda", "invoke", {"FunctionName": names["PUSH_FUNCTION"], "InvocationType": "DryRun"}),
        "invoke authorize": ("lambda", "invoke", {"FunctionName": names["AUTHORIZE_FUNCTION"], "InvocationType": "DryRun"}),
        "invoke revoke": ("lambda", "invoke", {"FunctionName": names["REVOKE_FUNCTION"], "InvocationType": "DryRun"}),
        "change push's code": ("lambda", "update_function_configuration", {"FunctionName": names["PUSH_FUNCTION"], "Description": "probe"}),
        "start an import": ("stepfunctions", "start_execution", {"stateMachineArn": names["IMPORT_STATE_MACHINE"], "input": "[]"}),
        "start a pull": ("stepfunctions", "start_execution", {"stateMachineArn": names["PULL_STATE_MACHINE"], "input": "[]"}),
        "invoke pull": ("lambda", "invoke", {"FunctionName": names["PULL_FUNCTION"], "InvocationType": "DryRun"}),
        "tell of changes": ("events", "put_events", {"Entries": [{"Source": "bigin-relay", "DetailType": "probe", "Detail": "{}"}]}),
        "give itself rights": ("iam", "put_role_policy", {"RoleName": "probe", "PolicyName": "probe", "PolicyDocument": "{}"}),
        "take on another role": ("sts", "assume_role", {"RoleArn": "arn:aws:iam::000000000000:role/probe", "RoleSessionName": "probe"}),
        "publish an alert": ("sns", "publish", {"TopicArn": names["ALERTS_TOPIC"], "Message": "probe"}),
    }  # fmt: skip


# Who may do what of the above; everything else is to be refused.
ALLOWED = {
    "read the self client": {"authorize", "refresh", "revoke"},
    "write the self client": {"authorize", "revoke"},
    "read the access token": set(ALL),
    "write the access token": {"authorize", "refresh", "revoke"},
    "list the inbox": {"push"},
    "read the inbox": {"push"},
    "read a mapping": {"push"},
    "read deferred messages": {"push"},
    "list the inbox's versions": {"push"},
    "write a report": {"push"},
    "read the state": set(ALL),
    "send a message": {"push"},
    "write changes": {"pull"},
    "invoke refresh": {"push", "pull"},
    "invoke push": {"authorize", "refresh", "push", "revoke"},
    "start an import": {"push"},
    "start a pull": {"pull"},
}
# Tried for refusal alone: carried out, they would leave something behind that the stack's own functions trip over.
NOT_CARRIED_OUT = {"write the self client", "write the access token", "send a message", "start an import", "start a pull"}
