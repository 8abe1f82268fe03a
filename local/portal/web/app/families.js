// Sizes of one thing are one card: a product says of which family and size it is. One without a family stands alone.

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

/** What a chip says. */
export const sizeText = ({ size, name }) => size ?? name;
