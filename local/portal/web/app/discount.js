// What a coupon would take off: an estimate to choose by. What is charged, the shop decides.

import { t } from "./i18n.js";
import { won } from "./format.js";

/** As the shop counts: floored to the won, capped, never above the list price; 0 below the minimum order. */
export function discountOf({ discount, minimum_order: minimum }, price) {
  if (price < (minimum?.amount ?? 0)) return 0;
  const wished = discount.type === "FIXED"
    ? discount.amount.amount
    : Math.min(Math.floor((price * discount.percent) / 100), discount.max_amount?.amount ?? Infinity);
  return Math.min(wished, price);
}

/** `3,000원 할인`, `10% 할인, 최대 5,000원`. */
export function discountText({ discount }) {
  if (discount.type === "FIXED") return t("coupon.fixed", { amount: won(discount.amount.amount) });
  const most = discount.max_amount;
  return t(most ? "coupon.percent-capped" : "coupon.percent", { percent: discount.percent, most: most && won(most.amount) });
}

export const minimumText = ({ minimum_order: minimum }) =>
  minimum?.amount ? t("coupon.minimum", { amount: won(minimum.amount) }) : t("coupon.no-minimum");
