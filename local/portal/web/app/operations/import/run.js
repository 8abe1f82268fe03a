// Sends the rows of a checked file, one after the other. The key of a row follows from the content of the file and the line,
// so who imports the same file again, for example after closing the tab, does nothing twice.

import { send } from "../../api.js";
import { changed } from "../../store.js";

/** Long enough for a shop that is busy, and as long as it asks for. */
const PATIENCE = { tries: 8, longestMs: 30_000 };

/** Whether more rows have failed than may. */
export const isOver = (percent, failed, rows) => failed * 100 > percent * rows;

/** What an import has come to before the first row is sent. */
export const begun = ({ rows }) => ({
  rows: rows.length,
  created: 0,
  changed: 0,
  unchanged: 0,
  failed: rows.filter((row) => row.errors),
  notSent: 0,
});

/** Sends the rows while `goesOn`, and keeps `report` up to date. Throws the problem when there is no definite answer. */
export async function sendRows({ rows }, percent, report, goesOn) {
  for (const { line, key, request } of rows.filter((row) => row.request)) {
    if (!goesOn()) return;
    if (isOver(percent, report.failed.length, rows.length)) {
      report.notSent += 1;
      continue;
    }
    const { counted, errors } = await outcome(request, key);
    if (errors) report.failed.push({ line, errors });
    else report[counted] += 1;
    changed();
  }
  report.failed.sort((one, other) => one.line - other.line);
}

/** Which number of the report the row adds to, or why it was rejected. */
async function outcome({ method, path, body }, key) {
  try {
    const { replayed } = await send(path, { method, body, key, patience: PATIENCE });
    if (replayed) return { counted: "unchanged" };
    return { counted: method === "POST" ? "created" : "changed" };
  } catch (problem) {
    if (!problem.isDefinite || problem.details.status === 403) throw problem;
    return { errors: errorsOf(problem) };
  }
}

/** What the API says of each cell, or else of the row. */
function errorsOf({ details: { errors, detail, title } }) {
  if (!errors?.length) return [{ column: null, said: detail ?? title }];
  return errors.map(({ pointer, detail: said }) => ({ column: pointer?.split("/")[1] ?? null, said }));
}
