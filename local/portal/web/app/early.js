// The requests that everything waits for, sent before the other modules are there: the configuration, and then the lists of
// the front page.

/** Where the API and the issuer are: `config.json`, served beside the application. */
export const config = {};

const PATHS = ["/v1/products?sort=name&limit=36", "/v1/products/popular"];
const TIMEOUT_MS = 20_000;
const answers = new Map();

/** Whether the address is that of the front page, and not the one to which a sign-in returns. */
export const isFront = location.hash.length <= "#/".length && !/[?&](code|error)=/.test(location.search);

/** Done when the configuration is there, and the front page's lists are asked for. */
export const asked = ask();
// Whoever waits for it hears of it.
asked.catch(() => {});

async function ask() {
  const answer = await fetch("config.json");
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  Object.assign(config, await answer.json());
  if (isFront) PATHS.forEach((path) => answers.set(path, readOnce(path)));
}

/** The value, or undefined when the request fails. */
async function readOnce(path) {
  try {
    const answer = await fetch(config.api + path, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/** Reads from the API: gives the early answer once, if there is one, and otherwise sends a request as `api.js` does. */
export async function read(path, options) {
  const early = answers.get(path);
  answers.delete(path);
  return (await early) ?? (await import("./api.js")).get(path, options);
}
