// What the customer wants to buy, and at which prices she was told: an order is placed at these, or rejected. The basket
// is shared by all tabs, so it is read again before every change and before an order. Each customer of a browser has her
// own; whoever is not signed in has one that becomes the customer's when she signs in.
//
// A basket carries the Idempotency-Key to order it with. Every change makes a new key, so that two tabs with the same
// content order under the same key, and the shop places one order.

import { Problem } from "./problem.js";
import { product } from "./products.js";
import { session, whenSessionChanges } from "./session.js";
import { local } from "./storage.js";
import { changed } from "./store.js";
import { t } from "./i18n.js";

const STORAGE = "sijang.basket";
export const MOST_OF_ONE = 99;

const EMPTY = { lines: [], coupon: "", key: "" };

const place = () => (session.owner ? `${STORAGE}.${session.owner}` : STORAGE);

let kept = read();

window.addEventListener("storage", ({ key }) => {
  if (key === null || key === place()) look();
});
// A page that comes back from the browser's cache has missed the events.
window.addEventListener("pageshow", ({ persisted }) => persisted && look());

whenSessionChanges(() => {
  if (session.owner) takeOverGuestBasket();
  look();
});

function look() {
  kept = read();
  changed();
}

function read(from = place()) {
  const stored = local.read(from);
  const lines = Array.isArray(stored?.lines) ? stored.lines.filter(isLine) : [];
  if (!lines.length) return EMPTY;
  const text = (value) => (typeof value === "string" ? value : "");
  const sound = { lines, coupon: text(stored.coupon), key: text(stored.key) || crypto.randomUUID() };
  if (sound.key !== stored.key) local.write(from, sound);
  return sound;
}

function isLine(line) {
  const { product_id: id, quantity, unit_price: price } = line ?? {};
  return typeof id === "string" && Number.isInteger(quantity) && quantity > 0 && quantity <= MOST_OF_ONE
    && Number.isInteger(price?.amount);
}

function takeOverGuestBasket() {
  const guest = read(STORAGE);
  if (!guest.lines.length) return;
  local.remove(STORAGE);
  update(({ lines }) => ({ lines: guest.lines.reduce(withLine, lines) }));
}

function withLine(lines, added) {
  const held = lines.find((line) => line.product_id === added.product_id);
  if (!held) return [...lines, added];
  const quantity = Math.min(held.quantity + added.quantity, MOST_OF_ONE);
  return lines.map((line) => (line === held ? { ...line, quantity } : line));
}

function update(change) {
  const now = read();
  kept = { ...now, ...change(now), key: crypto.randomUUID() };
  local.write(place(), kept);
  changed();
}

export const basket = () => kept.lines;
export const unitsInBasket = () => kept.lines.reduce((sum, line) => sum + line.quantity, 0);
export const basketPrice = () => kept.lines.reduce((sum, line) => sum + line.quantity * line.unit_price.amount, 0);

/** The coupon to order with, or an empty text. */
export const basketCoupon = () => kept.coupon;

/** Puts units of a known product in. */
export function putInBasket(id, quantity = 1) {
  const { name, price } = product(id);
  update(({ lines }) => ({ lines: withLine(lines, { product_id: id, name, quantity, unit_price: price }) }));
}

export function setQuantity(id, wish) {
  const quantity = Math.min(Math.max(Math.trunc(wish) || 1, 1), MOST_OF_ONE);
  update(({ lines }) => ({ lines: lines.map((line) => (line.product_id === id ? { ...line, quantity } : line)) }));
}

export const takeOut = (id) => update(({ lines }) => ({ lines: lines.filter((line) => line.product_id !== id) }));
export const chooseCoupon = (coupon) => update(() => ({ coupon }));

/** The customer agrees to the prices of now. */
export const acceptPrices = () =>
  update(({ lines }) => ({
    lines: lines.map((line) => ({ ...line, unit_price: product(line.product_id)?.price ?? line.unit_price })),
  }));

/** Lines whose price is no longer what the customer was told. */
export const changedPrices = () =>
  kept.lines.filter(({ product_id: id, unit_price: told }) => {
    const now = product(id)?.price;
    return now && now.amount !== told.amount;
  });

/** The basket that the customer sees, as `{ key, body }` of an order. Throws when another tab has changed it since. */
export function basketToOrder() {
  const seen = kept;
  kept = read();
  if (kept.key !== seen.key) {
    changed();
    throw new Problem({ code: "basket-changed", status: 409, title: t("problem.basket-changed") });
  }
  const lines = kept.lines.map(({ product_id, quantity, unit_price }) => ({ product_id, quantity, unit_price }));
  return { key: kept.key, body: { lines, ...(kept.coupon ? { coupon_id: kept.coupon } : {}) } };
}

/** The order under `key` is placed: what it took leaves the basket. A replayed answer was counted when it first came. */
export function leaveBasket(key, lines, replayed) {
  if (read().key === key) return update(() => EMPTY);
  if (replayed) return look();
  const ordered = new Map(lines.map((line) => [line.product_id, line.quantity]));
  return update((now) => ({
    lines: now.lines
      .map((line) => ({ ...line, quantity: line.quantity - (ordered.get(line.product_id) ?? 0) }))
      .filter((line) => line.quantity > 0),
  }));
}

/** The order under `key` was rejected: the next attempt takes another key. */
export function renewKey(key) {
  if (read().key === key) update(() => ({}));
}
