// Who is signed in. OAuth 2.0 authorization code with PKCE against the configured issuer; the token stays in this module's
// memory and goes nowhere but into the Authorization header.

import { config } from "./config.js";
import { language, t } from "./i18n.js";
import { Problem } from "./problem.js";
import { changed } from "./store.js";

export const session = { token: null, name: null, isAdmin: false, problem: null };

const PENDING = "sijang.sign-in";
const onChange = [];

/** What must be forgotten or read anew when somebody else is signed in. */
export const whenSessionChanges = (react) => onChange.push(react);

/** Leaves for the issuer's sign-in page, to come back to this very page. */
export async function signIn({ admin = false } = {}) {
  const { authorization_endpoint: page } = await endpoints();
  const verifier = random();
  const state = random();
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, hash: location.hash }));
  const wanted = admin ? [config.scopes.customer, config.scopes.admin] : [config.scopes.customer];
  location.assign(`${page}?${new URLSearchParams({
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: storefront(),
    scope: wanted.join(" "),
    state,
    code_challenge: base64(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
    code_challenge_method: "S256",
    ui_locales: language(),
  })}`);
}

/** Back from the issuer: exchanges the code for a token, and takes it out of the address. */
export async function finishSignIn() {
  const answer = new URLSearchParams(location.search);
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  if (!answer.has("code") && !answer.has("error")) return;
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", storefront() + (pending?.hash ?? ""));
  try {
    if (!pending || answer.get("state") !== pending.state || !answer.has("code")) throw new Error("not our sign-in");
    begin(await exchange(answer.get("code"), pending.verifier));
  } catch (cause) {
    session.problem = new Problem({ code: "sign-in-failed", status: 0, title: t("problem.sign-in-failed") });
    session.problem.cause = cause;
    changed();
  }
}

export function signOut() {
  end(null);
}

/** The API no longer takes the token. */
export function sessionEnded() {
  end(new Problem({ code: "signed-out", status: 401, title: t("problem.signed-out") }));
}

async function exchange(code, verifier) {
  const { token_endpoint: place } = await endpoints();
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: config.client_id,
    redirect_uri: storefront(),
    code,
    code_verifier: verifier,
  });
  const answer = await fetch(place, { method: "POST", body });
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  return (await answer.json()).access_token;
}

function begin(token) {
  // Read to greet, never to decide: that is the API's.
  const claims = JSON.parse(new TextDecoder().decode(bytes(token.split(".")[1])));
  const isAdmin = (claims.scope ?? "").split(" ").includes(config.scopes.admin);
  Object.assign(session, { token, name: claims.username ?? claims.sub, isAdmin, problem: null });
  onChange.forEach((react) => react());
  changed();
}

function end(problem) {
  Object.assign(session, { token: null, name: null, isAdmin: false, problem });
  onChange.forEach((react) => react());
  changed();
}

/** The issuer's pages, as it announces them unless the configuration says. */
async function endpoints() {
  if (config.authorization_endpoint) return config;
  const answer = await fetch(`${config.issuer}/.well-known/openid-configuration`);
  return answer.json();
}

const storefront = () => location.origin + location.pathname;
const random = () => base64(crypto.getRandomValues(new Uint8Array(32)));
const base64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
