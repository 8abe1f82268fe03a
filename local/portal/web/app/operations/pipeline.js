// The queues of this machine, the daily runs at once, and a redrive. On AWS these are alarms and the console.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { callDevApi } from "../dev_api.js";
import { count } from "../format.js";
import { t } from "../i18n.js";
import { whenSessionChanges } from "../session.js";
import { Task } from "../store.js";
import { waiting } from "../views/parts.js";
import { problemNote } from "../views/problem.js";
import { readSales } from "./sales.js";

const QUEUES = ["order-events", "order-events-dlq", "relay-failures", "schedule-dlq"];

/** The queues, and when they were read. */
export const queues = new Task(async () => ({ depths: await (await callDevApi("GET", "queues")).json(), at: Date.now() }));
const redriving = new Task(async () => {
  const { moved } = await (await callDevApi("POST", "redrive")).json();
  await queues.run();
  return moved;
});
const running = new Task(async () => {
  const result = await (await callDevApi("POST", "daily-runs")).json();
  await readSales();
  return result;
});

whenSessionChanges(() => [queues, redriving, running].forEach((task) => task.reset()));

export const pipeline = () => html`<section aria-labelledby="pipeline">
  <h2 id="pipeline">${t("operations.pipeline")}</h2>
  ${problemNote(queues.problem, { again: () => queues.run(), read: true })}
  ${queues.value ? depths(queues.value) : queues.problem ? nothing : waiting()}
  <p class="row">
    <button class="button" ?disabled=${redriving.running || !queues.value?.depths["order-events-dlq"].waiting} @click=${() => redriving.run()}>${t("operations.redrive")}</button>
    ${redriving.value === undefined ? nothing : html`<span class="quiet" role="status">${t("operations.redriven", { moved: count(redriving.value) })}</span>`}
    <button class="button" ?disabled=${running.running} @click=${() => running.run()}>${t("operations.run")}</button>
    ${running.value ? html`<span class="quiet" role="status">${result(running.value)}</span>` : nothing}
  </p>
  ${problemNote(redriving.problem)}${problemNote(running.problem)}
</section>`;

function depths({ depths: all, at }) {
  const seconds = Math.round((Date.now() - at) / 1_000);
  return html`<ol class="flow">${QUEUES.map((name) => html`<li data-queue=${name}>
      <span class="quiet">${t(`operations.${name}`)}</span><strong>${count(all[name].waiting + all[name].in_flight)}</strong></li>`)}</ol>
    <p class="quiet" data-age>${t("operations.updated", { seconds: count(seconds) })}</p>`;
}

const result = ({ facts, findings }) => findings.length
  ? t("operations.found", { facts: count(facts), findings: findings.join(", ") })
  : t("operations.nothing-found", { facts: count(facts) });
