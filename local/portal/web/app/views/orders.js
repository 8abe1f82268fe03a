// The customer's orders. A paid one can be cancelled; the money, the units and the coupon go back together.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { attempt } from "../attempt.js";
import { bojagi } from "../bojagi.js";
import { count, dateTime, won } from "../format.js";
import { t } from "../i18n.js";
import { balance, orders } from "../me.js";
import { product } from "../products.js";
import { session, whenSessionChanges } from "../session.js";
import { changed, Task } from "../store.js";
import { askToSignIn, empty, heading, more, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

/** The order that was asked about, and not yet decided on. */
let asking = null;
const cancelling = new Map();

whenSessionChanges(() => cancelling.clear());

export const title = () => t("page.orders");

export function enter() {
  asking = null;
  if (session.token) orders.read();
}

async function cancel(id) {
  asking = null;
  await attempt(`cancel-${id}`, `/v1/orders/${id}/cancel`);
  await Promise.all([orders.read(), balance.run()]);
}

function cancellation(id) {
  if (!cancelling.has(id)) cancelling.set(id, new Task(() => cancel(id)));
  return cancelling.get(id);
}

export function view(placed) {
  if (!session.token) return html`${heading(t("page.orders"))}${askToSignIn(t("orders.sign-in"))}`;
  return html`
    ${heading(t("page.orders"))}
    ${placed ? html`<p class="note good" role="status">${t("orders.placed")}</p>` : nothing}
    ${problemNote(orders.task.problem, { again: orders.read })}
    ${orders.isRead ? nothing : waiting()}
    ${orders.isRead && !orders.items.length ? empty(t("orders.none"), html`<a class="button" href="#/">${t("page.market")}</a>`) : nothing}
    <ul class="orders">${repeat(orders.items, (order) => order.order_id, orderCard)}</ul>
    ${more(orders)}`;
}

function orderCard(order) {
  const { order_id: id, status, lines, discount, paid_price: paid, paid_at: at, cancelled_at: cancelledAt } = order;
  const task = cancellation(id);
  return html`<li class="panel order" data-status=${status}>
    <header>
      <h2><time datetime=${at}>${dateTime(at)}</time></h2>
      <span class="tag">${t(`order.${status}`)}</span>
    </header>
    <ul class="plain lines">${lines.map(orderLine)}</ul>
    <p class="total">
      ${discount.amount ? html`<span class="quiet">${t("orders.discount", { amount: won(discount.amount) })}</span>` : nothing}
      <span>${t("orders.paid")} <strong>${won(paid.amount)}</strong></span>
    </p>
    ${cancelledAt ? html`<p class="quiet">${t("orders.refunded", { at: dateTime(cancelledAt) })}</p>` : nothing}
    ${status === "PAID" ? cancelControls(id, task) : nothing}
    ${problemNote(task.problem, { again: () => task.run() })}
  </li>`;
}

function orderLine({ product_id: id, quantity, unit_price: price }) {
  const item = product(id);
  return html`<li>
    ${bojagi({ product_id: id, name: item?.name })}
    <a href="#/product/${id}" lang="ko">${item?.name ?? "…"}</a>
    <span class="quiet">${won(price.amount)} × ${count(quantity)}</span>
  </li>`;
}

function cancelControls(id, task) {
  const ask = (order) => {
    asking = order;
    changed();
  };
  if (asking !== id) {
    return html`<button class="button" ?disabled=${task.running} @click=${() => ask(id)}>${t("orders.cancel")}</button>`;
  }
  return html`<div class="note" role="group" aria-label=${t("orders.cancel")}>
    <p>${t("orders.cancel-sure")}</p>
    <p class="row">
      <button class="button primary" @click=${() => task.run()}>${t("orders.cancel-yes")}</button>
      <button class="button" @click=${() => ask(null)}>${t("orders.cancel-no")}</button>
    </p>
  </div>`;
}
