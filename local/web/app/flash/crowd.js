// The crowd, as the local front sends it and tells of it: a line of JSON for every answer.

import { config } from "../config.js";
import { t } from "../i18n.js";
import { Problem } from "../problem.js";
import { session } from "../session.js";

const broken = () => new Problem({ code: "broken", status: 0, title: t("problem.broken") });

async function post(path, body) {
  const headers = { authorization: `Bearer ${session.token}`, "content-type": "application/json" };
  const answer = await fetch(config.api + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw await Problem.from(answer);
  return answer;
}

/** Tokens for customers of these names. */
export const tokensFor = async (names) => (await post("/_local/tokens", names)).json();

/** Sends the crowd; `hear` gets each line as it comes. */
export async function sendCrowd({ kind, id }, customers, hear) {
  const answer = await post("/_local/crowd", { target: { [kind]: id }, customers });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines.map((text) => JSON.parse(text))) {
      if (line.failed) throw broken();
      hear(line);
    }
  }
}
