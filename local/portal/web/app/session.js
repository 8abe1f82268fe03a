// Who is signed in. OAuth 2.0 authorization code with PKCE against the configured issuers, of customers and of staff. The access token is kept in the
// tab's session storage, so that a reload does not sign out, and goes nowhere but into the Authorization header.

import { config } from "./early.js";
import { language, t } from "./i18n.js";
import { Problem } from "./problem.js";
import { tab } from "./storage.js";
import { changed } from "./store.js";

const PENDING = "sijang.sign-in";
const TOKEN = "sijang.token";
const OWNER = "sijang.owner";
const NAME = "sijang.name";

/**
 * `token` is for the routes of customers, `staffToken` for those of staff. `owner` is the customer that the tab belongs to:
 * until she signs out, also when her token has expired.
 */
export const session = { token: null, staffToken: null, name: null, isAdmin: false, problem: null, owner: tab.read(OWNER) };

const onChange = [];

/** What must be forgotten or read anew when somebody else is signed in. */
export const whenSessionChanges = (react) => onChange.push(react);

/** Leaves for the issuer's sign-in page, to come back to this very page. */
export async function signIn({ admin = false } = {}) {
  const issuer = issuerOf(admin);
  const { authorization_endpoint: page } = await endpoints(issuer);
  const verifier = random();
  const state = random();
  tab.write(PENDING, { verifier, state, admin, hash: location.hash });
  location.assign(`${page}?${new URLSearchParams({
    response_type: "code",
    client_id: issuer.client_id,
    redirect_uri: storefront(),
    scope: `openid ${admin ? config.scopes.admin : config.scopes.customer}`,
    state,
    code_challenge: base64(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
    code_challenge_method: "S256",
    ui_locales: language(),
  })}`);
}

/** Back from the issuer: exchanges the code for a token, and takes it out of the address. */
export async function finishSignIn() {
  const answer = new URLSearchParams(location.search);
  const pending = tab.read(PENDING);
  if (!answer.has("code") && !answer.has("error")) return;
  tab.remove(PENDING);
  history.replaceState(null, "", storefront() + (pending?.hash ?? ""));
  try {
    if (!pending || answer.get("state") !== pending.state || !answer.has("code")) throw new Error("not our sign-in");
    const { access_token: token, id_token: identity } = await exchange(answer.get("code"), pending);
    tab.write(NAME, identity ? nameIn(claimsOf(identity)) : null);
    begin(token);
  } catch (cause) {
    session.problem = new Problem({ code: "sign-in-failed", status: 0, title: t("problem.sign-in-failed") });
    session.problem.cause = cause;
    changed();
  }
}

/** Signs in with the token that the tab holds, if it is still good. */
export function resume() {
  const token = tab.read(TOKEN);
  if (typeof token !== "string") return;
  try {
    if (claimsOf(token).exp * 1000 > Date.now()) return begin(token);
  } catch {
    // Not a token: as if there were none.
  }
  tab.remove(TOKEN);
}

export function signOut() {
  tab.remove(OWNER);
  tab.remove(NAME);
  session.owner = null;
  end(null);
}

/** The API no longer takes the token. */
export function sessionEnded() {
  end(new Problem({ code: "signed-out", status: 401, title: t("problem.signed-out") }));
}

async function exchange(code, { verifier, admin }) {
  const issuer = issuerOf(admin);
  const { token_endpoint: place } = await endpoints(issuer);
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: issuer.client_id,
    redirect_uri: storefront(),
    code,
    code_verifier: verifier,
  });
  const answer = await fetch(place, { method: "POST", body });
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  return answer.json();
}

function begin(token) {
  // Read to greet, never to decide: that is the API's.
  const { sub, username, scope = "" } = claimsOf(token);
  const [isCustomer, isAdmin] = ["customer", "admin"].map((kind) => scope.split(" ").includes(config.scopes[kind]));
  const owner = isCustomer ? sub : null;
  tab.write(TOKEN, token);
  if (owner) tab.write(OWNER, owner);
  else tab.remove(OWNER);
  const tokens = { token: isCustomer ? token : null, staffToken: isAdmin ? token : null };
  Object.assign(session, { ...tokens, name: tab.read(NAME) ?? username ?? sub, owner, isAdmin, problem: null });
  onChange.forEach((react) => react());
  changed();
}

function end(problem) {
  tab.remove(TOKEN);
  Object.assign(session, { token: null, staffToken: null, name: null, isAdmin: false, problem });
  onChange.forEach((react) => react());
  changed();
}

/** What to call a person by her ID token: a user pool calls her by a number in the access token. */
const nameIn = ({ name, email }) => name ?? email ?? null;

const claimsOf = (token) => JSON.parse(new TextDecoder().decode(bytes(token.split(".")[1])));

/** Where customers or staff sign in, and as which client. */
const issuerOf = (admin) => (admin && config.staff) || config;

/** The issuer's pages, as it announces them unless the configuration says. */
async function endpoints(issuer) {
  if (issuer.authorization_endpoint) return issuer;
  const answer = await fetch(`${issuer.issuer}/.well-known/openid-configuration`);
  return answer.json();
}

const storefront = () => location.origin + location.pathname;
const random = () => base64(crypto.getRandomValues(new Uint8Array(32)));
const base64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
