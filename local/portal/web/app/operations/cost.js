// What the shop would have cost so far: a bill by command, and what it rests on.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { count, date, dollars } from "../format.js";
import { t } from "../i18n.js";

/** The bill, as the local front works it out. */
export const cost = ({ entries, total, per_million: price, per_thousand_orders: orders, region, since }) => html`<section aria-labelledby="cost">
  <h2 id="cost">${t("cost")}</h2>
  <p class="quiet">${t("cost.basis", { region, price: dollars(price.nanodollars), since: date(since) })}</p>
  <div class="scrolled" tabindex="0" role="region" aria-label=${t("cost.by-command")}><table class="bill">
    <thead><tr><th scope="col">${t("cost.command")}</th><th scope="col">${t("cost.done")}</th><th scope="col">${t("cost.units")}</th><th scope="col">${t("cost.dollars")}</th></tr></thead>
    <tbody>${entries.map(({ command, done, units, nanodollars }) => html`<tr data-command=${command}>
      <th scope="row">${t(`cost.${command}`)}</th><td>${count(done)}</td><td>${count(units)}</td><td>${dollars(nanodollars)}</td>
    </tr>`)}</tbody>
    <tfoot><tr data-command="all"><th scope="row">${t("cost.total")}</th><td></td><td>${count(total.units)}</td><td>${dollars(total.nanodollars)}</td></tr></tfoot>
  </table></div>
  ${orders ? html`<p>${t("cost.thousand-orders", { dollars: dollars(orders.nanodollars), units: count(orders.units) })}</p>` : nothing}
</section>`;
