// Putting something into the basket, and telling of it: on the page, and to readers of the screen.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { putInBasket, unitsInBasket } from "../basket.js";
import { count } from "../format.js";
import { t } from "../i18n.js";
import { productName } from "../products.js";
import { changed } from "../store.js";

const SHOWN_MS = 6_000;

let added = null;
let hiding;

export function add(item, quantity = 1) {
  putInBasket(item.product_id, quantity);
  added = productName(item);
  clearTimeout(hiding);
  hiding = setTimeout(hideAdded, SHOWN_MS);
}

export function hideAdded() {
  clearTimeout(hiding);
  added = null;
  changed();
}

/** What was added last. Its region is always there, for a reader of the screen hears only what changes in it. */
export const addedNote = () => html`<div class="toast" role="status" data-added>${added === null ? nothing : html`
  <span>${t("basket.added", { name: added, units: count(unitsInBasket()) })}</span>
  <a href="#/basket">${t("basket.see")}</a>`}</div>`;
