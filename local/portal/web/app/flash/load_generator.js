// The dev gateway's load generator: it answers with a line of JSON for every answer of the API.

import { callDevApi } from "../dev_api.js";
import { t } from "../i18n.js";
import { Problem } from "../problem.js";

/** Tokens for customers of these names. */
export const tokensFor = async (names) => (await callDevApi("POST", "tokens", names)).json();

/** Has so many customers race; `hear` gets each line as it comes. */
export async function startLoad({ kind, id }, customers, hear) {
  const answer = await callDevApi("POST", "load", { target: { [kind]: id }, customers });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines.map((text) => JSON.parse(text))) {
      if (line.failed) throw new Problem({ code: "broken", status: 0, title: t("problem.broken"), detail: line.failed });
      hear(line);
    }
  }
}
