// What staff did on a day: who, when, what, why.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { dayInSeoul, time } from "../format.js";
import { t } from "../i18n.js";
import { whenSessionChanges } from "../session.js";
import { changed, List } from "../store.js";
import { empty, more } from "../views/parts.js";
import { problemNote } from "../views/problem.js";

let day;
let actions;

whenSessionChanges(() => {
  actions = undefined;
});

/** Reads what was done on a day, by default the one that is shown, or today. */
export function readHistory(wanted = day ?? dayInSeoul()) {
  if (wanted !== day || !actions) actions = new List(`/v1/admin/actions?date=${wanted}`, { limit: 20 });
  day = wanted;
  changed();
  return actions.read();
}

export function history() {
  if (!actions) return nothing;
  return html`<section aria-labelledby="history">
    <h2 id="history">${t("operations.history")}</h2>
    <label class="field">${t("operations.day")}<input type="date" .value=${day} @change=${(event) => event.target.value && readHistory(event.target.value)}></label>
    ${problemNote(actions.task.problem, { again: actions.read, read: true })}
    ${actions.isRead && !actions.items.length ? empty(t("operations.none")) : nothing}
    <ul class="plain rows">${actions.items.map(done)}</ul>
    ${more(actions)}
  </section>`;
}

const done = ({ action, staff_id: who, reason, changes, created_at: at, ...subject }) => html`<li data-done=${action}>
  <time datetime=${at}>${time(at)}</time> <strong>${action}</strong>
  <span class="number">${subject.product_id ?? subject.coupon_id ?? subject.order_id ?? nothing}</span>${subject.user_id ? html` · ${subject.user_id}` : nothing}
  ${changes.map(({ field, before, after }) => html`<span class="quiet">${field}: ${before ?? "–"} → ${after ?? "–"}</span>`)}
  <p>${reason ?? nothing} <span class="quiet">${t("operations.by", { who })}</span></p>
</li>`;
