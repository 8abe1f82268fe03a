// Lambda's runtime, as little of it as there can be: one connection to the runtime API, one event after the other.
// Leaner than the runtime client that AWS ships for Node, so that what is measured is the handler and the SDK.
import http from "node:http";

const api = new URL(`${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`.replace(/^(?!http)/, "http://"));
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = body ? { "content-length": Buffer.byteLength(body) } : {};
    const request = http.request({ agent, method, headers, host: api.hostname, port: api.port, path: api.pathname + path }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
    request.end(body);
  });

export async function run(handle) {
  for (;;) {
    const next = await call("GET", "/next");
    const answer = await handle(JSON.parse(next.body));
    await call("POST", `/${next.headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
  }
}
