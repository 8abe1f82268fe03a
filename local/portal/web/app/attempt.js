// An attempt to do something once. Its Idempotency-Key is made when the customer decides, and stays the same however
// often the request is repeated, until the shop has answered: neither a lost reply nor a reloaded page does it twice.

import { send } from "./api.js";

const storage = (operation) => `sijang.attempt.${operation}`;

/** Sends a command under the key of the attempt. Another body is another attempt. */
export async function attempt(operation, path, body) {
  const text = JSON.stringify([path, body]);
  const stored = JSON.parse(sessionStorage.getItem(storage(operation)) ?? "null");
  const key = stored?.text === text ? stored.key : crypto.randomUUID();
  sessionStorage.setItem(storage(operation), JSON.stringify({ text, key }));
  try {
    const answer = await send(path, { body, key });
    sessionStorage.removeItem(storage(operation));
    return answer;
  } catch (problem) {
    if (problem.isDefinite) sessionStorage.removeItem(storage(operation));
    throw problem;
  }
}
