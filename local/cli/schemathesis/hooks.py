"""What JSON Schema cannot say of a good request: schemathesis is told here, so that what it takes for good is good."""

import datetime
import itertools
import os
import uuid

import schemathesis
from schemathesis.generation import GenerationMode

_run = uuid.uuid4()
_numbers = itertools.count(1)
_seen = {"product_id": [], "coupon_id": [], "order_id": []}


@schemathesis.auth(refresh_interval=None)
class Token:
    """A customer, or a member of staff where a route is for staff: who may do what is tested elsewhere, token by token."""

    def get(self, case, context):
        return os.environ["SIJANG_STAFF" if case.path.startswith("/v1/admin/") else "SIJANG_CUSTOMER"]

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def after_call(context, case, response):
    """Collects identifiers, so that every other request names something that exists."""
    try:
        body = response.json()
    except ValueError:
        return
    listed = body.get("data") if isinstance(body, dict) else None
    for thing in listed if isinstance(listed, list) else [body]:
        for name, known in _seen.items():
            if response.status_code < 300 and isinstance(thing, dict) and len(known) < 100 and name in thing:
                known.append(thing[name])


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    # A key names one request. A key that came before, with another body, would always be rejected.
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{_run}-{next(_numbers)}"
    if isinstance(case.body, dict):
        case.body = _whole(case.body)
        # A campaign closes after it opens.
        if {"opens_at", "closes_at"} <= case.body.keys():
            case.body |= {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2100-01-01T00:00:00Z"}
    _speak_of_what_there_is(case, next(_numbers))
    # A day after tomorrow is never taken. A schema has no way to say that.
    if case.query and "date" in case.query:
        case.query["date"] = min(case.query["date"], datetime.date.today().isoformat())
    # Only the list itself gives out cursors.
    if case.query and case.operation.method.upper() == "GET":
        case.query.pop("cursor", None)


def _speak_of_what_there_is(case, number):
    if number % 2:
        return
    for name, known in _seen.items():
        if known and name in (case.path_parameters or {}):
            case.path_parameters[name] = known[number % len(known)]
    if isinstance(case.body, dict) and isinstance(case.body.get("lines"), list) and _seen["product_id"]:
        for at, line in enumerate(case.body["lines"]):
            line["product_id"] = _seen["product_id"][(number + at) % len(_seen["product_id"])]
            line.pop("unit_price", None)
        case.body.pop("coupon_id", None)


def _whole(value):
    """To JSON Schema 1.0 is an integer; to this API it is not, for money is never a float."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return value
