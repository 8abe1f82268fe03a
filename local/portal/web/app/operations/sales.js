// The daily statistics of the last days, as the public admin API has them.

import { get } from "../api.js";
import { dayInSeoul } from "../format.js";
import { product, readProducts } from "../products.js";

const DAYS = 7;
const DAY_MS = 86_400_000;

/** Today in Seoul and the days before it, oldest first. */
const lastDays = () => Array.from({ length: DAYS }, (_, at) => dayInSeoul(new Date(Date.now() - (DAYS - 1 - at) * DAY_MS)));

/** `[{ day, units, revenue, products: [...] }]`, best-selling products first. */
export async function readSales() {
  const days = await Promise.all(lastDays().map(readDay));
  await readProducts(days.flatMap(({ products }) => products.slice(0, 10).map((sold) => sold.product_id)).filter((id) => !product(id)));
  return days;
}

async function readDay(day) {
  const products = [];
  let cursor = "";
  do {
    const page = await get(`/v1/admin/stats/daily?date=${day}&limit=100${cursor}`);
    products.push(...page.data);
    cursor = page.next_cursor && `&cursor=${encodeURIComponent(page.next_cursor)}`;
  } while (cursor);
  products.sort((a, b) => b.units_sold - a.units_sold);
  const sum = (figure) => products.reduce((total, sold) => total + figure(sold), 0);
  return { day, products, units: sum((sold) => sold.units_sold), revenue: sum((sold) => sold.revenue.amount) };
}
