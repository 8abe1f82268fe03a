// The front page: search, what sells best, and everything there is. Sizes of one thing are one card. It is drawn before the
// rest of the application is there, so it imports nothing but what the first cards need.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { read } from "../early.js";
import { count, won } from "../format.js";
import { languageOf, t, translated } from "../i18n.js";
import { picture } from "../pictures.js";
import { families, familyNames, noteProducts, productLanguage, productName } from "../products.js";
import { changed, List, Task } from "../store.js";
import { canBuy, more, note, stockText } from "./parts.js";

/** The orders of the API, the usual one first. */
const SORTS = ["name", "popular", "newest", "price", "price-desc"];
/** Whoever types on within this time has not finished. */
const TYPING_MS = 150;
const SKELETONS = 12;

let asked = { q: "", category: "", sort: "" };
let typingEnds;
/** The size that is chosen on a card, and the card's element, by family. */
const chosen = new Map();
const places = new Map();

const found = new List(path, { limit: 36, next: 100, seen: noteProducts });
const popular = new Task(() => read("/v1/products/popular"));

/** What was asked for, without what was left empty. */
const parameters = () => new URLSearchParams(Object.entries(asked).filter(([, value]) => value));

/** The order is always named: only a search counts what there is. */
function path() {
  const all = parameters();
  if (!asked.q.trim()) all.delete("q");
  all.set("sort", asked.sort || SORTS[0]);
  return `/v1/products?${all}`;
}

const isSearch = () => Boolean(asked.q || asked.category || asked.sort);

export const title = () => t("page.market");

export function enter(argument) {
  const given = new URLSearchParams(argument);
  const sort = given.get("sort") ?? "";
  asked = { q: given.get("q") ?? "", category: given.get("category") ?? "", sort: SORTS.includes(sort) ? sort : "" };
  return enterAgain();
}

/** Coming back from a product, the customer finds the list as long as she left it. */
export const enterAgain = () => Promise.all([refresh(), popular.run()]);

/** Reads what is asked for, unless it is there. Another search that is being read is cancelled. */
function refresh() {
  return found.task.running || !found.isCurrent ? found.restart() : undefined;
}

/** Searches at once, or when she has typed to the end. */
function search(change, pause = 0) {
  asked = { ...asked, ...change };
  history.replaceState(history.state, "", isSearch() ? `#/search/${parameters()}` : "#/");
  changed();
  clearTimeout(typingEnds);
  typingEnds = setTimeout(refresh, pause);
}

export function view() {
  const settled = (found.isRead && (popular.value || popular.problem)) || found.task.problem;
  return html`
    <div class="hero">
      <h1 tabindex="-1">${t("market.welcome")}</h1>
      <p>${t("market.promise")}</p>
    </div>
    ${searchField()}
    ${settled ? html`${categories()}${isSearch() ? nothing : bestSellers()}${products()}` : skeleton()}`;
}

const searchField = () => html`<form class="search" role="search" @submit=${(event) => event.preventDefault()}>
  <label class="hidden" for="search">${t("search")}</label>
  <input id="search" type="search" autocomplete="off" enterkeyhint="search" maxlength="100" placeholder=${t("search.hint")}
    .value=${asked.q} @input=${(event) => search({ q: event.target.value }, TYPING_MS)}>
</form>`;

function categories() {
  const counted = found.page.categories ?? [];
  const isMissing = asked.category && !counted.some(({ category }) => category === asked.category);
  const all = isMissing ? [...counted, { category: asked.category, count: 0 }] : counted;
  const choice = (category, text, units = nothing) => html`<button class="chip" lang=${category ? languageOf(category) : nothing}
    aria-pressed=${category === asked.category ? "true" : "false"} @click=${() => search({ category })}>${text}${units}</button>`;
  return html`<div class="chips categories" role="group" aria-label=${t("market.categories")}>
    ${choice("", t("market.every-category"))}
    ${all.map(({ category, count: units }) => choice(category, translated(category), html` <span class="quiet">${count(units)}</span>`))}
  </div>`;
}

const sorting = () => html`<label class="field"><span class="hidden">${t("sort")}</span>
  <select id="sort" .value=${asked.sort || SORTS[0]} @change=${({ target }) => search({ sort: target.value === SORTS[0] ? "" : target.value })}>
    ${SORTS.map((sort) => html`<option value=${sort} ?selected=${sort === (asked.sort || SORTS[0])}>${t(`sort.${sort}`)}</option>`)}
  </select>
</label>`;

