// POST /v1/coupons/{coupon_id}/issues: the transaction that issue-coupon writes, with the same conditions.
import { GetItemCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { run } from "./runtime.mjs";
import { answer, customer, dynamodb, failed, table, ulid } from "./shop.mjs";

const DAY = 86_400_000;
const campaigns = new Map();

async function handle(event) {
  const [user, couponId] = [customer(event), event.pathParameters.coupon_id];
  const campaign = await termsOf(couponId);
  const now = Date.now();
  if (now < campaign.opens_at.N || now >= campaign.closes_at.N) return answer(409, { code: "coupon-closed" });
  const expires = (Math.floor(now / DAY) + Number(campaign.valid_days.N) + 1) * DAY;
  const coupon = {
    user_id: { S: user }, coupon_id: { S: couponId }, name: campaign.name, terms: campaign.terms,
    issued_at: { N: `${now}` }, expires_at: { N: `${expires}` }, request: { S: ulid(now) },
  };
  const count = {
    Update: {
      TableName: table("COUPONS"),
      Key: { coupon_id: { S: couponId }, sk: { S: "COUNTER#0" } },
      UpdateExpression: "SET issued = issued + :one",
      ConditionExpression: "issued < quota AND attribute_not_exists(shards)",
      ExpressionAttributeValues: { ":one": { N: "1" } },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
  const hold = {
    Put: {
      TableName: table("USER_COUPONS"), Item: coupon,
      ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: { "#key": "user_id" },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
  try {
    await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [count, hold], ClientRequestToken: ulid(now) }));
  } catch (error) {
    const conditions = failed(error);
    return answer(conditions.size ? 409 : 503, { code: conditions.has(1) ? "coupon-already-issued" : "coupon-sold-out" });
  }
  return answer(201, { coupon_id: couponId, status: "USABLE", issued_at: now, expires_at: expires });
}

// A campaign never changes: a warm environment caches it.
async function termsOf(couponId) {
  if (!campaigns.has(couponId)) {
    const Key = { coupon_id: { S: couponId }, sk: { S: "CAMPAIGN" } };
    campaigns.set(couponId, (await dynamodb.send(new GetItemCommand({ TableName: table("COUPONS"), Key, ConsistentRead: true }))).Item);
  }
  return campaigns.get(couponId);
}

await run(handle);
