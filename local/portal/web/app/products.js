// What is known of single products: baskets name them by id only.

import { get } from "./api.js";
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
  await Promise.all([...new Set(ids)].map(read));
  changed();
}

async function read(id) {
  const reading = asked.get(id) ?? get(`/v1/products/${id}`);
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
