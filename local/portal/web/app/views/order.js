// One order. A paid one can be cancelled; the money, the units and the coupon go back together.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { attempt } from "../attempt.js";
import { get } from "../api.js";
import { t } from "../i18n.js";
import { balance, noteOrder, order, usableCoupons } from "../me.js";
import { readUnknown } from "../products.js";
import { session, whenSessionChanges } from "../session.js";
import { changed, Task } from "../store.js";
import { askToSignIn, backLink } from "./controls.js";
import { orderCard } from "./orders.js";
import { heading, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

/** The order that has just been placed: it is thanked for until the customer leaves the page. */
let placed = null;
/** Whether the customer was asked if she means it. */
let isAsked = false;
const reading = new Task(async (id) => {
  const read = await get(`/v1/orders/${encodeURIComponent(id)}`);
  noteOrder(read);
  await readUnknown(read.lines.map((line) => line.product_id));
});
const cancelling = new Map();

whenSessionChanges(() => {
  placed = null;
  cancelling.clear();
  reading.reset();
});

export const title = () => t("page.order");

/** Shows an order that has just been placed. */
export function showPlaced(id) {
  placed = id;
  location.hash = `#/order/${id}`;
}

export function enter(id) {
  isAsked = false;
  reading.reset();
  if (session.token) reading.run(id);
}

export function leave() {
  placed = null;
}

async function cancel(id) {
  isAsked = false;
  noteOrder((await attempt(`cancel-${id}`, `/v1/orders/${id}/cancel`)).value);
  placed = null;
  usableCoupons.reset();
  await balance.run();
}

function cancellation(id) {
  if (!cancelling.has(id)) cancelling.set(id, new Task(() => cancel(id)));
  return cancelling.get(id);
}

export function view(id) {
  if (!session.token) return html`${heading(t("page.order"))}${askToSignIn(t("orders.sign-in"))}`;
  const seen = order(id);
  return html`
    ${backLink(["orders"], t("page.orders"))}
    ${heading(t("page.order"))}
    ${placed === id && seen?.status === "PAID" ? html`<p class="note good" role="status">${t("orders.placed")}</p>` : nothing}
    ${problemNote(reading.problem, { again: () => reading.run(id), read: true })}
    ${seen ? orderCard(seen, controls(seen)) : reading.problem ? nothing : waiting()}`;
}

function controls({ order_id: id, status }) {
  const task = cancellation(id);
  const problem = problemNote(task.problem, { again: () => task.run() });
  if (status !== "PAID") return problem;
  const ask = (wish) => {
    isAsked = wish;
    changed();
  };
  if (!isAsked) return html`<button class="button" ?disabled=${task.running} @click=${() => ask(true)}>${t("orders.cancel")}</button>${problem}`;
  return html`<div class="note" role="group" aria-label=${t("orders.cancel")}>
    <p>${t("orders.cancel-sure")}</p>
    <p class="row">
      <button class="button primary" @click=${() => task.run()}>${t("orders.cancel-yes")}</button>
      <button class="button" @click=${() => ask(false)}>${t("orders.cancel-no")}</button>
    </p>
  </div>${problem}`;
}
