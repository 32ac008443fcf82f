"""Reads one delivery with other people's libraries, and says what each makes of it.

Reads {"as": "cloudevents" or "slack", "headers", "body"} as JSON, and prints a JSON object: what was understood, or
{"refused": why}.
"""

import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block


def cloudevent(headers, body):
    event = from_http(HTTPMessage(headers, body), JSONFormat())
    return {"attributes": event.get_attributes(), "data": event.get_data()}


def slack(_, body):
    message = json.loads(body)
    blocks = Block.parse_all(message["blocks"])
    # `to_dict` checks the limits of Slack, and keeps only what the library knows.
    return {**message, "blocks": [block.to_dict() for block in blocks]}


case = json.load(sys.stdin)
read = {"cloudevents": cloudevent, "slack": slack}[case["as"]]
try:
    understood = read(case["headers"], case["body"].encode())
except (CloudEventValidationError, SlackObjectFormationError, KeyError, ValueError) as error:
    understood = {"refused": repr(error)}
print(json.dumps(understood, default=str))
