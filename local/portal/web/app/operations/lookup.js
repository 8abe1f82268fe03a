// An order by its number, or a customer: balance, ledger, orders and coupons, and what staff can do about them.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { get } from "../api.js";
import { discountText } from "../discount.js";
import { count, dateTime, until, won } from "../format.js";
import { t } from "../i18n.js";
import { whenSessionChanges } from "../session.js";
import { changed, List, Task } from "../store.js";
import { empty, more, waiting } from "../views/parts.js";
import { problemNote } from "../views/problem.js";
import { action } from "./action.js";

const ORDER_NUMBER = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/i;

let asked = "";
/** `{ order }` or `{ customer }`. */
const finding = new Task((text) => (ORDER_NUMBER.test(text) ? findOrder(text.toUpperCase()) : findCustomer(text)));

whenSessionChanges(() => {
  asked = "";
  finding.reset();
});

const findOrder = async (id) => ({ order: await get(`/v1/admin/orders/${id}`) });

async function findCustomer(id) {
  const path = `/v1/admin/customers/${encodeURIComponent(id)}`;
  const customer = {
    id,
    path,
    balance: (await get(`${path}/balance`)).balance.amount,
    ledger: new List(`${path}/balance/transactions`, { limit: 10 }),
    orders: new List(`${path}/orders`, { limit: 10 }),
    coupons: new List(`${path}/coupons`, { limit: 20 }),
  };
  await Promise.all([customer.ledger, customer.orders, customer.coupons].map((list) => list.read()));
  return { customer };
}

function find(text) {
  asked = text.trim();
  if (asked) finding.run(asked);
  changed();
}

export function lookup() {
  const submit = (event) => {
    event.preventDefault();
    find(new FormData(event.target).get("subject"));
  };
  const { order, customer } = finding.value ?? {};
  return html`<section aria-labelledby="lookup">
    <h2 id="lookup">${t("operations.lookup")}</h2>
    <form class="row" role="search" @submit=${submit}>
      <label class="field grow">${t("operations.subject")}<input name="subject" autocomplete="off" spellcheck="false" .value=${asked}></label>
      <button class="button primary" ?disabled=${finding.running}>${t("operations.find")}</button>
    </form>
    ${problemNote(finding.problem, { again: () => find(asked), read: true })}
    ${finding.running && !finding.value ? waiting() : nothing}
    ${finding.problem ? nothing : order ? orderFound(order) : customer ? customerFound(customer) : nothing}
  </section>`;
}

const link = (text, subject) => html`<button type="button" class="link" @click=${() => find(subject)}>${text}</button>`;

const orderFound = (order) => html`<article class="panel" data-found="order" data-status=${order.status}>
  <h3>${t("orders.number")} <span class="number">${order.order_id}</span> <span class="tag">${t(`order.${order.status}`)}</span></h3>
  <p>${link(order.user_id, order.user_id)} · <time datetime=${order.paid_at}>${dateTime(order.paid_at)}</time></p>
  <ul class="plain">${order.lines.map(({ name, product_id: id, quantity, unit_price: price }) => html`
    <li><span lang="ko">${name ?? id}</span> <span class="quiet">${won(price.amount)} × ${count(quantity)}</span></li>`)}</ul>
  <p>${t("orders.paid")} ${won(order.paid_price.amount)}${order.discount.amount ? html` <span class="quiet">(${t("basket.discount")} ${won(order.discount.amount)})</span>` : nothing}</p>
  ${order.cancelled_at ? html`<p class="quiet">${t("orders.refunded", { at: dateTime(order.cancelled_at), amount: won(order.paid_price.amount) })}</p>` : nothing}
  ${order.status === "PAID" ? action(`cancel-${order.order_id}`, {
    label: t("orders.cancel"),
    path: `/v1/admin/customers/${encodeURIComponent(order.user_id)}/orders/${order.order_id}/cancel`,
    done: () => finding.run(order.order_id),
  }) : nothing}
</article>`;

const customerFound = ({ id, path, balance, ledger, orders, coupons }) => html`<article class="panel" data-found="customer">
  <h3>${id}</h3>
  <p>${t("balance")} <strong data-balance>${won(balance)}</strong></p>
  ${action(`adjust-${id}`, {
    label: t("operations.adjust"),
    path: `${path}/balance-adjustments`,
    withAmount: true,
    done: () => finding.run(id),
  })}
  ${part("wallet.ledger", ledger, ({ type, amount: { amount }, balance: { amount: after }, created_at: at, order_id: order }) => html`
    <li>${dateTime(at)} ${t(`ledger.${type}`)} <strong>${won(amount)}</strong> <span class="quiet">${t("ledger.after", { balance: won(after) })}</span> ${order ? link(order, order) : nothing}</li>`)}
  ${part("page.orders", orders, (order) => html`
    <li>${dateTime(order.paid_at)} ${won(order.paid_price.amount)} <span class="tag">${t(`order.${order.status}`)}</span> ${link(order.order_id, order.order_id)}</li>`)}
  ${part("page.coupons", coupons, (coupon) => html`
    <li><span lang="ko">${coupon.name}</span> ${discountText(coupon)} · ${t("coupons.until", { date: until(coupon.expires_at) })} <span class="tag">${t(`coupon.${coupon.status}`)}</span></li>`)}
</article>`;

const part = (heading, list, row) => html`<h4>${t(heading)}</h4>
  ${list.items.length ? html`<ul class="plain rows">${list.items.map(row)}</ul>${more(list)}` : empty(t("operations.none"))}
  ${problemNote(list.task.problem, { again: list.read, read: true })}`;
