// Pages by the address's fragment: nothing has to be configured where the files are served from. A page that the customer
// comes back to is scrolled to where she left it.

import { config } from "./config.js";
import { t } from "./i18n.js";
import { tab } from "./storage.js";
import { changed } from "./store.js";
import * as basket from "./views/basket.js";
import * as coupons from "./views/coupons.js";
import * as market from "./views/market.js";
import * as order from "./views/order.js";
import * as orders from "./views/orders.js";
import { waiting } from "./views/parts.js";
import * as product from "./views/product.js";
import * as wallet from "./views/wallet.js";

const PAGES = { "": market, search: market, product, coupons, basket, orders, order, wallet };
/** Loaded when they are asked for: only one's own machine has them. */
const LOCAL_PAGES = { flash: () => import("./views/flash.js"), operations: () => import("./views/operations.js") };
const PLACES = "sijang.places";

export const route = { name: "", page: market, argument: "" };

/** How far each entry of the tab's history was scrolled. */
const places = tab.read(PLACES) ?? {};
let entry;
/** Where the page is to be scrolled once it is long enough. */
let wanted = null;

/** Goes where the address points, now and from now on. */
export function follow() {
  history.scrollRestoration = "manual";
  window.addEventListener("hashchange", () => go(true));
  window.addEventListener("pagehide", keepPlaces);
  ["wheel", "touchstart", "keydown", "pointerdown"].forEach((act) => window.addEventListener(act, stopScrolling, { passive: true }));
  new ResizeObserver(scroll).observe(document.getElementById("shop"));
  return go(false);
}

async function go(moved) {
  if (moved) places[entry] = Math.round(scrollY);
  const isNew = enterEntry();
  const [name, argument = ""] = location.hash.replace(/^#\/?/, "").split("/");
  route.page.leave?.();
  const load = config.local && LOCAL_PAGES[name];
  const page = load ? { title: () => t(`page.${name}`), view: waiting } : PAGES[name] ?? market;
  Object.assign(route, { name, argument, page });
  if (load) {
    changed();
    const loaded = await load();
    if (route.page !== page) return;
    route.page = loaded;
  }
  route.page.enter?.(argument);
  changed();
  wanted = places[entry] ?? 0;
  requestAnimationFrame(() => {
    if (!isNew || moved) scroll();
    if (moved) document.querySelector("h1")?.focus({ preventScroll: true });
  });
}

/** Names the entry of the history that the browser is at; gives whether it has just been made. */
function enterEntry() {
  const isNew = !history.state?.entry;
  if (isNew) history.replaceState({ entry: crypto.randomUUID() }, "");
  entry = history.state.entry;
  return isNew;
}

function scroll() {
  if (wanted === null) return;
  const most = document.documentElement.scrollHeight - innerHeight;
  scrollTo(0, Math.min(wanted, most));
  if (most >= wanted) wanted = null;
}

function stopScrolling() {
  wanted = null;
}

function keepPlaces() {
  places[entry] = Math.round(scrollY);
  tab.write(PLACES, places);
}

/** Names the page by another address, without leaving it. */
export function rename(hash) {
  history.replaceState(history.state, "", hash);
  const [name, argument = ""] = hash.replace(/^#\/?/, "").split("/");
  Object.assign(route, { name, argument });
}

/** Reads the page anew, when somebody else is signed in or the network is back. */
export const enterAgain = () => route.page.enter?.(route.argument);