function bestSellers() {
  const best = popular.value?.data ?? [];
  if (!best.length) return nothing;
  return html`<section aria-labelledby="popular">
    <h2 id="popular">${t("market.popular")}</h2>
    <ol class="popular">${best.map(popularCard)}</ol>
  </section>`;
}

function products() {
  const { problem } = found.task;
  const isShown = found.isCurrent || !problem;
  return html`<section aria-labelledby="found" aria-busy=${found.isCurrent ? "false" : "true"}>
    <div class="found"><h2 id="found"><span role="status">${told(problem)}</span></h2>${sorting()}</div>
    ${note(problem, { again: found.again, read: true })}
    ${isShown ? html`<ul class="cards">${complete().map(cardOf)}</ul>${more(found)}` : nothing}
  </section>`;
}

function told(problem) {
  if (!found.isCurrent) return problem ? t("search") : t("reading");
  const { total } = found.page;
  if (!isSearch()) return `${t("market.all")} (${count(total)})`;
  return total ? t("search.found", { units: count(total) }) : t("search.none", { query: asked.q || translated(asked.category) });
}

/** The families that are read to their end: in a list by name, the last one may go on. */
function complete() {
  const groups = families(found.items);
  return found.hasMore && !asked.sort && groups.length > 1 ? groups.slice(0, -1) : groups;
}

const skeleton = () => html`<section aria-labelledby="all">
  <h2 id="all">${t("market.all")}</h2>
  <p class="hidden" role="status">${t("reading")}</p>
  <ul class="cards" aria-hidden="true">${Array.from({ length: SKELETONS }, () => html`<li class="card skeleton">
    <span class="picture"></span><span class="bone"></span><span class="bone short"></span></li>`)}</ul>
</section>`;

/** The size that is shown: the chosen one, the one that the order puts here, or the cheapest that is in stock. */
function shownOf({ key, first, items }) {
  const wished = items.find(({ product_id: id }) => id === chosen.get(key));
  const sorted = asked.sort && first.stock > 0 ? first : undefined;
  return wished ?? sorted ?? items.find(({ stock }) => stock > 0) ?? items[0];
}

/** The element of a family's card. It is the card's wherever that stands: its picture is never that of another one. */
function cardOf(family) {
  const { key } = family;
  if (!places.has(key)) places.set(key, Object.assign(document.createElement("li"), { className: "card" }));
  const place = places.get(key);
  const item = shownOf(family);
  place.dataset.stock = item.stock ? "some" : "none";
  render(card(item, family), place);
  return place;
}

function card(item, family) {
  const { key, items } = family;
  const choose = (id) => {
    chosen.set(key, id);
    changed();
  };
  const isFamily = items.length > 1;
  const { name, sizes, lang } = familyNames(items);
  return html`
    <a href="#/product/${item.product_id}">
      ${picture(item)}
      <span class="card-name" lang=${isFamily ? lang : productLanguage(item)}>${isFamily ? name : productName(item)}</span>
    </a>
    ${isFamily ? html`<div class="chips sizes" role="group" aria-label=${t("product.sizes-of", { name })}>${items.map((one, at) => html`
      <button class="chip" lang=${lang} aria-pressed=${one === item ? "true" : "false"} @click=${() => choose(one.product_id)}>${sizes[at]}</button>`)}</div>` : nothing}
    <p class="price">${won(item.price.amount)}</p>
    <p class="quiet">${stockText(item)}</p>
    <button class="button" ?disabled=${!canBuy(item)} aria-label=${t("basket.add-named", { name: productName(item) })}
      @click=${() => add(item)}>${t("basket.add")}</button>`;
}

const add = async (item) => (await import("./add.js")).add(item);

const popularCard = ({ rank, units_sold: units, product }) => html`<li>
  <a href="#/product/${product.product_id}">
    ${picture(product)}
    <span class="rank" aria-hidden="true">${rank}</span>
    <span class="card-name" lang=${productLanguage(product)}>${productName(product)}</span>
    <span class="quiet">${t("market.sold", { units: count(units) })}</span>
  </a>
</li>`;
