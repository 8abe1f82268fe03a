// A flash sale, made by the public admin API: a campaign that opens in a few seconds, or a product with few units.

import { send } from "../api.js";
import { dayInSeoul } from "../format.js";
import { t } from "../i18n.js";
import { couponsSoldOut, productsSoldOut } from "../rush.js";

const won = (amount) => ({ amount, currency: "KRW" });
const PRICE = 9_900;
const OPEN_FOR_MS = 3_600_000;

/** `{ kind, id, name, total, opensAt }`. */
export async function putOnSale(kind, total, seconds) {
  const opensAt = Date.now() + seconds * 1_000;
  const made = kind === "coupon" ? await campaign(total, opensAt) : await product(total);
  return { kind, total, opensAt: kind === "coupon" ? opensAt : Date.now(), ...made };
}

async function campaign(total, opensAt) {
  const body = {
    name: t("flash.coupon-name", { total }),
    discount: { type: "PERCENT", percent: 30, max_amount: won(10_000) },
    total,
    opens_at: new Date(opensAt).toISOString(),
    closes_at: new Date(opensAt + OPEN_FOR_MS).toISOString(),
    valid_days: 1,
  };
  const { value } = await send("/v1/admin/coupons", { body, key: crypto.randomUUID() });
  return { id: value.coupon_id, name: value.name };
}

async function product(total) {
  const body = { name: t("flash.product-name", { day: dayInSeoul() }), price: won(PRICE), stock: total };
  const { value } = await send("/v1/admin/products", { body, key: crypto.randomUUID() });
  return { id: value.product_id, name: value.name };
}

/** One customer reaches for it. */
export async function reach(sale, token, key) {
  if (sale.kind === "coupon") return send(`/v1/coupons/${sale.id}/issues`, { token, key, soldOut: couponsSoldOut(sale.id) });
  await send("/v1/me/balance/deposits", { token, key: `${key}-deposit`, body: won(PRICE) });
  const lines = [{ product_id: sale.id, quantity: 1, unit_price: won(PRICE) }];
  return send("/v1/orders", { token, key, body: { lines }, soldOut: productsSoldOut(lines) });
}
