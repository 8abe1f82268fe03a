// Products: what is known of them, how they are named, and the families that they belong to. Baskets name products by id
// only.

import { read } from "./early.js";
import { language } from "./i18n.js";
import { changed } from "./store.js";

const known = new Map();
const asked = new Map();

/** The product as last seen, or undefined. */
export const product = (id) => known.get(id);

/** The name in the page's language, as far as the product has one. */
export const productName = ({ name, name_en: english }) => (language() === "en" && english) || name;

/** The language of that name. */
export const productLanguage = ({ name_en: english }) => (language() === "en" && english ? "en" : "ko");

/** The products of a family that have been seen and are on sale, by price. */
export const sizesOf = ({ family }) => (family ? [...known.values()] : [])
  .filter((item) => item.family === family && item.price && !item.gone && item.status !== "INACTIVE")
  .sort((a, b) => a.price.amount - b.price.amount);

/** A line of an order with what is known of its product, unless that has another name today. */
export function ordered(line) {
  const now = known.get(line.product_id);
  return now?.name === line.name ? { ...now, ...line } : line;
}

/** Reads products that have not been seen yet. */
export const readUnknown = (ids) => readProducts(ids.filter((id) => !known.has(id)));

/** Caches products that came with a list. */
export function noteProducts(products) {
  products.forEach((seen) => known.set(seen.product_id, { ...known.get(seen.product_id), ...seen }));
}

/** Reads products anew; one that cannot be read keeps what is known of it. */
export async function readProducts(ids) {
  await Promise.all([...new Set(ids)].map(readOne));
  changed();
}

async function readOne(id) {
  const reading = asked.get(id) ?? read(`/v1/products/${id}`);
  asked.set(id, reading);
  try {
    known.set(id, await reading);
  } catch (problem) {
    if (!problem.isProblem) throw problem;
    if (problem.code === "product-not-found") known.set(id, { product_id: id, gone: true });
  } finally {
    asked.delete(id);
  }
}

/*
 * Sizes of one thing are one card: a product says of which family and size it is. One without a family stands alone.
 */

const familyOf = ({ family, product_id: id }) => family ?? id;

/** `[{ key, first, items }]`: products by family, in the order in which the first of each comes; sizes by price. */
export function families(products) {
  const groups = new Map();
  for (const item of products) {
    const key = familyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  const byPrice = (items) => items.toSorted((a, b) => a.price.amount - b.price.amount);
  return [...groups].map(([key, items]) => ({ key, first: items[0], items: byPrice(items) }));
}

/**
 * How a family is named: `{ name, sizes, lang }`, a size for each of the items. Only names are translated, so an English
 * family is the words with which all its names begin, and a size is the rest.
 */
export function familyNames(items) {
  const sizes = items.map(({ size, name }) => size ?? name);
  const korean = { name: items[0].family, sizes, lang: "ko" };
  if (items.some((item) => productLanguage(item) !== "en")) return korean;
  const words = items.map((item) => item.name_en.split(" "));
  const differing = words[0].findIndex((word, at) => words.some((others) => others[at] !== word));
  const rests = words.map((all) => all.slice(differing).join(" "));
  if (differing < 1 || rests.includes("")) return korean;
  return { name: words[0].slice(0, differing).join(" "), sizes: rests, lang: "en" };
}
