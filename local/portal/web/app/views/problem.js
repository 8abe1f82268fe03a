// A problem as a person wants to read it: what happened, in figures where there are some, and what can be done now.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { acceptPrices, setQuantity, takeOut } from "../basket.js";
import { count, dateTime, until, won } from "../format.js";
import { t, translated } from "../i18n.js";
import { product, productName } from "../products.js";
import { signIn } from "../session.js";
import { note } from "./parts.js";

/** The note, as in `parts.js`; `solved` is called when the customer has put the cause right. */
export const problemNote = (problem, { solved = () => {}, ...options } = {}) =>
  note(problem, { ...options, told: problem && MORE[problem.code]?.(problem.details, solved) });

/** What is wrong with one field, to stand beside it. */
export const fieldError = (problem, pointer, id) => {
  const detail = problem?.at(pointer);
  return detail ? html`<span class="field-error" id=${id}>${detail}</span>` : nothing;
};

const nameOf = (id) => (product(id) ? productName(product(id)) : id);

const button = (text, act, solved) => html`<button class="button" @click=${() => { act(); solved(); }}>${text}</button>`;

const MORE = {
  "insufficient-stock": ({ shortages }, solved) => html`<ul class="plain">${shortages.map(({ product_id: id, requested, available }) => html`
    <li>
      <span>${t("problem.short-stock", { name: nameOf(id), requested: count(requested), available: count(available) })}</span>
      ${available > 0
        ? button(t("problem.take-rest", { available: count(available) }), () => setQuantity(id, available), solved)
        : button(t("basket.remove"), () => takeOut(id), solved)}
    </li>`)}</ul>`,

  "price-changed": ({ changes }, solved) => html`
    <ul class="plain">${changes.map(({ product_id: id, quoted, current }) => html`
      <li>${nameOf(id)}: <s>${won(quoted.amount)}</s> <strong>${won(current.amount)}</strong></li>`)}</ul>
    ${button(t("basket.accept-prices"), acceptPrices, solved)}`,

  "insufficient-balance": ({ balance, required }) => html`
    <p>${t("problem.short-balance", { required: won(required.amount), balance: won(balance.amount) })}</p>
    <a class="button" href="#/wallet/${required.amount - balance.amount}">${t("problem.pay-in", { missing: won(required.amount - balance.amount) })}</a>`,

  "product-inactive": ({ products }, solved) => html`<ul class="plain">${products.map((id) => html`
    <li>${nameOf(id)} ${button(t("basket.remove"), () => takeOut(id), solved)}</li>`)}</ul>`,

  "coupon-minimum-not-met": ({ minimum_order: minimum, list_price: price }) => html`
    <p>${t("problem.below-minimum", { minimum: won(minimum.amount), missing: won(minimum.amount - price.amount) })}</p>`,

  "balance-limit-exceeded": ({ balance, limit }) => html`
    <p>${t("problem.limit", { limit: won(limit.amount), room: won(Math.max(limit.amount - balance.amount, 0)) })}</p>`,

  "cancellation-period-over": ({ ended_at: at }) => html`<p>${t("problem.cancellable", { at: until(at) })}</p>`,
  "coupon-expired": ({ expired_at: at }) => html`<p>${t("problem.expired", { at: until(at) })}</p>`,
  "coupon-not-open": ({ opens_at: at }) => html`<p>${t("problem.opens", { at: dateTime(at) })}</p>`,
  "coupon-closed": ({ closed_at: at }) => html`<p>${t("problem.closed", { at: until(at) })}</p>`,
  "coupon-already-issued": ({ coupon }) => html`<p>${t("problem.held", { name: translated(coupon.name), at: dateTime(coupon.issued_at) })}</p>`,
  "signed-out": () => html`<button class="button" @click=${() => signIn()}>${t("sign-in")}</button>`,
};
