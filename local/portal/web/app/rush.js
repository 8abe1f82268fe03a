// A rush: before a command is sent, the public view of the product or the campaign is looked at. Caches answer with it for a
// second, so that customers who come too late are told at once, and cost the shop nothing. The view decides nothing else:
// where there is some left by it, or no view, the command is sent.

import { look } from "./api.js";
import { Problem } from "./problem.js";
import { noteProducts, product } from "./products.js";
import { t } from "./i18n.js";

const rejection = (code, details) => new Problem({ code, status: 409, title: t(`problem.${code}`), ...details });

/** For a coupon of a campaign: `soldOut` of `send`. */
export const couponsSoldOut = (id) => async () => {
  const campaign = await look(`/v1/coupons/${id}`);
  return campaign?.remaining === 0 ? rejection("coupon-sold-out") : undefined;
};

/** The same for an order. Before the first try, products that were seen with units are not looked at. */
export const productsSoldOut = (lines) => async (tried) => {
  const doubtful = lines.filter(({ product_id: id }) => tried > 1 || !(product(id)?.stock > 0));
  const views = await Promise.all(doubtful.map(({ product_id: id }) => look(`/v1/products/${id}`)));
  noteProducts(views.filter(Boolean));
  const shortages = doubtful
    .filter((_, at) => views[at]?.stock === 0)
    .map(({ product_id, quantity }) => ({ product_id, requested: quantity, available: 0 }));
  return shortages.length ? rejection("insufficient-stock", { shortages }) : undefined;
};
