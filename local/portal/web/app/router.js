// Pages by the address's fragment: nothing has to be configured where the files are served from.

import { config } from "./config.js";
import { changed } from "./store.js";
import * as basket from "./views/basket.js";
import * as coupons from "./views/coupons.js";
import * as flash from "./views/flash.js";
import * as market from "./views/market.js";
import * as operations from "./views/operations.js";
import * as orders from "./views/orders.js";
import * as product from "./views/product.js";
import * as wallet from "./views/wallet.js";

/** By name; made when the configuration is known. */
const pages = () => ({ "": market, product, coupons, basket, orders, wallet, ...(config.local ? { flash, operations } : {}) });

export const route = { name: "", page: market, argument: "" };

/** Goes where the address points, now and from now on. */
export function follow() {
  window.addEventListener("hashchange", () => go(true));
  go(false);
}

function go(moved) {
  const [name, argument = ""] = location.hash.replace(/^#\/?/, "").split("/");
  route.page.leave?.();
  Object.assign(route, { name, argument, page: pages()[name] ?? market });
  route.page.enter?.(argument);
  changed();
  if (moved) requestAnimationFrame(() => {
    scrollTo(0, 0);
    document.querySelector("h1")?.focus({ preventScroll: true });
  });
}

/** Reads the page anew, when somebody else is signed in. */
export const enterAgain = () => route.page.enter?.(route.argument);
