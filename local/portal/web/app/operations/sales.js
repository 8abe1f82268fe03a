// The daily statistics of the last weeks, and what sold best today.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { get } from "../api.js";
import { columns } from "../chart.js";
import { count, dayInSeoul, won } from "../format.js";
import { t } from "../i18n.js";
import { product, readProducts } from "../products.js";
import { whenSessionChanges } from "../session.js";
import { Task } from "../store.js";
import { empty, waiting } from "../views/parts.js";
import { problemNote } from "../views/problem.js";

const DAYS = 28;
const DAY_MS = 86_400_000;
const BEST = 10;

/** `{ days, products }`: totals of the last days, oldest first, and today's products, the best-selling first. */
const reading = new Task(async () => {
  const today = dayInSeoul();
  const from = dayInSeoul(new Date(Date.now() - (DAYS - 1) * DAY_MS));
  const [{ data: days }, products] = await Promise.all([get(`/v1/admin/stats/days?from=${from}&to=${today}`), productsOf(today)]);
  await readProducts(products.slice(0, BEST).map((sold) => sold.product_id).filter((id) => !product(id)));
  return { days, products };
});

whenSessionChanges(() => reading.reset());

/** Reads the statistics anew. */
export const readSales = () => reading.run();

async function productsOf(day) {
  const products = [];
  let cursor = "";
  do {
    const page = await get(`/v1/admin/stats/daily?date=${day}&limit=100${cursor}`);
    products.push(...page.data);
    cursor = page.next_cursor && `&cursor=${encodeURIComponent(page.next_cursor)}`;
  } while (cursor);
  return products.toSorted((a, b) => b.units_sold - a.units_sold);
}

export function sales() {
  const { days, products } = reading.value ?? {};
  return html`<section aria-labelledby="sales">
    <h2 id="sales">${t("operations.sales")}</h2>
    ${problemNote(reading.problem, { again: readSales, read: true })}
    ${days ? html`
      ${columns({ caption: t("operations.revenue"), labels: days.map(({ date }) => date.slice(5)), series: [{ name: t("operations.won"), kind: "good", values: days.map(({ revenue }) => revenue.amount) }] })}
      ${products.length ? best(products) : empty(t("operations.nothing-sold"))}` : reading.problem ? nothing : waiting()}
  </section>`;
}

/** A bar beside each figure. */
const best = (products) => html`<div class="panel">
  <h3>${t("operations.best")}</h3>
  <div class="scrolled" tabindex="0" role="region" aria-label=${t("operations.best")}><table class="best">
    <thead><tr><th scope="col">${t("operations.product")}</th><th scope="col">${t("operations.units")}</th><td></td><th scope="col">${t("operations.won")}</th></tr></thead>
    <tbody>${products.slice(0, BEST).map(({ product_id: id, units_sold: units, revenue }) => html`<tr>
      <th scope="row" lang="ko">${product(id)?.name ?? id}</th>
      <td>${count(units)}</td>
      <td aria-hidden="true"><svg class="bar-row" viewBox="0 0 100 8" preserveAspectRatio="none"><rect width=${(100 * Math.max(units, 0)) / Math.max(products[0].units_sold, 1)} height="8" /></svg></td>
      <td>${won(revenue.amount)}</td>
    </tr>`)}</tbody>
  </table></div>
</div>`;
