// An attempt to do something once. Its Idempotency-Key stays the same however often the request is repeated, until the
// shop has decided: neither a lost reply nor a reloaded page does it twice. A rejection is a decision, and is stored under
// its key: whoever tries again after one takes a new key.

import { send } from "./api.js";
import { tab } from "./storage.js";

const storage = (operation) => `sijang.attempt.${operation}`;

/** Sends a command under the key of the attempt. Another body is another attempt. `soldOut` is that of `send`. */
export async function attempt(operation, path, body, { soldOut } = {}) {
  const text = JSON.stringify([path, body]);
  const stored = tab.read(storage(operation));
  const key = stored?.text === text ? stored.key : crypto.randomUUID();
  tab.write(storage(operation), { text, key });
  try {
    const answer = await send(path, { body, key, soldOut });
    tab.remove(storage(operation));
    return answer;
  } catch (problem) {
    if (problem.isDefinite) tab.remove(storage(operation));
    throw problem;
  }
}
