// One product.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { get } from "../api.js";
import { bojagi } from "../bojagi.js";
import { basket, putInBasket } from "../basket.js";
import { count, won } from "../format.js";
import { t } from "../i18n.js";
import { noteProducts, product } from "../products.js";
import { Task } from "../store.js";
import { canBuy, stockText, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

const reading = new Task(async (id) => noteProducts([await get(`/v1/products/${encodeURIComponent(id)}`)]));

export const title = (id) => product(id)?.name ?? t("page.market");

export function enter(id) {
  reading.reset();
  reading.run(id);
}

export function view(id) {
  const item = product(id);
  const held = basket().find((line) => line.product_id === id);
  return html`
    <p class="back"><a href="#/">← ${t("page.market")}</a></p>
    ${problemNote(reading.problem, { again: () => reading.run(id) })}
    ${item ? html`<article class="product">
      ${bojagi(item)}
      <div>
        <h1 tabindex="-1" lang="ko">${item.name}</h1>
        ${item.description ? html`<p lang="ko">${item.description}</p>` : nothing}
        <p class="price large">${won(item.price.amount)}</p>
        <p class="quiet">${stockText(item)}</p>
        <p class="row">
          <button class="button primary" ?disabled=${!canBuy(item)} @click=${() => putInBasket(id)}>${t("basket.add")}</button>
          ${held ? html`<a class="button" href="#/basket">${t("basket.held", { units: count(held.quantity) })}</a>` : nothing}
        </p>
      </div>
    </article>` : reading.problem ? nothing : waiting()}`;
}
