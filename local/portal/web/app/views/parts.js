// Small pieces that several pages are made of, the front page among them: the first cards wait for what this imports.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { count } from "../format.js";
import { t } from "../i18n.js";

/** Draws in an element of `index.html`, in place of the skeleton there. */
export function drawIn(id, template) {
  const place = document.getElementById(id);
  if (place.hasAttribute("aria-busy")) place.replaceChildren();
  place.removeAttribute("aria-busy");
  render(template, place);
}

/** A page and, above it, a note about something else. One template for `boot.js` and for the shell: by another one, lit-html
 * would draw the first cards anew. */
export const page = (view, note = nothing) => html`${note}${view}`;

/** The page's heading; it takes the focus when the page is opened, so that readers of the screen hear where they are. */
export const heading = (text, aside = nothing) =>
  html`<header class="page-head"><h1 tabindex="-1">${text}</h1>${aside}</header>`;

export const empty = (text, link = nothing) => html`<section class="panel empty"><p>${text}</p>${link}</section>`;

export const waiting = () => html`<p class="waiting" role="status">${t("reading")}</p>`;

/** `Show more`, as long as there is more. */
export const more = (list) => list.hasMore
  ? html`<p class="more"><button class="button" ?disabled=${list.task.running} @click=${list.more}>${t("more")}</button></p>`
  : nothing;

export function stockText({ stock, status, gone }) {
  if (gone) return t("stock.gone");
  if (status === "INACTIVE") return t("stock.not-sold");
  if (stock === 0) return t("stock.none");
  return stock <= 5 ? t("stock.last", { units: count(stock) }) : t("stock.some", { units: count(stock) });
}

export const canBuy = ({ stock, status, gone }) => !gone && status !== "INACTIVE" && stock > 0;

/**
 * The note about a problem; `told` says more than the problem's own detail. `again` repeats what was not answered, and a
 * read (`read`) whatever became of it.
 */
export function note(problem, { told, again, read = false }) {
  if (!problem) return nothing;
  const { title } = problem;
  const { detail, errors } = problem.details;
  // The generic detail counts fields; each says itself what is wrong with it.
  const plain = told || errors?.length || !detail || detail === problem.details.title ? nothing : html`<p>${detail}</p>`;
  return html`<div class="note bad" role="alert" data-problem=${problem.code}>
    <p class="note-title">${title}</p>
    ${told ?? plain}
    ${again && (read || !problem.isDefinite) ? html`<p>${t(read ? "problem.read-again" : "problem.again")}</p>
      <button class="button" @click=${again}>${t("try-again")}</button>` : nothing}
  </div>`;
}
