// What the local portal offers to staff beside the public API: `local/portal/src/dev_api.rs`.

import { config } from "./early.js";
import { Problem } from "./problem.js";
import { session } from "./session.js";

/** The answer to a request below `/_local`. */
export async function callDevApi(method, path, body) {
  const headers = { authorization: `Bearer ${session.staffToken}`, "content-type": "application/json" };
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await fetch(`${config.api}/_local/${path}`, request).catch((error) => {
    throw Problem.unanswered(error);
  });
  if (!answer.ok) throw await Problem.from(answer);
  return answer;
}
