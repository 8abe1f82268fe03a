// Sizes of one thing are one card: a product says of which family and size it is. One without a family stands alone.

import { productLanguage } from "./products.js";

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
