// Coupons: those that are given out now, first come, first served, and those that the customer holds.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { attempt } from "../attempt.js";
import { discountText, minimumText } from "../discount.js";
import { count, until } from "../format.js";
import { languageOf, t, translated } from "../i18n.js";
import { couponsSoldOut } from "../rush.js";
import { session, signIn, whenSessionChanges } from "../session.js";
import { List, Task } from "../store.js";
import { empty, heading, more, waiting } from "./parts.js";
import { problemNote } from "./problem.js";

const open = new List("/v1/coupons", { limit: 100 });
const mine = new List("/v1/me/coupons");
/** One for each campaign, so that each answer stands where it was asked for. */
const grabs = new Map();

whenSessionChanges(() => {
  mine.reset();
  grabs.clear();
});

export const title = () => t("page.coupons");

export function enter() {
  open.read();
  if (session.token) mine.read();
}

async function grab(id) {
  const issued = await attempt(`issue-coupon.${session.owner}.${id}`, `/v1/coupons/${id}/issues`, undefined, { soldOut: couponsSoldOut(id) });
  await Promise.all([open.read(), mine.read()]);
  return issued.value;
}

function grabOf(id) {
  if (!grabs.has(id)) grabs.set(id, new Task(() => grab(id)));
  return grabs.get(id);
}

export function view() {
  return html`
    ${heading(t("page.coupons"))}
    <section aria-labelledby="open">
      <h2 id="open">${t("coupons.open")}</h2>
      ${problemNote(open.task.problem, { again: open.read, read: true })}
      ${open.isRead || open.task.problem ? nothing : waiting()}
      ${open.isRead && !open.items.length ? empty(t("coupons.none-open")) : nothing}
      <ul class="coupons">${repeat(available(), (campaign) => campaign.coupon_id, campaignCard)}</ul>
      ${more(open)}
    </section>
    ${session.token ? html`<section aria-labelledby="mine">
      <h2 id="mine">${t("coupons.mine")}</h2>
      ${problemNote(mine.task.problem, { again: mine.read, read: true })}
      ${mine.isRead && !mine.items.length ? empty(t("coupons.none-mine")) : nothing}
      <ul class="coupons">${repeat(mine.items, (coupon) => coupon.coupon_id, heldCard)}</ul>
      ${more(mine)}
    </section>` : nothing}`;
}

/** Those that can be had first; the order stays the same otherwise. */
const available = () => open.items.toSorted((a, b) => Number(a.remaining === 0) - Number(b.remaining === 0));

function campaignCard(campaign) {
  const { coupon_id: id, name, total, remaining, closes_at: closes, valid_days: days } = campaign;
  const task = grabOf(id);
  const isHeld = mine.items.some((coupon) => coupon.coupon_id === id);
  const act = session.token ? () => task.run() : () => signIn();
  return html`<li class="coupon" data-status=${remaining === 0 ? "SOLD_OUT" : "OPEN"}>
    <div class="coupon-face">
      <p class="coupon-value">${discountText(campaign)}</p>
      <h3 lang=${languageOf(name)}>${translated(name)}</h3>
      <p class="quiet">${minimumText(campaign)} · ${t(days === 1 ? "coupons.valid-day" : "coupons.valid-days", { days })} · ${t("coupons.collect-by", { date: until(closes) })}</p>
      <progress max=${total} .value=${remaining} aria-label=${t("coupons.left-of", { name: translated(name) })}></progress>
      <p class="quiet">${t("coupons.left", { remaining: count(remaining), total: count(total) })}</p>
    </div>
    <div class="coupon-stub">
      ${isHeld || remaining === 0
        ? html`<span class="tag">${t(isHeld ? "coupons.held" : "coupons.sold-out")}</span>`
        : html`<button class="button primary" ?disabled=${task.running} aria-label=${t("coupons.grab-named", { name: translated(name) })} @click=${act}>${t("coupons.grab")}</button>`}
    </div>
    ${task.value && !task.problem ? html`<p class="note good" role="status">${t("coupons.got", { until: until(task.value.expires_at) })}</p>` : nothing}
    ${problemNote(task.problem, { again: () => task.run() })}
  </li>`;
}

const heldCard = (coupon) => html`<li class="coupon" data-status=${coupon.status}>
  <div class="coupon-face">
    <p class="coupon-value">${discountText(coupon)}</p>
    <h3 lang=${languageOf(coupon.name)}>${translated(coupon.name)}</h3>
    <p class="quiet">${minimumText(coupon)} · ${t("coupons.until", { date: until(coupon.expires_at) })}</p>
  </div>
  <div class="coupon-stub"><span class="tag">${t(`coupon.${coupon.status}`)}</span></div>
</li>`;
