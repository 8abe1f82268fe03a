// The front page: what sells best, what can be grabbed, and everything there is.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { get } from "../api.js";
import { bojagi } from "../bojagi.js";
import { putInBasket } from "../basket.js";
import { count, won } from "../format.js";
import { t } from "../i18n.js";
import { List } from "../list.js";
import { noteProducts } from "../products.js";
import { Task } from "../store.js";
import { canBuy, more, stockText, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

const catalogue = new List("/v1/products", { limit: 24, seen: noteProducts });
const popular = new Task(() => get("/v1/products/popular"));

export const title = () => t("page.market");

export function enter() {
  popular.run();
  // Coming back from a product, the customer finds the list as long as she left it.
  if (!catalogue.isRead) catalogue.read();
}

export function view() {
  const best = popular.value?.data ?? [];
  return html`
    <div class="hero">
      <h1 tabindex="-1">${t("market.welcome")}</h1>
      <p>${t("market.promise")}</p>
    </div>
    ${best.length ? html`
      <section aria-labelledby="popular">
        <h2 id="popular">${t("market.popular")}</h2>
        <ol class="popular">${best.map(popularCard)}</ol>
      </section>` : nothing}
    <section aria-labelledby="all">
      <h2 id="all">${t("market.all")}</h2>
      ${problemNote(catalogue.task.problem, { again: catalogue.read })}
      ${catalogue.isRead ? nothing : waiting()}
      <ul class="cards">${repeat(catalogue.items, (item) => item.product_id, card)}</ul>
      ${more(catalogue)}
    </section>`;
}

const card = (item) => html`<li class="card">
  <a href="#/product/${item.product_id}">
    ${bojagi(item)}
    <span class="card-name" lang="ko">${item.name}</span>
  </a>
  <p class="price">${won(item.price.amount)}</p>
  <p class="quiet">${stockText(item)}</p>
  <button class="button" ?disabled=${!canBuy(item)} aria-label=${t("basket.add-named", { name: item.name })}
    @click=${() => putInBasket(item.product_id)}>${t("basket.add")}</button>
</li>`;

const popularCard = ({ rank, units_sold: units, product }) => html`<li>
  <a href="#/product/${product.product_id}">
    ${bojagi(product)}
    <span class="rank" aria-hidden="true">${rank}</span>
    <span class="card-name" lang="ko">${product.name}</span>
    <span class="quiet">${t("market.sold", { units: count(units) })}</span>
  </a>
</li>`;
