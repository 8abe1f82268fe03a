// What the shop keeps for whoever is signed in, wherever on the pages it is shown.

import { get } from "./api.js";
import { readUnknown } from "./products.js";
import { session, whenSessionChanges } from "./session.js";
import { changed, List, Task } from "./store.js";

export const balance = new Task(async () => (await get("/v1/me/balance")).balance.amount);
export const usableCoupons = new List("/v1/me/coupons?status=USABLE", { limit: 100 });
export const ledger = new List("/v1/me/balance/transactions", { limit: 10 });
export const orders = new List("/v1/orders", {
  limit: 10,
  seen: (page) => {
    page.forEach(noteOrder);
    readUnknown(page.flatMap(({ lines }) => lines.map((line) => line.product_id)));
  },
});

const known = new Map();

/** The order as last seen, or undefined. */
export const order = (id) => known.get(id);

/** Keeps an order that came with an answer, and shows it wherever it stands. Answers to commands have no names. */
export function noteOrder(seen) {
  const named = known.get(seen.order_id)?.lines ?? [];
  known.set(seen.order_id, { ...seen, lines: seen.lines.map((line, at) => ({ ...named[at], ...line })) });
  changed();
}

whenSessionChanges(() => {
  known.clear();
  [balance, usableCoupons, ledger, orders].forEach((kept) => kept.reset());
  if (session.token) balance.run();
});
