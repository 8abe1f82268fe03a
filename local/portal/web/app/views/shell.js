// What is around every page: the awning, the way to the other pages, who is signed in.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { unitsInBasket } from "../basket.js";
import { config } from "../early.js";
import { count, won } from "../format.js";
import { chooseLanguage, language, t } from "../i18n.js";
import { balance } from "../me.js";
import { route } from "../router.js";
import { session, signIn, signOut } from "../session.js";
import { addedNote, hideAdded } from "./add.js";
import { icon } from "./icons.js";
import { page } from "./parts.js";
import { problemNote } from "./problem.js";

const PAGES = ["", "coupons", "basket", "orders", "wallet"];
/** Pages that belong to one of these. */
const ALIASES = { search: "", order: "orders" };
/** Made for one's own machine. */
const LOCAL_PAGES = ["flash", "operations"];

export function head() {
  const title = route.page.title(route.argument);
  document.title = `${title} · 시장 Sijang`;
  return html`
    <a class="skip" href="#content" @click=${skip}>${t("skip")}</a>
    <header class="awning">
      <div class="bar">
        <a class="brand" href="#/" aria-label=${t("brand")}><span lang="ko">시장</span> <span lang="en">Sijang</span></a>
        ${who()}
        <button class="button quiet language" lang=${language() === "ko" ? "en" : "ko"}
          @click=${() => chooseLanguage(language() === "ko" ? "en" : "ko")}>${t("other-language")}</button>
      </div>
    </header>
    <nav class="pages" aria-label=${t("pages")}>${PAGES.map(link)}</nav>
    ${navigator.onLine ? nothing : html`<p class="offline" role="status" data-offline>${t("offline")}</p>`}`;
}

export const content = () => page(route.page.view(route.argument), problemNote(session.problem));

export const foot = () => html`
  ${addedNote()}
  <footer>
    ${config.local ? html`<nav aria-label=${t("local-pages")}>${LOCAL_PAGES.map((name) => html`
      <a href="#/${name}" aria-current=${name === route.name ? "page" : nothing}>${t(`page.${name}`)}</a>`)}</nav>` : nothing}
    <p>${t("footer")}${config.local ? html` · <a href="/docs">${t("contract")}</a>` : nothing}</p>
  </footer>`;

function link(name) {
  const units = name === "basket" ? unitsInBasket() : 0;
  return html`<a href="#/${name}" aria-current=${name === ALIASES[route.name] || name === route.name ? "page" : nothing} @click=${hideAdded}>
    ${icon(name || "market")}<span>${t(`page.${name || "market"}`)}</span>
    ${units ? html`<span class="badge"><span class="hidden">${t("basket.units")} </span>${count(units)}</span>` : nothing}
  </a>`;
}

function who() {
  if (!session.name) return html`<button class="button quiet who" @click=${() => signIn()}>${t("sign-in")}</button>`;
  return html`<p class="who">
    <span class="name" title=${session.name}>${session.name}</span>
    ${session.isAdmin ? html`<span class="tag">${t("staff")}</span>` : nothing}
    ${session.token ? html`<a class="balance" href="#/wallet"><span class="hidden">${t("balance")} </span>${balance.value === undefined ? "…" : won(balance.value)}</a>` : nothing}
    <button class="button quiet" @click=${signOut}>${t("sign-out")}</button>
  </p>`;
}

/** The fragment is the page's address, and must stay what it is. */
function skip(event) {
  event.preventDefault();
  document.querySelector("h1")?.focus();
}
