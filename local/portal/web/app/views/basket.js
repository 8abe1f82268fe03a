// The basket and the order. Prices are looked at again while the customer looks at them; if one moved all the same, the
// shop rejects the order, and the basket is as it was.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { send } from "../api.js";
import {
  acceptPrices, basket, basketCoupon, basketPrice, basketToOrder, changedPrices, chooseCoupon, leaveBasket, renewKey,
  setQuantity, takeOut,
} from "../basket.js";
import { discountOf, discountText } from "../discount.js";
import { won } from "../format.js";
import { t, translated } from "../i18n.js";
import { balance, noteOrder, usableCoupons } from "../me.js";
import { picture } from "../pictures.js";
import { noteProducts, product, productLanguage, productName, readProducts } from "../products.js";
import { productsSoldOut } from "../rush.js";
import { session, signIn } from "../session.js";
import { Task } from "../store.js";
import { shown, typed, typing } from "../typing.js";
import { stepper } from "./controls.js";
import { showPlaced } from "./order.js";
import { empty, heading, stockText } from "./parts.js";
import { fieldError, problemNote } from "./problem.js";

const LOOK_AGAIN_MS = 10_000;

let looking;
const ordering = new Task(order);

export const title = () => t("page.basket");

export function enter() {
  ordering.reset();
  look();
  clearInterval(looking);
  looking = setInterval(look, LOOK_AGAIN_MS);
  if (!session.token) return;
  balance.run();
  usableCoupons.read();
}

export function leave() {
  clearInterval(looking);
}

const look = () => document.hidden || readProducts(basket().map((line) => line.product_id));

async function order() {
  const { key, body } = basketToOrder();
  let answer;
  try {
    answer = await send("/v1/orders", { body, key, soldOut: productsSoldOut(body.lines) });
  } catch (problem) {
    // The rejection is stored under its key.
    if (problem.isDefinite) renewKey(key);
    if (problem.code === "price-changed") noteProducts(problem.details.changes.map(newPrice));
    throw problem;
  }
  // The names as they are shown, until the order is read.
  const lines = answer.value.lines.map((line) => ({ name: product(line.product_id)?.name, ...line }));
  noteOrder({ ...answer.value, lines });
  leaveBasket(key, body.lines, answer.replayed);
  usableCoupons.reset();
  balance.run();
  showPlaced(answer.value.order_id);
}

const newPrice = ({ product_id: id, current }) => ({ product_id: id, price: current });

export function view() {
  const lines = basket();
  if (!lines.length) {
    return html`${heading(t("page.basket"))}
      ${problemNote(ordering.problem)}
      ${empty(t("basket.empty"), html`<a class="button" href="#/">${t("page.market")}</a>`)}`;
  }
  return html`
    ${heading(t("page.basket"))}
    <div class="basket">
      <div>
        <ul class="basket-lines">${repeat(lines, (line) => line.product_id, basketLine)}</ul>
        ${goneNotice()}
        ${priceNotice()}
      </div>
      <section class="panel summary" aria-labelledby="summary">
        <h2 id="summary">${t("basket.summary")}</h2>
        ${summary()}
      </section>
      ${pay()}
    </div>`;
}

function basketLine({ product_id: id, name: told, quantity, unit_price: price }, at) {
  const item = { name: told ?? "", ...product(id), product_id: id };
  const name = productName(item) || t("basket.unknown");
  const error = [`/lines/${at}/quantity`, `/lines/${at}/product_id`, `/lines/${at}`]
    .map((pointer) => fieldError(ordering.problem, pointer, `line-${at}-error`)).find((found) => found !== nothing) ?? nothing;
  const set = (wish) => {
    typed();
    setQuantity(id, wish);
    ordering.reset();
  };
  return html`<li class="basket-line" data-gone=${item.gone ? "true" : "false"}>
    ${picture(item)}
    <div class="basket-what">
      <a href="#/product/${id}" lang=${productLanguage(item)}>${name}</a>
      <span class="quiet">${won(price.amount)} · ${item.stock === undefined && !item.gone ? "…" : stockText(item)}</span>
      ${error}
    </div>
    ${stepper({ id, quantity, set, name, shown, typing, typed, live, error: error === nothing ? nothing : `line-${at}-error` })}
    <strong class="basket-price">${won(price.amount * quantity)}</strong>
    <button class="button quiet" aria-label=${t("basket.remove-named", { name })}
      @click=${() => { takeOut(id); ordering.reset(); }}>${t("basket.remove")}</button>
  </li>`;
}

const goneLines = () => basket().filter((line) => product(line.product_id)?.gone);

