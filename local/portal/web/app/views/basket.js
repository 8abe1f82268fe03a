// The basket and the order. Prices are looked at again while the customer looks at them; if one moved all the same, the
// shop rejects, and the basket is as it was.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { attempt } from "../attempt.js";
import {
  acceptPrices, basket, basketCoupon, basketPrice, changedPrices, chooseCoupon, emptyBasket, MOST_OF_ONE, setQuantity,
  takeOut,
} from "../basket.js";
import { bojagi } from "../bojagi.js";
import { discountOf, discountText } from "../discount.js";
import { count, won } from "../format.js";
import { t } from "../i18n.js";
import { balance, usableCoupons } from "../me.js";
import { noteProducts, product, readProducts } from "../products.js";
import { session, signIn } from "../session.js";
import { Task } from "../store.js";
import { shown, typed, typing } from "../typing.js";
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
  const coupon = basketCoupon();
  const body = { lines: basket(), ...(coupon ? { coupon_id: coupon } : {}) };
  try {
    await attempt("order", "/v1/orders", body);
  } catch (problem) {
    if (problem.code === "price-changed") noteProducts(problem.details.changes.map(newPrice));
    throw problem;
  }
  emptyBasket();
  balance.run();
  location.hash = "#/orders/placed";
}

const newPrice = ({ product_id: id, current }) => ({ product_id: id, price: current });

export function view() {
  const lines = basket();
  if (!lines.length) {
    return html`${heading(t("page.basket"))}${empty(t("basket.empty"), html`<a class="button" href="#/">${t("page.market")}</a>`)}`;
  }
  return html`
    ${heading(t("page.basket"))}
    <div class="basket">
      <div>
        <ul class="basket-lines">${repeat(lines, (line) => line.product_id, basketLine)}</ul>
        ${priceNotice()}
      </div>
      <section class="panel summary" aria-labelledby="summary">
        <h2 id="summary">${t("basket.summary")}</h2>
        ${session.token ? summary() : html`<p>${t("basket.sign-in")}</p>
          <button class="button primary" @click=${() => signIn()}>${t("sign-in")}</button>`}
      </section>
    </div>`;
}

function basketLine({ product_id: id, quantity, unit_price: told }, at) {
  const item = product(id) ?? { product_id: id };
  const error = [`/lines/${at}/quantity`, `/lines/${at}/product_id`, `/lines/${at}`]
    .map((pointer) => fieldError(ordering.problem, pointer, `line-${at}-error`)).find((found) => found !== nothing) ?? nothing;
  const set = (wish) => {
    typed();
    setQuantity(id, wish);
    ordering.reset();
  };
  return html`<li class="basket-line">
    ${bojagi(item)}
    <div class="basket-what">
      <a href="#/product/${id}" lang="ko">${item.name ?? "…"}</a>
      <span class="quiet">${won(told.amount)} · ${item.stock === undefined ? "…" : stockText(item)}</span>
      ${error}
    </div>
    <div class="stepper" role="group" aria-label=${t("basket.quantity-of", { name: item.name ?? "" })}>
      <button class="button" ?disabled=${quantity <= 1} aria-label=${t("basket.fewer")} @click=${() => set(quantity - 1)}>−</button>
      <input inputmode="numeric" aria-label=${t("basket.quantity")} .value=${live(shown(id, quantity))} @input=${typing(id)} @blur=${typed}
        aria-invalid=${error === nothing ? nothing : "true"} aria-describedby=${error === nothing ? nothing : `line-${at}-error`}
        @change=${(event) => set(Number(event.target.value))}>
      <button class="button" ?disabled=${quantity >= MOST_OF_ONE} aria-label=${t("basket.more")} @click=${() => set(quantity + 1)}>+</button>
    </div>
    <strong class="basket-price">${won(told.amount * quantity)}</strong>
    <button class="button quiet" aria-label=${t("basket.remove-named", { name: item.name ?? "" })}
      @click=${() => { takeOut(id); ordering.reset(); }}>${t("basket.remove")}</button>
  </li>`;
}

/** Seen before the order was rejected for it. */
function priceNotice() {
  const moved = changedPrices();
  if (!moved.length || ordering.problem?.code === "price-changed") return nothing;
  return html`<div class="note" role="status" data-notice="prices">
    <p class="note-title">${t("basket.prices-moved")}</p>
    <ul class="plain">${moved.map(({ product_id: id, unit_price: told }) => html`
      <li>${product(id).name}: <s>${won(told.amount)}</s> <strong>${won(product(id).price.amount)}</strong></li>`)}</ul>
    <button class="button" @click=${acceptPrices}>${t("basket.accept-prices")}</button>
  </div>`;
}

function summary() {
  const price = basketPrice();
  const chosen = usableCoupons.items.find((held) => held.coupon_id === basketCoupon());
  const off = chosen ? discountOf(chosen, price) : 0;
  return html`
    ${couponChoice(price)}
    <dl class="sums">
      <div><dt>${t("basket.list-price")}</dt><dd>${won(price)}</dd></div>
      ${off ? html`<div><dt>${t("basket.discount")}</dt><dd>${won(-off)}</dd></div>` : nothing}
      <div class="sum"><dt>${t("basket.to-pay")}</dt><dd>${won(price - off)}</dd></div>
      ${balance.value === undefined ? nothing : html`<div class="quiet"><dt>${t("balance")}</dt><dd>${won(balance.value)}</dd></div>`}
    </dl>
    <button class="button primary wide" ?disabled=${ordering.running} @click=${() => ordering.run()}>
      ${ordering.running ? t("basket.ordering") : t("basket.order", { amount: won(price - off) })}</button>
    ${problemNote(ordering.problem, { again: () => ordering.run(), solved: () => ordering.reset() })}`;
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
        ${one.name} (${discountOf(one, price) ? won(-discountOf(one, price)) : discountText(one)})</option>`)}
    </select>
    ${error}
  </label>
  <p class="quiet"><a href="#/coupons">${t("basket.get-coupons")}</a></p>`;
}
