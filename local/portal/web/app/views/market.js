// The front page: search, what sells best, and everything there is. Sizes of one thing are one card.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { get } from "../api.js";
import { families, splitName } from "../families.js";
import { count, won } from "../format.js";
import { t } from "../i18n.js";
import { List } from "../list.js";
import { picture } from "../pictures.js";
import { noteProducts } from "../products.js";
import { rename } from "../router.js";
import { finder } from "../search.js";
import { changed, Task } from "../store.js";
import { addButton } from "./add.js";
import { more, stockText } from "./parts.js";
import { problemNote } from "./problem.js";

/** A search reads the catalogue up to here; what is beyond is found by the beginning of its name only. */
const SEARCHED = 2_000;
const SKELETONS = 12;

export const catalogue = new List("/v1/products", { limit: 36, next: 100, seen: noteProducts });
const popular = new Task(() => get("/v1/products/popular"));
const beyond = new Task((prefix) => get(`/v1/products?limit=100&name_prefix=${encodeURIComponent(prefix)}`));

let query = "";
/** The size that is chosen on a card, by family. */
const chosen = new Map();

export const title = () => t("page.market");

export function enter(argument) {
  query = decoded(argument);
  popular.run();
  // Coming back from a product, the customer finds the list as long as she left it.
  if (!catalogue.isRead) catalogue.read().then(() => query && readAll());
}

function decoded(argument) {
  try {
    return decodeURIComponent(argument);
  } catch {
    return "";
  }
}

function search(text) {
  query = text;
  rename(query ? `#/search/${encodeURIComponent(query)}` : "#/");
  changed();
  readAll();
}

async function readAll() {
  if (!catalogue.isRead || catalogue.task.running) return;
  if (catalogue.hasMore && catalogue.items.length < SEARCHED) await catalogue.moreUntil(SEARCHED);
  if (catalogue.hasMore && query) {
    await beyond.run(query);
    noteProducts(beyond.value?.data ?? []);
  }
}

export function view() {
  const settled = catalogue.isRead && (popular.value || popular.problem);
  return html`
    <div class="hero">
      <h1 tabindex="-1">${t("market.welcome")}</h1>
      <p>${t("market.promise")}</p>
    </div>
    ${searchField()}
    ${query ? results() : settled || catalogue.task.problem ? stalls() : skeleton()}`;
}

const searchField = () => html`<form class="search" role="search" @submit=${(event) => event.preventDefault()}>
  <label class="hidden" for="search">${t("search")}</label>
  <input id="search" type="search" autocomplete="off" enterkeyhint="search" placeholder=${t("search.hint")}
    .value=${live(query)} @focus=${readAll} @input=${(event) => search(event.target.value)}>
</form>`;

function results() {
  const isFound = finder(query);
  const found = catalogue.items.filter(({ name }) => isFound(name));
  const known = new Set(found.map((item) => item.product_id));
  const more = catalogue.hasMore ? (beyond.value?.data ?? []).filter(({ product_id: id, name }) => !known.has(id) && isFound(name)) : [];
  const groups = families([...found, ...more]);
  const reading = catalogue.task.running || !catalogue.isRead;
  const told = reading && !groups.length ? t("reading") : groups.length ? t("search.found", { kinds: count(groups.length) }) : t("search.none", { query });
  return html`<section aria-labelledby="found">
    <h2 id="found" class="found" role="status">${told}</h2>
    ${problemNote(catalogue.task.problem, { again: catalogue.isRead ? readAll : catalogue.read, read: true })}
    <ul class="cards">${repeat(groups, ({ family }) => family, card)}</ul>
  </section>`;
}

function stalls() {
  const best = popular.value?.data ?? [];
  return html`
    ${best.length ? html`
      <section aria-labelledby="popular">
        <h2 id="popular">${t("market.popular")}</h2>
        <ol class="popular">${best.map(popularCard)}</ol>
      </section>` : nothing}
    <section aria-labelledby="all">
      <h2 id="all">${t("market.all")}</h2>
      ${problemNote(catalogue.task.problem, { again: catalogue.isRead ? catalogue.more : catalogue.read, read: true })}
      <ul class="cards">${repeat(complete(), ({ family }) => family, card)}</ul>
      ${more(catalogue)}
    </section>`;
}

/** The families that are read to their end: the list is sorted by name, so the last one may go on. */
function complete() {
  const groups = families(catalogue.items);
  return catalogue.hasMore && groups.length > 1 ? groups.slice(0, -1) : groups;
}

const skeleton = () => html`<section aria-labelledby="all">
  <h2 id="all">${t("market.all")}</h2>
  <p class="hidden" role="status">${t("reading")}</p>
  <ul class="cards" aria-hidden="true">${Array.from({ length: SKELETONS }, () => html`<li class="card skeleton">
    <span class="picture"></span><span class="bone"></span><span class="bone short"></span></li>`)}</ul>
</section>`;

function card({ family, items }) {
  const item = items.find(({ product_id: id }) => id === chosen.get(family)) ?? items.find(({ stock }) => stock > 0) ?? items[0];
  const choose = (id) => {
    chosen.set(family, id);
    changed();
  };
  return html`<li class="card" data-stock=${item.stock ? "some" : "none"}>
    <a href="#/product/${item.product_id}">
      ${picture(item)}
      <span class="card-name" lang="ko">${items.length > 1 ? family : item.name}</span>
    </a>
    ${items.length > 1 ? html`<div class="chips sizes" role="group" aria-label=${t("product.sizes-of", { name: family })}>${items.map((one) => html`
      <button class="chip" lang="ko" aria-pressed=${one === item ? "true" : "false"} @click=${() => choose(one.product_id)}>${one.size}</button>`)}</div>` : nothing}
    <p class="price">${won(item.price.amount)}</p>
    <p class="quiet">${stockText(item)}</p>
    ${addButton(item)}
  </li>`;
}

const popularCard = ({ rank, units_sold: units, product }) => html`<li>
  <a href="#/product/${product.product_id}">
    ${picture(product)}
    <span class="rank" aria-hidden="true">${rank}</span>
    <span class="card-name" lang="ko">${product.name}</span>
    <span class="quiet">${t("market.sold", { units: count(units) })}</span>
  </a>
</li>`;

/** The other sizes of a product, as far as they are known. */
export function sizesOf(item) {
  const { family, size } = splitName(item.name);
  if (!size) return [];
  return families(catalogue.items).find((group) => group.family === family)?.items ?? [];
}
