"""POST /v1/coupons/{coupon_id}/issues: the transaction that issue-coupon writes, with the same conditions."""

from shop import answer, customer, dynamodb, failed, millis, table, ulid

DAY = 86_400_000
campaigns = {}


def handle(event):
    user, coupon_id = customer(event), event["pathParameters"]["coupon_id"]
    campaign = terms_of(coupon_id)
    now = millis()
    if not int(campaign["opens_at"]["N"]) <= now < int(campaign["closes_at"]["N"]):
        return answer(409, {"code": "coupon-closed"})
    expires = (now // DAY + int(campaign["valid_days"]["N"]) + 1) * DAY
    coupon = {"user_id": {"S": user}, "coupon_id": {"S": coupon_id}, "name": campaign["name"], "terms": campaign["terms"],
              "issued_at": {"N": str(now)}, "expires_at": {"N": str(expires)}, "request": {"S": ulid(now)}}
    count = {"Update": {
        "TableName": table["COUPONS"],
        "Key": {"coupon_id": {"S": coupon_id}, "sk": {"S": "COUNTER#0"}},
        "UpdateExpression": "SET issued = issued + :one",
        "ConditionExpression": "issued < quota AND attribute_not_exists(shards)",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
    hold = {"Put": {
        "TableName": table["USER_COUPONS"], "Item": coupon,
        "ConditionExpression": "attribute_not_exists(#key)", "ExpressionAttributeNames": {"#key": "user_id"},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
    try:
        dynamodb.transact_write_items(TransactItems=[count, hold], ClientRequestToken=ulid(now))
    except dynamodb.exceptions.TransactionCanceledException as error:
        conditions = failed(error)
        return answer(409 if conditions else 503, {"code": "coupon-already-issued" if 1 in conditions else "coupon-sold-out"})
    return answer(201, {"coupon_id": coupon_id, "status": "USABLE", "issued_at": now, "expires_at": expires})


def terms_of(coupon_id):
    """A campaign never changes: a warm environment caches it."""
    if coupon_id not in campaigns:
        key = {"coupon_id": {"S": coupon_id}, "sk": {"S": "CAMPAIGN"}}
        campaigns[coupon_id] = dynamodb.get_item(TableName=table["COUPONS"], Key=key, ConsistentRead=True)["Item"]
    return campaigns[coupon_id]
