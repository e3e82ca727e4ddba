"""The template's rules and limits, put to the local CloudFormation: what AWS would refuse minutes later is refused at once."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError
from cfnlint.decode import cfn_yaml
from local.places import TEMPLATE
from local.relay import Relay, unique

NOTHING = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}


def refusal(relay: Relay, **parameters: str) -> str:
    """What CloudFormation says to a stack of nothing with the template's parameters and rules; empty when it takes it."""
    template = cfn_yaml.load(str(TEMPLATE))
    body = {"Parameters": template["Parameters"], "Rules": template["Rules"], "Resources": NOTHING}
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    try:
        relay.aws("cloudformation").create_stack(StackName=unique("rules"), TemplateBody=json.dumps(body), Parameters=given)
    except ClientError as error:
        return error.response["Error"]["Message"]
    return ""


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        pytest.param({}, None, id="the defaults"),
        pytest.param({"RecordsVisibilitySeconds": "30"}, "180 seconds", id="a visibility below push's timeout"),
        pytest.param({"RecordsVisibilitySeconds": "30", "AccountsUrl": "http://127.0.0.1:1"}, None, id="the same on a local stack"),
        pytest.param({"RecordsVisibilitySeconds": "180"}, None, id="just push's timeout"),
        pytest.param({"InboxRetentionDays": "366"}, "InboxRetentionDays", id="a file kept for longer than it is remembered"),
        pytest.param({"InboxRetentionDays": "365"}, None, id="a file kept for as long as it may be"),
    ],
)
def test_parameters_that_cannot_be_are_refused_at_once(relay: Relay, parameters: dict[str, str], says: str | None) -> None:
    said = refusal(relay, **parameters)
    assert bool(said) == (says is not None), said
    assert re.search(says or "", said)
