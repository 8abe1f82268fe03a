"""POST /v1/orders: the transaction that place-order writes, with the same conditions, written plainly."""

import hashlib
import json

from shop import answer, customer, dynamodb, failed, millis, table, ulid


def handle(event):
    user, key = customer(event), event["headers"].get("idempotency-key")
    body = json.loads(event["body"])
    lines = body["lines"]
    if not key or not 1 <= len(lines) <= 50 or not all(1 <= line["quantity"] <= 99 for line in lines):
        return answer(400, {"code": "invalid-request"})
    now, price = millis(), sum(line["quantity"] * line["unit_price"]["amount"] for line in lines)
    order_id, entry, request = ulid(now), ulid(now), f"{user}#place-order#{key}"
    record = {
        "id": {"S": order_id},
        "status": {"S": "PAID"},
        "lines": {"L": [{"M": {"p": {"S": line["product_id"]}, "q": {"N": str(line["quantity"])}, "u": {"N": str(line["unit_price"]["amount"])}}} for line in lines]},
        "list": {"N": str(price)},
        "off": {"N": "0"},
        "at": {"N": str(now)},
    }
    event_item = {
        "request": {"S": request},
        "type": {"S": "order.paid.v1"},
        "at": {"N": str(now)},
        "print": {"B": hashlib.sha256(event["body"].encode()).digest()},
        "order": {"M": record},
    }
    actions = [put(table["EVENTS"], event_item, "request")]
    actions += [sell(line) for line in lines]
    actions.append(pay(user, entry, price))
    actions.append({"Put": {"TableName": table["BALANCES"], "Item": {
        "user_id": {"S": user}, "sk": {"S": f"TX#{entry}"}, "type": {"S": "PAYMENT"},
        "amount": {"N": str(-price)}, "order_id": {"S": order_id}, "at": {"N": str(now)}}}})
    actions.append(put(table["ORDERS"], {"user_id": {"S": user}, "order_id": {"S": order_id}, "order": {"M": record}}, "order_id"))
    try:
        dynamodb.transact_write_items(TransactItems=actions, ClientRequestToken=ulid(now))
    except dynamodb.exceptions.TransactionCanceledException as error:
        conditions = failed(error)
        if 0 in conditions:
            return answer(201, {"order_id": conditions[0]["order"]["M"]["id"]["S"], "status": "PAID"})
        return answer(409 if conditions else 503, {"code": "rejected", "actions": list(conditions)})
    return answer(201, {"order_id": order_id, "status": "PAID", "lines": lines, "paid_price": price})


def put(name, item, absent):
    return {"Put": {"TableName": name, "Item": item, "ConditionExpression": "attribute_not_exists(#key)",
                    "ExpressionAttributeNames": {"#key": absent}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}


def sell(line):
    return {"Update": {
        "TableName": table["PRODUCTS"],
        "Key": {"product_id": {"S": line["product_id"]}, "sk": {"S": "STOCK#0"}},
        "UpdateExpression": "SET stock = stock - :units",
        "ConditionExpression": "stock >= :units AND attribute_not_exists(shards) AND active = :yes AND price = :price",
        "ExpressionAttributeValues": {":units": {"N": str(line["quantity"])}, ":yes": {"BOOL": True},
                                      ":price": {"N": str(line["unit_price"]["amount"])}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}


def pay(user, entry, price):
    return {"Update": {
        "TableName": table["BALANCES"],
        "Key": {"user_id": {"S": user}, "sk": {"S": "BALANCE"}},
        "UpdateExpression": "SET balance = if_not_exists(balance, :none) - :price, #last = :entry",
        "ConditionExpression": "balance >= :price AND #last < :entry",
        "ExpressionAttributeNames": {"#last": "last"},
        "ExpressionAttributeValues": {":price": {"N": str(price)}, ":none": {"N": "0"}, ":entry": {"S": entry}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
