// Money and time as people write them. The shop's day is Seoul's.

import { language } from "./i18n.js";

const numbers = () => new Intl.NumberFormat(language());

export const count = (number) => numbers().format(number);

/** `50만`, `500K`: for the scale of a chart. */
export const roughly = (number) => new Intl.NumberFormat(language(), { notation: "compact" }).format(number);

/** Whole won: `8,900원`, `₩8,900`. */
export const won = (amount) => {
  const [sign, figure] = [amount < 0 ? "−" : "", count(Math.abs(amount))];
  return language() === "ko" ? `${sign}${figure}원` : `${sign}₩${figure}`;
};

/** US dollars and cents. */
export const dollars = (amount) => new Intl.NumberFormat(language(), { style: "currency", currency: "USD" }).format(amount);

const instant = (options) => (text) =>
  new Intl.DateTimeFormat(language(), { timeZone: "Asia/Seoul", ...options }).format(new Date(text));

export const dateTime = instant({ dateStyle: "medium", timeStyle: "short" });

const clock = (moment) => new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Seoul", timeStyle: "short" }).format(moment);

/**
 * The last day before an instant, `12월 28일`, or its minute when the day does not end there; with the year when it is
 * another. A day that ends at 23:59 is a whole one.
 */
export function until(text) {
  const last = new Date(Date.parse(text) - 1);
  const isWholeDay = clock(last) >= "23:58";
  const year = dayInSeoul(last).slice(0, 4) === dayInSeoul().slice(0, 4) ? {} : { year: "numeric" };
  const hour = isWholeDay ? {} : { hour: "numeric", minute: "2-digit" };
  return instant({ month: "long", day: "numeric", ...year, ...hour })(isWholeDay ? last : text);
}

export const time = instant({ timeStyle: "medium" });

/** `YYYY-MM-DD` of a moment in Seoul. */
export const dayInSeoul = (moment = new Date()) =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul", dateStyle: "short" }).format(moment);
