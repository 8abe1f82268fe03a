// The customer's orders: a card each, that leads to the order's own page.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { count, dateTime, won } from "../format.js";
import { t } from "../i18n.js";
import { order as seen, orders } from "../me.js";
import { picture } from "../pictures.js";
import { ordered, productLanguage, productName } from "../products.js";
import { session } from "../session.js";
import { askToSignIn } from "./controls.js";
import { empty, heading, more, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

export const title = () => t("page.orders");

export function enter() {
  if (session.token) orders.read();
}

export function view() {
  if (!session.token) return html`${heading(t("page.orders"))}${askToSignIn(t("orders.sign-in"))}`;
  return html`
    ${heading(t("page.orders"))}
    ${problemNote(orders.task.problem, { again: orders.read, read: true })}
    ${orders.isRead || orders.task.problem ? nothing : waiting()}
    ${orders.isRead && !orders.items.length ? empty(t("orders.none"), html`<a class="button" href="#/">${t("page.market")}</a>`) : nothing}
    <ul class="orders">${repeat(orders.items, (order) => order.order_id, ({ order_id: id }) => html`<li>${orderCard(seen(id))}</li>`)}</ul>
    ${more(orders)}`;
}

/** An order, with `controls` below it. */
export function orderCard(order, controls = nothing) {
  const { order_id: id, status, lines, list_price: price, discount, paid_price: paid, paid_at: at, cancelled_at: cancelledAt } = order;
  return html`<article class="panel order" data-status=${status}>
    <header>
      <h2><a href="#/order/${id}"><time datetime=${at}>${dateTime(at)}</time></a></h2>
      <span class="tag">${t(`order.${status}`)}</span>
    </header>
    <p class="quiet">${t("orders.number")} <span class="number">${id}</span></p>
    <ul class="plain lines">${lines.map(orderLine)}</ul>
    <dl class="sums">
      ${discount.amount ? html`
        <div class="quiet"><dt>${t("basket.list-price")}</dt><dd>${won(price.amount)}</dd></div>
        <div class="quiet"><dt>${t("basket.discount")}</dt><dd>${won(-discount.amount)}</dd></div>` : nothing}
      <div class="sum"><dt>${t("orders.paid")}</dt><dd>${won(paid.amount)}</dd></div>
    </dl>
    ${cancelledAt ? html`<p class="quiet">${t(order.coupon_id ? "orders.refunded-with-coupon" : "orders.refunded", { at: dateTime(cancelledAt), amount: won(paid.amount) })}</p>` : nothing}
    ${controls}
  </article>`;
}

/** The name is that of the time of the order. Orders of the first release have none. */
function orderLine(line) {
  const { product_id: id, quantity, unit_price: price } = line;
  const item = ordered(line);
  return html`<li>
    ${picture(item)}
    <a href="#/product/${id}" lang=${productLanguage(item)}>${productName(item) ?? id}</a>
    <span class="quiet">${won(price.amount)} × ${count(quantity)}</span>
  </li>`;
}
