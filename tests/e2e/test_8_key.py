"""A KMS key of the customer's own, on the second stack: everything stored is under it, and the whole way works.

What the local AWS shows: that secrets and queues name the key, that each role may use it and nothing more of KMS, and that authorize,
refresh, push, status and revoke do their work so. What it does not show: it encrypts nothing in earnest and asks no key policy
when a service stores something, so whether a key's own policy lets CloudWatch Logs, alarms, EventBridge and Scheduler use it is
seen on AWS only.
"""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError
from chaos.storm import Storm
from local.places import TEMPLATE
from local.relay import Relay, unique
from local.stack import LocalStack

ROLES = ("authorize", "refresh", "push", "pull", "revoke")


@pytest.fixture(scope="session")
def with_key(stormy_stack: LocalStack, storm: Storm) -> Relay:
    """The second stack, which the storm has authorized."""
    return Relay(stormy_stack.environment())


def test_secrets_and_queues_are_under_the_key(stormy_stack: LocalStack, with_key: Relay) -> None:
    key, names = stormy_stack.parameters["KmsKeyArn"], with_key.names
    for secret in ("SELF_CLIENT_SECRET", "ACCESS_TOKEN_SECRET"):
        assert with_key.aws("secretsmanager").describe_secret(SecretId=names[secret])["KmsKeyId"] == key, secret
    for queue in ("RECORDS_QUEUE_URL", "RECORDS_DEAD_LETTER_QUEUE_URL", "EVENTS_DEAD_LETTER_QUEUE_URL"):
        attributes = with_key.aws("sqs").get_queue_attributes(QueueUrl=names[queue], AttributeNames=["All"])["Attributes"]
        assert attributes["KmsMasterKeyId"] == key, queue


def test_all_else_that_stores_something_is_given_the_key_by_the_template() -> None:
    """The local AWS keeps no key of a bucket, table, function, log group, topic or schedule: the template's own words are looked at."""
    template = TEMPLATE.read_text()
    stores = re.findall(
        r"^  (\w+):\n    Type: AWS::(?:S3::Bucket|DynamoDB::Table|Logs::LogGroup|SNS::Topic|SQS::Queue|SecretsManager::Secret)$",
        template,
        re.M,
    )
    assert len(stores) >= 12, stores
    for name in [*stores, "Function", "RefreshFunction"]:
        resource = re.search(rf"^  {name}:$.*?(?=^  \S|^\S)", template, re.M | re.S)[0]
        assert re.search(r"HasKmsKey.*!Ref KmsKeyArn", resource, re.S), f"{name} is not under the key"


def test_each_role_may_use_the_key_and_nothing_more_of_kms(stormy_stack: LocalStack, with_key: Relay) -> None:
    iam = with_key.aws("iam")
    for function in ROLES:
        role = with_key.aws("lambda").get_function_configuration(FunctionName=with_key.names[f"{function.upper()}_FUNCTION"])["Role"]
        role = role.rsplit("/", 1)[-1]
        policies = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in iam.list_role_policies(RoleName=role)["PolicyNames"]]
        statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
        of_kms = [statement for statement in statements if "kms:" in json.dumps(statement["Action"])]
        assert [(sorted(each["Action"]), each["Resource"]) for each in of_kms] == [
            (["kms:Decrypt", "kms:GenerateDataKey"], stormy_stack.parameters["KmsKeyArn"])
        ], function


def test_the_whole_way_works_under_the_key(with_key: Relay) -> None:
    mark = unique("key")
    version = with_key.token_version()
    assert with_key.invoke("refresh", {"rejected_version": version})["status"] in ("refreshed", "fresh", "in_progress")
    with_key.send({"module": "Contacts", "record": {"Last_Name": "K", "Email": f"{mark}.m@example.test"}})
    key = f"inbox/Contacts/{mark}.csv"
    with_key.put(key, f"Last Name,Email\nK,{mark}.f@example.test\n")
    with_key.arrived(f"{mark}.m@example.test", f"{mark}.f@example.test", seconds=120)
    assert with_key.report(key, seconds=120)["status"] == "complete"
    assert with_key.status()["problems"] == []


def user(stack: LocalStack, account: str) -> dict[str, str]:
    """A user of that account who may do everything, as far as the account is concerned."""
    iam = stack.client("iam", aws_access_key_id=account, aws_secret_access_key="test")
    name = unique("user")
    iam.create_user(UserName=name)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=json.dumps(everything))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def refusals(stack: LocalStack, keys: dict[str, str], bucket: str, queues: list[str]) -> dict[str, str]:
    """What the bucket and the queues answer to somebody with these keys: the error's code, or nothing."""
    s3, sqs = stack.client("s3", **keys), stack.client("sqs", **keys)
    tries = {
        "list": lambda: s3.list_objects_v2(Bucket=bucket),
        "put": lambda: s3.put_object(Bucket=bucket, Key="work/probe", Body=b"probe"),
        "get": lambda: s3.get_object(Bucket=bucket, Key="work/probe"),
    } | {f"send to {number}": lambda url=url: sqs.send_message(QueueUrl=url, MessageBody="probe") for number, url in enumerate(queues)}
    answers = {}
    for what, attempt in tries.items():
        try:
            attempt()
            answers[what] = ""
        except ClientError as error:
            answers[what] = error.response["Error"]["Code"]
    return answers


def test_principals_of_another_account_are_refused_whatever_their_own_account_says(stormy_stack: LocalStack, with_key: Relay) -> None:
    queues = [with_key.names["RECORDS_DEAD_LETTER_QUEUE_URL"], with_key.names["EVENTS_DEAD_LETTER_QUEUE_URL"]]
    theirs = refusals(stormy_stack, user(stormy_stack, "222222222222"), with_key.bucket, queues)
    assert set(theirs.values()) == {"AccessDenied"}, theirs
    assert with_key.depth("EVENTS_DEAD_LETTER_QUEUE_URL") == 0


def test_plain_http_is_refused_by_the_statements_that_the_template_has(stormy_stack: LocalStack) -> None:
    """The stack itself is deployed without them, since the local AWS speaks plain http: they are laid on a bucket and a queue of
    their own, as the template words them."""
    ours, name = user(stormy_stack, "000000000000"), unique("tls")
    s3, sqs = stormy_stack.client("s3"), stormy_stack.client("sqs")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="work/probe", Body=b"")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert set(refusals(stormy_stack, ours, name, [queue]).values()) == {""}
    template = TEMPLATE.read_text()
    for kind in ("DataBucketPolicy", "RecordsQueuePolicy", "RecordsDeadLetterQueuePolicy", "EventsDeadLetterQueuePolicy"):
        policy = re.search(rf"^  {kind}:$.*?(?=^  \S)", template, re.M | re.S)[0]
        assert re.search(
            r"Effect: Deny\s+Principal: \"\*\"\s+Action: (s3|sqs):\*\s[^-]*Bool: \{aws:SecureTransport: \"false\"\}", policy
        ), kind
    condition = {"Bool": {"aws:SecureTransport": "false"}}

    def deny(action: str, *resources: str) -> str:
        statement = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": [*resources],
            "Condition": condition,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    s3.put_bucket_policy(Bucket=name, Policy=deny("s3:*", f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"))
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": deny("sqs:*", arn)})
    assert set(refusals(stormy_stack, ours, name, [queue]).values()) == {"AccessDenied"}
