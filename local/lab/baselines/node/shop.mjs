// Shared by both handlers: the client, identifiers, and answers.
import { randomBytes } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

// Connections are kept open by default; the limits are those of the shop.
export const dynamodb = new DynamoDBClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1000, requestTimeout: 3000 } });
export const table = (name) => process.env[`${name}_TABLE`];
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export function ulid(now) {
  let text = "";
  for (let time = now, digit = 0; digit < 10; digit += 1, time = Math.floor(time / 32)) text = DIGITS[time % 32] + text;
  for (const byte of randomBytes(16)) text += DIGITS[byte % 32];
  return text;
}

export const customer = (event) => event.requestContext.authorizer.jwt.claims.sub;

export const answer = (statusCode, body) => ({ statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

// Which actions' conditions failed in a cancelled transaction, and on which items.
export function failed(error) {
  if (error.name !== "TransactionCanceledException") throw error;
  return new Map(error.CancellationReasons.flatMap(({ Code, Item }, at) => (Code === "ConditionalCheckFailed" ? [[at, Item]] : [])));
}
