// One product: its sizes, how many to buy, and others of its category.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { get } from "../api.js";
import { basket, MOST_OF_ONE } from "../basket.js";
import { count, won } from "../format.js";
import { languageOf, t, translated } from "../i18n.js";
import { picture } from "../pictures.js";
import { families, familyNames, noteProducts, product, productLanguage, productName, sizesOf } from "../products.js";
import { changed, Task } from "../store.js";
import { shown, typed, typing } from "../typing.js";
import { add } from "./add.js";
import { backLink, stepper } from "./controls.js";
import { canBuy, stockText, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

const reading = new Task(async (id) => noteProducts([await get(`/v1/products/${encodeURIComponent(id)}`)]));
/** The other sizes: the name of each has that of the family. */
const siblings = new Task((family) => search({ q: family, sort: "price", limit: 100 }));
const related = new Task((category) => search({ category, sort: "popular", limit: 36 }));
/** How many things of the category are shown. */
const RELATED = 6;
let quantity = 1;

async function search(parameters) {
  const { data } = await get(`/v1/products?${new URLSearchParams(parameters)}`);
  noteProducts(data);
  return data;
}

const seen = (id) => product(id) ?? {};

export const title = (id) => productName(seen(id)) ?? t("page.market");

export async function enter(id) {
  [reading, siblings, related].forEach((task) => task.reset());
  quantity = 1;
  await reading.run(id);
  const { family, category } = seen(id);
  if (family) siblings.run(family);
  if (category) related.run(category);
}

export function view(id) {
  const item = product(id);
  const isShown = item && !item.gone;
  return html`
    ${backLink(["", "search"], t("page.market"))}
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
  const name = productName(item);
  return html`<article class="product">
    ${picture(item)}
    <div>
      <h1 tabindex="-1" lang=${productLanguage(item)}>${name}</h1>
      <p lang="ko">${item.description ?? ""}</p>
      <p class="price large">${won(item.price.amount)}</p>
      <p class="quiet">${stockText(item)}</p>
      ${sizes(item)}
      <p class="row">
        ${stepper({ id: "product", quantity, set, name, shown, typing, typed, live })}
        <button class="button primary" ?disabled=${!canBuy(item)} @click=${() => add(item, quantity)}>${t("basket.add")}</button>
        <button class="button" ?disabled=${!canBuy(item)} @click=${buyNow}>${t("basket.buy-now")}</button>
      </p>
      ${held ? html`<p><a href="#/basket">${t("basket.held", { units: count(held.quantity) })}</a></p>` : nothing}
    </div>
  </article>
  ${others(item)}`;
}

function sizes(item) {
  const all = sizesOf(item);
  if (all.length < 2) return nothing;
  const { name, sizes: names, lang } = familyNames(all);
  return html`<ul class="chips sizes" aria-label=${t("product.sizes-of", { name })}>${all.map((one, at) => html`
    <li><a class="chip" lang=${lang} href="#/product/${one.product_id}" aria-current=${one.product_id === item.product_id ? "true" : nothing}>
      ${names[at]} <span class="quiet">${won(one.price.amount)}</span></a></li>`)}</ul>`;
}

/** Others of the category, one of each family. */
function others({ product_id: id, family, category }) {
  const things = families((related.value ?? []).filter((one) => one.product_id !== id && (!family || one.family !== family)));
  if (!things.length) return nothing;
  return html`<section class="related" aria-labelledby="related">
    <h2 id="related">${t("product.related")} <span lang=${languageOf(category)}>${translated(category)}</span></h2>
    <ul class="cards">${things.slice(0, RELATED).map(({ items: [one] }) => html`<li class="card">
      <a href="#/product/${one.product_id}">
        ${picture(one)}
        <span class="card-name" lang=${productLanguage(one)}>${productName(one)}</span>
      </a>
      <p class="price">${won(one.price.amount)}</p>
    </li>`)}</ul>
  </section>`;
}
