"""What both handlers need: the client, identifiers, and answers."""

import json
import os
import secrets
import time

import boto3
from botocore.config import Config

# Connections are kept open by default; the limits are those of the shop.
dynamodb = boto3.client(
    "dynamodb", config=Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
)
table = {name.removesuffix("_TABLE"): value for name, value in os.environ.items() if name.endswith("_TABLE")}
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now):
    value = now << 80 | secrets.randbits(80)
    return "".join(DIGITS[value >> shift & 31] for shift in range(125, -5, -5))


def millis():
    return time.time_ns() // 1_000_000


def customer(event):
    return event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def failed(error):
    """Which actions' conditions failed in a cancelled transaction, and on which items."""
    reasons = error.response.get("CancellationReasons", [])
    return {at: reason.get("Item") for at, reason in enumerate(reasons) if reason["Code"] == "ConditionalCheckFailed"}
