// The public API. A request that can safely be repeated is repeated when no definite answer comes: a read always, a
// command because it carries its Idempotency-Key.

import { config } from "./early.js";
import { language } from "./i18n.js";
import { Problem } from "./problem.js";
import { session, sessionEnded } from "./session.js";
import { local } from "./storage.js";

/** How often a request is sent, and how long the pauses between may be. */
const PATIENCE = { tries: 3, longestMs: 5_000 };
const TIMEOUT_MS = 20_000;
const LOOK_TIMEOUT_MS = 2_000;
const INDEFINITE = [429, 500, 502, 503, 504];
/** The keys of commands that may have been done though no answer came. All tabs share them. */
const UNANSWERED = "sijang.unanswered";
const MOST_UNANSWERED = 20;

/** Reads; `signal` cancels it. */
export const get = (path, { signal } = {}) => call("GET", path, { signal });

/** A public view as caches show it: one try, without a token. Gives undefined when there is none. */
export async function look(path) {
  try {
    const request = { headers: { accept: "application/json" }, signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) };
    const answer = await fetch(config.api + path, request);
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Sends a command; `key` makes repeating it safe. Gives `{ value, replayed }`. With `soldOut`, which gives a problem when
 * nothing is left, the command is not sent then, unless it may have been done before.
 */
export const send = (path, { body, key, method = "POST", token, patience, soldOut } = {}) =>
  call(method, path, { body, key, token, patience, soldOut, whole: true });

async function call(method, path, { body, key, token = tokenFor(path), whole = false, signal, patience = PATIENCE, soldOut } = {}) {
  const headers = { accept: "application/json", "accept-language": language() };
  if (token) headers.authorization = `Bearer ${token}`;
  if (key) headers["idempotency-key"] = key;
  if (body !== undefined) headers["content-type"] = "application/json";
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-cache" };
  const tries = method === "GET" || key ? patience.tries : 1;
  const rush = soldOut && key && { key, soldOut };
  const { answer, value } = await definite(config.api + path, request, { ...patience, tries, rush }, signal);
  if (!answer.ok) throw await rejected(answer, token);
  return whole ? { value, replayed: answer.headers.get("idempotent-replayed") === "true" } : value;
}

const tokenFor = (path) => (path.startsWith("/v1/admin/") ? session.staffToken : session.token);

async function definite(url, request, { tries, longestMs, rush }, cancelled) {
  for (let tried = 1; ; tried += 1) {
    const last = tried === tries;
    const mayBeDone = rush && await rejectSoldOut(rush, tried);
    try {
      const late = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await fetch(url, { ...request, signal: cancelled ? AbortSignal.any([cancelled, late]) : late });
      // A body that breaks off or is no JSON, as the sign-in page of a hotel's network, is no answer of the shop.
      const value = answer.ok ? await answer.json() : undefined;
      const isDefinite = !INDEFINITE.includes(answer.status);
      // The gateway answers 429 before a function runs. After any other failure the command may have been done.
      if (rush && (isDefinite || (answer.status === 429 && !mayBeDone))) noteUnanswered(rush.key, false);
      if (last || isDefinite) return { answer, value };
      await pause(tried, Number(answer.headers.get("retry-after")) || 0, longestMs);
    } catch (error) {
      if (last || cancelled?.aborted) throw Problem.unanswered(error);
      await pause(tried, 0, longestMs);
    }
  }
}

/** Throws the problem when nothing is left, unless the command may have been done before: gives whether it may. */
async function rejectSoldOut({ key, soldOut }, tried) {
  const mayBeDone = unanswered().includes(key);
  const problem = mayBeDone ? undefined : await soldOut(tried);
  if (problem) throw problem;
  noteUnanswered(key, true);
  return mayBeDone;
}

function unanswered() {
  const keys = local.read(UNANSWERED);
  return Array.isArray(keys) ? keys : [];
}

function noteUnanswered(key, is) {
  const others = unanswered().filter((other) => other !== key);
  local.write(UNANSWERED, (is ? [...others, key] : others).slice(-MOST_UNANSWERED));
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
