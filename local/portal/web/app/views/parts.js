// Small pieces that several pages are made of.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { MOST_OF_ONE } from "../basket.js";
import { count } from "../format.js";
import { t } from "../i18n.js";
import { cameFrom } from "../router.js";
import { signIn } from "../session.js";

/** The page's heading; it takes the focus when the page is opened, so that readers of the screen hear where they are. */
export const heading = (text, aside = nothing) =>
  html`<header class="page-head"><h1 tabindex="-1">${text}</h1>${aside}</header>`;

export const askToSignIn = (reason, options = {}) => html`
  <section class="panel empty">
    <p>${reason}</p>
    <button class="button primary" @click=${() => signIn(options)}>${t("sign-in")}</button>
  </section>`;

/** The way back to a list. A customer who came from it finds its search and her place again. */
export const backLink = (pages, text) => html`<p class="back"><a href="#/${pages[0]}" @click=${(event) => {
  if (event.ctrlKey || event.metaKey || !pages.includes(cameFrom())) return;
  event.preventDefault();
  history.back();
}}>← ${text}</a></p>`;

export const empty = (text, link = nothing) => html`<section class="panel empty"><p>${text}</p>${link}</section>`;

export const waiting = () => html`<p class="waiting" role="status">${t("reading")}</p>`;

/** `Show more`, as long as there is more. */
export const more = (list) => list.hasMore
  ? html`<p class="more"><button class="button" ?disabled=${list.task.running} @click=${list.more}>${t("more")}</button></p>`
  : nothing;

/** A quantity, to type or to count up and down. `error` is the id of what is said to be wrong with it. */
export const stepper = ({ id, quantity, set, name, shown, typing, typed, live, error = nothing }) => html`
  <span class="stepper" role="group" aria-label=${t("basket.quantity-of", { name })}>
    <button type="button" class="button" ?disabled=${quantity <= 1} aria-label=${t("basket.fewer")} @click=${() => set(quantity - 1)}>−</button>
    <input inputmode="numeric" aria-label=${t("basket.quantity")} .value=${live(shown(id, quantity))} @input=${typing(id)} @blur=${typed}
      aria-invalid=${error === nothing ? nothing : "true"} aria-describedby=${error} @change=${(event) => set(Number(event.target.value))}>
    <button type="button" class="button" ?disabled=${quantity >= MOST_OF_ONE} aria-label=${t("basket.more")} @click=${() => set(quantity + 1)}>+</button>
  </span>`;

export function stockText({ stock, status, gone }) {
  if (gone) return t("stock.gone");
  if (status === "INACTIVE") return t("stock.not-sold");
  if (stock === 0) return t("stock.none");
  return stock <= 5 ? t("stock.last", { units: count(stock) }) : t("stock.some", { units: count(stock) });
}

export const canBuy = ({ stock, status, gone }) => !gone && status !== "INACTIVE" && stock > 0;