function goneNotice() {
  const gone = goneLines();
  if (!gone.length) return nothing;
  const remove = () => gone.forEach((line) => takeOut(line.product_id));
  return html`<div class="note" role="status" data-notice="gone">
    <p class="note-title">${t("basket.gone")}</p>
    <button class="button" @click=${remove}>${t("basket.remove-gone")}</button>
  </div>`;
}

/** Seen before the order was rejected for it. */
function priceNotice() {
  const moved = changedPrices();
  if (!moved.length || ordering.problem?.code === "price-changed") return nothing;
  return html`<div class="note" role="status" data-notice="prices">
    <p class="note-title">${t("basket.prices-moved")}</p>
    <ul class="plain">${moved.map(({ product_id: id, unit_price: told }) => html`
      <li>${productName(product(id))}: <s>${won(told.amount)}</s> <strong>${won(product(id).price.amount)}</strong></li>`)}</ul>
    <button class="button" @click=${acceptPrices}>${t("basket.accept-prices")}</button>
  </div>`;
}

/** What the order costs: the goods, what the coupon takes off, what is to be paid, and how much of it the balance lacks. */
function costs() {
  const price = basketPrice();
  const chosen = usableCoupons.items.find((held) => held.coupon_id === basketCoupon());
  const off = chosen ? discountOf(chosen, price) : 0;
  const lacking = session.token && balance.value !== undefined ? Math.max(price - off - balance.value, 0) : 0;
  return { price, off, toPay: price - off, lacking };
}

function summary() {
  const { price, off, lacking } = costs();
  return html`
    ${session.token ? couponChoice(price) : nothing}
    <dl class="sums">
      <div><dt>${t("basket.list-price")}</dt><dd>${won(price)}</dd></div>
      ${off ? html`<div><dt>${t("basket.discount")}</dt><dd>${won(-off)}</dd></div>` : nothing}
      ${session.token ? html`<div class="quiet"><dt>${t("balance")}</dt><dd>${balance.value === undefined ? "…" : won(balance.value)}</dd></div>` : nothing}
    </dl>
    ${problemNote(balance.problem, { again: () => balance.run(), read: true })}
    ${lacking && ordering.problem?.code !== "insufficient-balance" ? html`<div class="note" role="status" data-notice="balance">
      <p id="lacking">${t("basket.lacking", { missing: won(lacking) })}</p></div>` : nothing}
    ${problemNote(ordering.problem, { again: () => ordering.run(), solved: () => ordering.reset() })}`;
}

/** The sum and the button. On a phone they stay in view. */
function pay() {
  const { toPay, lacking } = costs();
  return html`<section class="panel pay" aria-label=${t("basket.to-pay")}>
    <p class="sum"><span>${t("basket.to-pay")}</span> <strong>${won(toPay)}</strong></p>
    ${payButton(toPay, lacking)}
  </section>`;
}

function payButton(toPay, lacking) {
  if (!session.token) {
    return html`<p class="quiet">${t("basket.sign-in")}</p><button class="button primary wide" @click=${() => signIn()}>${t("sign-in")}</button>`;
  }
  if (lacking) {
    return html`<a class="button primary wide" href="#/wallet/${lacking}" aria-describedby="lacking">${t("basket.pay-in", { missing: won(lacking) })}</a>`;
  }
  return html`<button class="button primary wide" ?disabled=${ordering.running || goneLines().length > 0} @click=${() => ordering.run()}>
    ${ordering.running ? t("basket.ordering") : t("basket.order", { amount: won(toPay) })}</button>`;
}

function couponChoice(price) {
  const held = usableCoupons.items;
  const coupon = basketCoupon();
  if (!coupon && !held.length) return html`<p class="quiet"><a href="#/coupons">${t("basket.get-coupons")}</a></p>`;
  const error = fieldError(ordering.problem, "/coupon_id", "coupon-error");
  const choose = (event) => {
    chooseCoupon(event.target.value);
    ordering.reset();
  };
  return html`<label class="field">${t("basket.coupon")}
    <select name="coupon" .value=${live(coupon)} @change=${choose}
      aria-invalid=${error === nothing ? nothing : "true"} aria-describedby=${error === nothing ? nothing : "coupon-error"}>
      <option value="">${t("basket.no-coupon")}</option>
      ${coupon && !held.some((one) => one.coupon_id === coupon) ? html`<option value=${coupon} selected>${t("basket.coupon-chosen")}</option>` : nothing}
      ${held.map((one) => html`<option value=${one.coupon_id} ?selected=${one.coupon_id === coupon}>
        ${translated(one.name)} (${discountOf(one, price) ? won(-discountOf(one, price)) : discountText(one)})</option>`)}
    </select>
    ${error}
  </label>
  <p class="quiet"><a href="#/coupons">${t("basket.get-coupons")}</a></p>`;
}
