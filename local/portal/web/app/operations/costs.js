// What operations cost on AWS: `cost.json`, which a test generates from the measured budget and the published prices.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { count, dollars } from "../format.js";
import { t } from "../i18n.js";
import { Problem } from "../problem.js";
import { Task } from "../store.js";
import { waiting } from "../views/parts.js";
import { problemNote } from "../views/problem.js";

const PARTS = ["total", "gateway", "functions", "writes", "reads", "queue"];

const reading = new Task(async () => {
  const answer = await fetch("cost.json").catch((error) => {
    throw Problem.unanswered(error);
  });
  if (!answer.ok) throw await Problem.from(answer);
  return answer.json();
});

/** Reads the table, once. */
export const readCosts = () => reading.value ?? reading.run();

export const costs = () => html`<section aria-labelledby="costs">
  <h2 id="costs">${t("operations.costs")}</h2>
  ${problemNote(reading.problem, { again: readCosts, read: true })}
  ${reading.value ? table(reading.value) : reading.problem ? nothing : waiting()}
</section>`;

const table = ({ region, prices_of: date, day, dollars_a_million: operations }) => html`
  <p>${t("operations.cost-day", { orders: count(day.orders), views: count(day.views), dollars: dollars(day.dollars) })}</p>
  <p class="quiet">${t("operations.cost-note", { region, date })}</p>
  <div class="scrolled" tabindex="0" role="region" aria-label=${t("operations.million-of")}><table>
    <thead><tr><th scope="col">${t("operations.million-of")}</th>${PARTS.map((part) => html`<th scope="col">${t(`operations.cost-${part}`)}</th>`)}</tr></thead>
    <tbody>${operations.map(({ route, outcome, busy }) => html`<tr data-cost=${route}>
      <th scope="row"><span lang="en">${route}: ${outcome}</span></th>
      ${PARTS.map((part) => html`<td>${part === "total" ? html`<strong>${dollars(busy[part])}</strong>` : dollars(busy[part])}</td>`)}
    </tr>`)}</tbody>
  </table></div>`;
