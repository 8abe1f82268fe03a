// The campaigns that are to come, open or closed, how many coupons each has issued and how many were used, and their end.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { discountText, minimumText } from "../discount.js";
import { count, dateTime } from "../format.js";
import { t } from "../i18n.js";
import { whenSessionChanges } from "../session.js";
import { changed, List } from "../store.js";
import { empty, more, waiting } from "../views/parts.js";
import { problemNote } from "../views/problem.js";
import { action } from "./action.js";

const STATES = ["OPEN", "UPCOMING", "CLOSED"];
const lists = Object.fromEntries(STATES.map((state) => [state, new List(`/v1/admin/coupons?state=${state}`, { limit: 20 })]));
let shown = "OPEN";

whenSessionChanges(() => Object.values(lists).forEach((list) => list.reset()));

/** Reads the campaigns anew. */
export const readCampaigns = () => lists[shown].read();

function show(state) {
  shown = state;
  readCampaigns();
  changed();
}

export function campaigns() {
  const list = lists[shown];
  return html`<section aria-labelledby="campaigns">
    <h2 id="campaigns">${t("operations.campaigns")}</h2>
    <div class="chips" role="group" aria-label=${t("operations.state")}>${STATES.map((state) => html`
      <button type="button" class="chip" aria-pressed=${String(state === shown)} @click=${() => show(state)}>${t(`operations.${state}`)}</button>`)}</div>
    ${problemNote(list.task.problem, { again: list.read, read: true })}
    ${list.isRead || list.task.problem ? nothing : waiting()}
    ${list.isRead && !list.items.length ? empty(t("operations.none")) : nothing}
    <ul class="plain rows">${list.items.map(campaign)}</ul>
    ${more(list)}
  </section>`;
}

function campaign(item) {
  const { coupon_id: id, name, total, issued, opens_at: opens, closes_at: closes, state, voided_at: voided, used, used_until: until } = item;
  const command = (verb) => action(`${verb}-${id}`, {
    label: t(`operations.${verb}`),
    path: `/v1/admin/coupons/${id}/${verb}`,
    done: readCampaigns,
  });
  return html`<li class="panel" data-campaign=${id}>
    <h3 lang="ko">${name}</h3>
    <p class="quiet">${discountText(item)} · ${minimumText(item)} · ${dateTime(opens)} – ${dateTime(closes)}</p>
    <p>${t("operations.issued", { issued: count(issued), total: count(total) })}${until ? html` · ${t("operations.used", { used: count(used), until: dateTime(until) })}` : nothing}${voided ? html` <span class="tag">${t("coupon.VOIDED")}</span>` : nothing}</p>
    <div class="row">${state === "CLOSED" ? nothing : command("end")}${voided ? nothing : command("void")}</div>
  </li>`;
}
