// POST /v1/orders: the transaction that place-order writes, with the same conditions, written plainly.
import { createHash } from "node:crypto";
import { TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { run } from "./runtime.mjs";
import { answer, customer, dynamodb, failed, table, ulid } from "./shop.mjs";

async function handle(event) {
  const user = customer(event);
  const key = event.headers["idempotency-key"];
  const { lines } = JSON.parse(event.body);
  if (!key || lines.length < 1 || lines.length > 50 || lines.some(({ quantity }) => !(quantity >= 1 && quantity <= 99))) {
    return answer(400, { code: "invalid-request" });
  }
  const now = Date.now();
  const price = lines.reduce((sum, line) => sum + line.quantity * line.unit_price.amount, 0);
  const [orderId, entry, request] = [ulid(now), ulid(now), `${user}#place-order#${key}`];
  const record = {
    id: { S: orderId },
    status: { S: "PAID" },
    lines: { L: lines.map((line) => ({ M: { p: { S: line.product_id }, q: { N: `${line.quantity}` }, u: { N: `${line.unit_price.amount}` } } })) },
    list: { N: `${price}` },
    off: { N: "0" },
    at: { N: `${now}` },
  };
  const eventItem = {
    request: { S: request },
    type: { S: "order.paid.v1" },
    at: { N: `${now}` },
    print: { B: createHash("sha256").update(event.body).digest() },
    order: { M: record },
  };
  const ledger = {
    user_id: { S: user }, sk: { S: `TX#${entry}` }, type: { S: "PAYMENT" },
    amount: { N: `${-price}` }, order_id: { S: orderId }, at: { N: `${now}` },
  };
  const TransactItems = [
    put(table("EVENTS"), eventItem, "request"),
    ...lines.map(sell),
    pay(user, entry, price),
    { Put: { TableName: table("BALANCES"), Item: ledger } },
    put(table("ORDERS"), { user_id: { S: user }, order_id: { S: orderId }, order: { M: record } }, "order_id"),
  ];
  try {
    await dynamodb.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: ulid(now) }));
  } catch (error) {
    const conditions = failed(error);
    if (conditions.has(0)) return answer(201, { order_id: conditions.get(0).order.M.id.S, status: "PAID" });
    return answer(conditions.size ? 409 : 503, { code: "rejected", actions: [...conditions.keys()] });
  }
  return answer(201, { order_id: orderId, status: "PAID", lines, paid_price: price });
}

const put = (TableName, Item, absent) => ({
  Put: {
    TableName, Item, ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: { "#key": absent },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});

const sell = (line) => ({
  Update: {
    TableName: table("PRODUCTS"),
    Key: { product_id: { S: line.product_id }, sk: { S: "STOCK#0" } },
    UpdateExpression: "SET stock = stock - :units",
    ConditionExpression: "stock >= :units AND attribute_not_exists(shards) AND active = :yes AND price = :price",
    ExpressionAttributeValues: { ":units": { N: `${line.quantity}` }, ":yes": { BOOL: true }, ":price": { N: `${line.unit_price.amount}` } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});

const pay = (user, entry, price) => ({
  Update: {
    TableName: table("BALANCES"),
    Key: { user_id: { S: user }, sk: { S: "BALANCE" } },
    UpdateExpression: "SET balance = if_not_exists(balance, :none) - :price, #last = :entry",
    ConditionExpression: "balance >= :price AND #last < :entry",
    ExpressionAttributeNames: { "#last": "last" },
    ExpressionAttributeValues: { ":price": { N: `${price}` }, ":none": { N: "0" }, ":entry": { S: entry } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});

await run(handle);
