// Products from a CSV file: chosen, checked without sending anything, and imported.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { count } from "../../format.js";
import { t } from "../../i18n.js";
import { whenSessionChanges } from "../../session.js";
import { changed, Task } from "../../store.js";
import { problemNote } from "../../views/problem.js";
import { readHistory } from "../history.js";
import { check } from "./check.js";
import { begun, isOver, sendRows } from "./run.js";

const MOST_SHOWN = 200;
const USUAL_PERCENT = 5;

let percent = USUAL_PERCENT;
/** Of the import that runs, or ran last, on the file that is chosen. */
let report = null;

const checking = new Task(async (file) => ({ name: file.name, ...await check(new Uint8Array(await file.arrayBuffer())) }));
const importing = new Task(async (checked) => {
  const own = begun(checked);
  report = own;
  changed();
  await sendRows(checked, percent, own, () => report === own);
  if (report === own) await readHistory();
  return own;
});

function forget() {
  report = null;
  [checking, importing].forEach((task) => task.reset());
}

whenSessionChanges(forget);

function choose(file) {
  forget();
  if (file) checking.run(file);
}

/** The same file can be chosen again, for it may have been corrected: browsers tell only of another one. */
function again(event) {
  event.target.value = "";
}

function setPercent(event) {
  percent = Math.min(Math.max(Number(event.target.value) || 0, 0), 100);
  changed();
}

export const importPanel = () => html`<section class="import" aria-labelledby="import">
  <h2 id="import">${t("import.title")}</h2>
  <p class="quiet">${t("import.note")}</p>
  <div class="row">
    <label class="field grow">${t("import.file")}
      <input type="file" name="products" accept=".csv,text/csv" ?disabled=${importing.running} @click=${again} @change=${(event) => choose(event.target.files[0])}></label>
    <label class="field">${t("import.percent")}
      <input type="number" name="percent" min="0" max="100" .value=${String(percent)} ?disabled=${importing.running} @input=${setPercent}></label>
  </div>
  ${problemNote(checking.problem)}
  ${checking.value?.problem ? html`<p class="note bad" role="alert">${said(checking.value.problem)}</p>` : nothing}
  ${checking.value?.rows ? checkedFile(checking.value) : nothing}
</section>`;

function checkedFile(checked) {
  const { name, rows } = checked;
  const wrong = rows.filter((row) => row.errors);
  const ofMethod = (method) => count(rows.filter((row) => row.request?.method === method).length);
  const tooMany = isOver(percent, wrong.length, rows.length);
  return html`
    ${report ? nothing : html`<p role="status" data-import="check">${t("import.checked", { name, create: ofMethod("POST"), change: ofMethod("PATCH"), wrong: count(wrong.length) })}</p>${errorTable(wrong)}`}
    ${tooMany ? html`<p class="note bad">${t("import.too-many", { percent })}</p>` : nothing}
    <button type="button" class="button primary" ?disabled=${importing.running || tooMany || wrong.length === rows.length}
      @click=${() => importing.run(checked)}>${t("import.start")}</button>
    ${importing.running ? progress() : nothing}
    ${problemNote(importing.problem, { again: () => importing.run(checked) })}
    ${report && !importing.running ? result() : nothing}`;
}

function progress() {
  const { created, changed: updated, unchanged, failed, notSent, rows } = report;
  return html`<progress aria-label=${t("import.running")} max=${rows} .value=${created + updated + unchanged + failed.length + notSent}></progress>`;
}

function result() {
  const { created, changed: updated, unchanged, failed, notSent } = report;
  const numbers = { created, changed: updated, unchanged, failed: failed.length, left: notSent };
  const shown = Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, count(number)]));
  return html`<p role="status" data-import="report">${t("import.report", shown)}</p>${errorTable(failed)}`;
}

function errorTable(rows) {
  const errors = rows.flatMap(({ line, errors: ofRow }) => ofRow.map((error) => ({ line, ...error })));
  if (!errors.length) return nothing;
  return html`<div class="scrolled" tabindex="0" role="region" aria-label=${t("import.errors")}><table class="texts">
    <thead><tr>${["line", "column", "reason"].map((name) => html`<th scope="col">${t(`import.${name}`)}</th>`)}</tr></thead>
    <tbody>${errors.slice(0, MOST_SHOWN).map(({ line, column, why, said: text }) => html`<tr data-line=${line}>
      <th scope="row">${line}</th><td>${column ?? "–"}</td><td>${text ?? said(why)}</td></tr>`)}</tbody>
  </table></div>
  ${errors.length > MOST_SHOWN ? html`<p class="quiet">${t("import.others", { others: count(errors.length - MOST_SHOWN) })}</p>` : nothing}`;
}

const said = ({ text, values }) => t(text, values);
