// Pages by the address's fragment: nothing has to be configured where the files are served from. A page that the customer
// comes back to is scrolled to where she left it.

import { html } from "../vendor/lit-html/lit-html.js";
import { config } from "./early.js";
import { t } from "./i18n.js";
import { tab } from "./storage.js";
import { changed } from "./store.js";
import { Problem } from "./problem.js";
import * as market from "./views/market.js";
import { heading, waiting } from "./views/parts.js";
import { problemNote } from "./views/problem.js";

/** The front page comes with the application; the others when they are asked for, or when there is time. */
const PAGES = {
  product: () => import("./views/product.js"),
  coupons: () => import("./views/coupons.js"),
  basket: () => import("./views/basket.js"),
  orders: () => import("./views/orders.js"),
  order: () => import("./views/order.js"),
  wallet: () => import("./views/wallet.js"),
};
/** Pages that not every shop has. */
const OPTIONAL_PAGES = {
  flash: { isThere: () => config.local, load: () => import("./views/flash.js") },
  operations: { isThere: () => config.local || config.staff, load: () => import("./views/operations.js") },
};
const loaded = new Map();
const PLACES = "sijang.places";

export const route = { name: "", page: market, argument: "" };

/** How far each entry of the tab's history was scrolled. */
const places = tab.read(PLACES) ?? {};
let entry;
/** Where the page is to be scrolled once it is long enough. */
let wanted = null;
/** Reads what the page shows; the other pages' modules wait for that of the first page. */
let entered = Promise.resolve();

/** Goes where the address points, now and from now on. `front` is given when the front page has been entered already. */
export async function follow(front) {
  history.scrollRestoration = "manual";
  window.addEventListener("hashchange", ({ oldURL }) => go(true, new URL(oldURL).hash));
  window.addEventListener("pagehide", keepPlaces);
  ["wheel", "touchstart", "keydown", "pointerdown"].forEach((act) => window.addEventListener(act, stopScrolling, { passive: true }));
  new ResizeObserver(scroll).observe(document.getElementById("shop"));
  await go(false, undefined, front);
  entered.finally(() => whenIdle(() => Object.keys(PAGES).forEach((name) => load(name).catch(() => {}))));
}

const whenIdle = window.requestIdleCallback ?? setTimeout;

/** The page of this name, or undefined when there is none and the front page stands for it. */
async function load(name) {
  const find = PAGES[name] ?? (OPTIONAL_PAGES[name]?.isThere() && OPTIONAL_PAGES[name].load);
  if (find && !loaded.has(name)) loaded.set(name, await find());
  return loaded.get(name);
}

/** `["product", "01M8"]` of `#/product/01M8`. */
const parts = (hash) => hash.replace(/^#\/?/, "").split("/");

async function go(moved, from, front) {
  if (moved) places[entry] = Math.round(scrollY);
  const isNew = enterEntry(from);
  const [name, argument = ""] = parts(location.hash);
  route.page.leave?.();
  const isKnown = loaded.has(name) || !(name in PAGES || name in OPTIONAL_PAGES);
  const page = isKnown ? loaded.get(name) ?? market : absent(name);
  Object.assign(route, { name, argument, page });
  if (!isKnown) {
    changed();
    await page.arrive();
    if (route.page !== page || page.problem) return;
    route.page = loaded.get(name) ?? market;
  }
  const isEntered = front && route.page === market;
  entered = Promise.resolve(isEntered ? front : route.page.enter?.(argument));
  changed();
  // Who has scrolled the first cards meanwhile stays there.
  wanted = isEntered && scrollY ? null : places[entry] ?? 0;
  requestAnimationFrame(() => {
    if (!isNew || moved) scroll();
    if (moved) document.querySelector("h1")?.focus({ preventScroll: true });
  });
}

/** What stands for a page until its module is there. */
const absent = (name) => ({
  problem: null,
  async arrive() {
    try {
      await load(name);
      this.problem = null;
    } catch (error) {
      console.error(error);
      this.problem = Problem.unanswered(error);
    }
    changed();
  },
  enter() {
    if (this.problem) go(false);
  },
  title: () => t(`page.${name === "product" ? "market" : name}`),
  view() {
    return html`${heading(this.title())}${this.problem ? problemNote(this.problem, { again: () => go(false), read: true }) : waiting()}`;
  },
});

/** The name of the page from which a link led here, or undefined. */
export const cameFrom = () => history.state?.from && parts(history.state.from)[0];

/** Names the entry of the history that the browser is at; gives whether it has just been made. */
function enterEntry(from) {
  const isNew = !history.state?.entry;
  if (isNew) history.replaceState({ entry: crypto.randomUUID(), from }, "");
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

/** Reads the page anew, when somebody else is signed in or the network is back. */
export const enterAgain = () => route.page.enterAgain ? route.page.enterAgain() : route.page.enter?.(route.argument);
