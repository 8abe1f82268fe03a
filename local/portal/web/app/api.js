// The public API. A request that can safely be repeated is repeated when no definite answer comes: a read always, a
// command because it carries its Idempotency-Key.

import { config } from "./config.js";
import { takeEarly } from "./early.js";
import { language } from "./i18n.js";
import { Problem } from "./problem.js";
import { session, sessionEnded } from "./session.js";

/** How often a request is sent, and how long the pauses between may be. */
const PATIENCE = { tries: 3, longestMs: 5_000 };
const TIMEOUT_MS = 20_000;
const INDEFINITE = [429, 500, 502, 503, 504];

/** Reads; `signal` cancels it. */
export const get = (path, { signal } = {}) => call("GET", path, { signal });

/** Sends a command; `key` makes repeating it safe. Gives `{ value, replayed }`. */
export async function send(path, { body, key, method = "POST", token, patience } = {}) {
  const answer = await call(method, path, { body, key, token, patience, whole: true });
  return answer;
}

async function call(method, path, { body, key, token = tokenFor(path), whole = false, signal, patience = PATIENCE } = {}) {
  const headers = { accept: "application/json", "accept-language": language() };
  if (token) headers.authorization = `Bearer ${token}`;
  if (key) headers["idempotency-key"] = key;
  if (body !== undefined) headers["content-type"] = "application/json";
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-cache" };
  const tries = method === "GET" || key ? patience.tries : 1;
  const { answer, value } = await definite(config.api + path, request, { ...patience, tries }, signal);
  if (!answer.ok) throw await rejected(answer, token);
  return whole ? { value, replayed: answer.headers.get("idempotent-replayed") === "true" } : value;
}

const tokenFor = (path) => (path.startsWith("/v1/admin/") ? session.staffToken : session.token);

async function definite(url, request, { tries, longestMs }, cancelled) {
  for (let tried = 1; ; tried += 1) {
    const last = tried === tries;
    try {
      const late = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await (takeEarly(url) ?? fetch(url, { ...request, signal: cancelled ? AbortSignal.any([cancelled, late]) : late }));
      // A body that breaks off or is no JSON, as the sign-in page of a hotel's network, is no answer of the shop.
      const value = answer.ok ? await answer.json() : undefined;
      if (last || !INDEFINITE.includes(answer.status)) return { answer, value };
      await pause(tried, Number(answer.headers.get("retry-after")) || 0, longestMs);
    } catch (error) {
      if (last || cancelled?.aborted) throw Problem.unanswered(error);
      await pause(tried, 0, longestMs);
    }
  }
}

/** Longer after each try, and never the same for everybody. */
function pause(tried, seconds, longestMs) {
  const wished = Math.max(seconds * 1000, 150 * 2 ** tried);
  return new Promise((done) => setTimeout(done, Math.min(wished, longestMs) * (0.75 + Math.random() / 2)));
}

async function rejected(answer, token) {
  const problem = await Problem.from(answer);
  if (answer.status === 401 && token && [session.token, session.staffToken].includes(token)) sessionEnded();
  return problem;
}
