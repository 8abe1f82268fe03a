// The front page's own requests, sent before the modules are there that show the answers: on a slow network that saves a
// round trip.

const PATHS = ["/v1/products?sort=name&limit=36", "/v1/products/popular"];
const TIMEOUT_MS = 20_000;
const answers = new Map();

/** Asks the API at this address, if the page's address is that of the front page. */
export function askEarly(api) {
  if (location.hash.length > "#/".length) return;
  for (const path of PATHS) {
    const answer = fetch(api + path, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
    // Whoever takes the answer hears of it.
    answer.catch(() => {});
    answers.set(api + path, answer);
  }
}

/** The answer that was asked for early. It is given once. */
export function takeEarly(url) {
  const answer = answers.get(url);
  answers.delete(url);
  return answer;
}
