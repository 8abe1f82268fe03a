// One product: its sizes, and how many to buy.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { get } from "../api.js";
import { basket, MOST_OF_ONE } from "../basket.js";
import { splitName } from "../families.js";
import { count, won } from "../format.js";
import { t } from "../i18n.js";
import { picture } from "../pictures.js";
import { noteProducts, product } from "../products.js";
import { changed, Task } from "../store.js";
import { shown, typed, typing } from "../typing.js";
import { add } from "./add.js";
import { sizesOf } from "./market.js";
import { canBuy, stepper, stockText, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

const reading = new Task(async (id) => noteProducts([await get(`/v1/products/${encodeURIComponent(id)}`)]));
/** The others of the family: their names begin alike. */
const siblings = new Task(async (family) => (await get(`/v1/products?limit=20&name_prefix=${encodeURIComponent(`${family} `)}`)).data);
let quantity = 1;

export const title = (id) => product(id)?.name ?? t("page.market");

export async function enter(id) {
  reading.reset();
  siblings.reset();
  quantity = 1;
  await reading.run(id);
  const { family, size } = splitName(product(id)?.name ?? "");
  if (size && sizesOf(product(id)).length < 2) await siblings.run(family);
}

export function view(id) {
  const item = product(id);
  const isShown = item && !item.gone;
  return html`
    <p class="back"><a href="#/">← ${t("page.market")}</a></p>
    ${isShown ? nothing : html`<h1 tabindex="-1" class=${reading.problem ? "" : "hidden"}>${reading.problem ? t("page.market") : t("reading")}</h1>`}
    ${problemNote(reading.problem, { again: () => reading.run(id), read: true })}
    ${isShown ? details(item) : reading.problem ? nothing : waiting()}`;
}

function details(item) {
  const held = basket().find((line) => line.product_id === item.product_id);
  const set = (wish) => {
    typed();
    quantity = Math.min(Math.max(Math.trunc(wish) || 1, 1), MOST_OF_ONE);
    changed();
  };
  const buyNow = () => {
    add(item, quantity);
    location.hash = "#/basket";
  };
  return html`<article class="product">
    ${picture(item)}
    <div>
      <h1 tabindex="-1" lang="ko">${item.name}</h1>
      <p lang="ko">${item.description ?? ""}</p>
      <p class="price large">${won(item.price.amount)}</p>
      <p class="quiet">${stockText(item)}</p>
      ${sizes(item)}
      <p class="row">
        ${stepper({ id: "product", quantity, set, name: item.name, shown, typing, typed, live })}
        <button class="button primary" ?disabled=${!canBuy(item)} @click=${() => add(item, quantity)}>${t("basket.add")}</button>
        <button class="button" ?disabled=${!canBuy(item)} @click=${buyNow}>${t("basket.buy-now")}</button>
      </p>
      ${held ? html`<p><a href="#/basket">${t("basket.held", { units: count(held.quantity) })}</a></p>` : nothing}
    </div>
  </article>`;
}

function sizes(item) {
  const { family } = splitName(item.name);
  const known = sizesOf(item);
  const found = (siblings.value ?? []).map((one) => ({ ...one, ...splitName(one.name) })).filter((one) => one.family === family);
  const all = known.length > 1 ? known : found.sort((a, b) => a.price.amount - b.price.amount);
  if (all.length < 2) return nothing;
  return html`<ul class="chips sizes" aria-label=${t("product.sizes-of", { name: family })}>${all.map((one) => html`
    <li><a class="chip" lang="ko" href="#/product/${one.product_id}" aria-current=${one.product_id === item.product_id ? "true" : nothing}>
      ${one.size} <span class="quiet">${won(one.price.amount)}</span></a></li>`)}</ul>`;
}
