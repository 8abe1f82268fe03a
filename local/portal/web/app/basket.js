// What the customer wants to buy, and at which prices she was told: an order is placed at these, or rejected. Nothing in
// it is secret; it outlives a reload and a rejected order.

import { product } from "./products.js";
import { changed } from "./store.js";

const STORAGE = "sijang.basket";
export const MOST_OF_ONE = 99;

const EMPTY = { lines: [], coupon: "" };

let kept = JSON.parse(localStorage.getItem(STORAGE)) ?? EMPTY;

export const basket = () => kept.lines;
export const unitsInBasket = () => kept.lines.reduce((sum, line) => sum + line.quantity, 0);
export const basketPrice = () => kept.lines.reduce((sum, line) => sum + line.quantity * line.unit_price.amount, 0);

/** The coupon to order with, or an empty text. */
export const basketCoupon = () => kept.coupon;

function keep(next) {
  kept = { ...kept, ...next };
  localStorage.setItem(STORAGE, JSON.stringify(kept));
  changed();
}

export function putInBasket(id) {
  const held = kept.lines.find((line) => line.product_id === id);
  if (held) return setQuantity(id, held.quantity + 1);
  return keep({ lines: [...kept.lines, { product_id: id, quantity: 1, unit_price: product(id).price }] });
}

export function setQuantity(id, wish) {
  const quantity = Math.min(Math.max(Math.trunc(wish) || 1, 1), MOST_OF_ONE);
  keep({ lines: kept.lines.map((line) => (line.product_id === id ? { ...line, quantity } : line)) });
}

export const takeOut = (id) => keep({ lines: kept.lines.filter((line) => line.product_id !== id) });
export const chooseCoupon = (coupon) => keep({ coupon });
export const emptyBasket = () => keep(EMPTY);

/** The customer agrees to the prices of now. */
export const acceptPrices = () =>
  keep({ lines: kept.lines.map((line) => ({ ...line, unit_price: product(line.product_id)?.price ?? line.unit_price })) });

/** Lines whose price is no longer what the customer was told. */
export const changedPrices = () =>
  kept.lines.filter(({ product_id: id, unit_price: told }) => {
    const now = product(id)?.price;
    return now && now.amount !== told.amount;
  });
