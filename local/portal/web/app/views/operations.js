// The operations of the shop on this machine: where its events are, whether its books agree, what it cost and sold.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { backstage } from "../backstage.js";
import { columns } from "../chart.js";
import { count, won } from "../format.js";
import { t } from "../i18n.js";
import { cost } from "../operations/cost.js";
import { readSales } from "../operations/sales.js";
import { product } from "../products.js";
import { session } from "../session.js";
import { Task } from "../store.js";
import { askToSignIn, empty, heading, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

const LOOK_AGAIN_MS = 5_000;
const BEST = 10;

const looking = new Task(async () => (await backstage("GET", "operations")).json());
const selling = new Task(readSales);
const counting = new Task(async () => {
  const said = await (await backstage("POST", "nightly-run")).json();
  await selling.run();
  return said;
});
const redriving = new Task(async () => {
  const { moved } = await (await backstage("POST", "redrive")).json();
  await looking.run();
  return moved;
});
let again;

export const title = () => t("page.operations");

export function enter() {
  leave();
  if (!session.isAdmin) return;
  looking.run();
  selling.run();
  again = setInterval(() => document.hidden || looking.running || looking.run(), LOOK_AGAIN_MS);
}

export function leave() {
  clearInterval(again);
}

export function view() {
  if (!session.isAdmin) return html`${heading(t("page.operations"))}${askToSignIn(t("operations.sign-in"), { admin: true })}`;
  const seen = looking.value;
  return html`
    ${heading(t("page.operations"))}
    ${problemNote(looking.problem, { again: () => looking.run() })}
    ${seen ? html`${flow(seen)}${rules(seen.rules)}${cost(seen.cost)}` : waiting()}
    ${sales()}`;
}

function flow({ flow: { orders, events, facts, uncounted, lag_ms: lag }, queues }) {
  const depth = (name) => {
    const { waiting: left, in_flight: held } = queues.find((queue) => queue.name === name);
    return left + held;
  };
  const stop = (name, figure, note = nothing) => html`<li data-stop=${name}>
    <span class="quiet">${t(`operations.${name}`)}</span><strong>${count(figure)}</strong>${note}</li>`;
  return html`<section aria-labelledby="flow">
    <h2 id="flow">${t("operations.flow")}</h2>
    <ol class="flow">
      ${stop("orders", orders)}
      ${stop("events", events)}
      ${stop("order-events", depth("order-events"))}
      ${stop("facts", facts, html`<span class="quiet">${uncounted
        ? t("operations.lag", { uncounted: count(uncounted), seconds: (lag / 1_000).toFixed(1) })
        : t("operations.no-lag")}</span>`)}
    </ol>
    <ul class="flow dead" aria-label=${t("operations.dead-letters")}>
      ${stop("order-events-dlq", depth("order-events-dlq"))}
      ${stop("relay-failures", depth("relay-failures"))}
      ${stop("schedule-dlq", depth("schedule-dlq"))}
    </ul>
    <p class="row dead-letters">
      <button class="button" ?disabled=${redriving.running || !depth("order-events-dlq")} @click=${() => redriving.run()}>${t("operations.redrive")}</button>
      ${redriving.value === undefined ? nothing : html`<span class="quiet" role="status">${t("operations.redriven", { moved: count(redriving.value) })}</span>`}
    </p>
    ${problemNote(redriving.problem)}
  </section>`;
}

const rules = (held) => html`<section aria-labelledby="rules">
  <h2 id="rules">${t("operations.rules")}</h2>
  <ul class="rules">${held.map(({ name, checked, broken }) => html`<li data-rule=${name} data-holds=${String(!broken.length)}>
    <span class="mark" aria-hidden="true">${broken.length ? "✗" : "✓"}</span>
    <div>
      <p><span class="hidden">${t(broken.length ? "operations.broken" : "operations.holds")}: </span>${t(`rule.${name}`)}</p>
      <p class="quiet">${broken.length ? broken.slice(0, 5).join(", ") : t("operations.checked", { checked: count(checked) })}</p>
    </div>
  </li>`)}</ul>
</section>`;

function sales() {
  const days = selling.value;
  const today = days?.at(-1);
  return html`<section aria-labelledby="sales">
    <h2 id="sales">${t("operations.sales")}</h2>
    <p class="row">
      <button class="button" ?disabled=${counting.running} @click=${() => counting.run()}>${t("operations.count")}</button>
      ${counting.value ? html`<span class="quiet" role="status">${t("operations.counted", { facts: count(counting.value.facts) })}</span>` : nothing}
    </p>
    ${problemNote(counting.problem)}${problemNote(selling.problem, { again: () => selling.run() })}
    ${days ? html`
      ${columns({ caption: t("operations.revenue"), labels: days.map(({ day }) => day.slice(5)), series: [{ name: t("operations.won"), kind: "good", values: days.map(({ revenue }) => revenue) }] })}
      ${today.products.length ? best(today) : empty(t("operations.nothing-sold"))}` : waiting()}
  </section>`;
}

/** What sold best today: a bar beside each figure. */
const best = ({ products }) => html`<div class="panel">
  <h3>${t("operations.best")}</h3>
  <div class="scrolled" tabindex="0" role="region" aria-label=${t("operations.best")}><table class="best">
    <thead><tr><th scope="col">${t("operations.product")}</th><th scope="col">${t("operations.units")}</th><td></td><th scope="col">${t("operations.won")}</th></tr></thead>
    <tbody>${products.slice(0, BEST).map(({ product_id: id, units_sold: units, revenue }) => html`<tr>
      <th scope="row" lang="ko">${product(id)?.name ?? id}</th>
      <td>${count(units)}</td>
      <td aria-hidden="true"><svg class="bar-row" viewBox="0 0 100 8" preserveAspectRatio="none"><rect width=${(100 * Math.max(units, 0)) / Math.max(products[0].units_sold, 1)} height="8" /></svg></td>
      <td>${won(revenue.amount)}</td>
    </tr>`)}</tbody>
  </table></div>
</div>`;
