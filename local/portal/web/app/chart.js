// Charts of our own, in SVG: columns over time. What they show is said in a sentence beside the picture, and stands in a
// table below it.

import { html, svg } from "../vendor/lit-html/lit-html.js";
import { count, roughly } from "./format.js";
import { t } from "./i18n.js";

const HEIGHT = 220;
const MARGIN = { top: 16, right: 8, bottom: 26, left: 44 };

/** Drawn for the screen at hand: on a phone, fewer and not smaller labels. */
const width = () => (window.innerWidth < 700 ? 340 : 860);

/**
 * Columns, stacked. `labels` name the columns, `series` are `{ name, kind, values }`; `caption` says what is seen.
 */
export function columns({ caption, labels, series }) {
  const sums = labels.map((_, at) => series.reduce((sum, { values }) => sum + values[at], 0));
  const top = niceTop(Math.max(...sums, 1));
  const [w, plotted] = [width(), HEIGHT - MARGIN.top - MARGIN.bottom];
  const step = (w - MARGIN.left - MARGIN.right) / labels.length;
  const y = (value) => MARGIN.top + plotted * (1 - value / top);
  return html`<figure class="chart">
    <figcaption>${caption}</figcaption>
    <ul class="legend">${series.map(({ name, kind }) => html`<li data-kind=${kind}>${name}</li>`)}</ul>
    <svg viewBox="0 0 ${w} ${HEIGHT}" role="img" aria-label=${caption}>
      ${[0, top / 2, top].map((value) => svg`
        <line x1=${MARGIN.left} x2=${w - MARGIN.right} y1=${y(value)} y2=${y(value)} />
        <text x=${MARGIN.left - 6} y=${y(value) + 4} text-anchor="end">${roughly(value)}</text>`)}
      ${labels.map((_, at) => stack(series, at, MARGIN.left + at * step, step, y))}
      ${ticks(labels, w).map((at) => svg`<text x=${MARGIN.left + (at + 0.5) * step} y=${HEIGHT - 6} text-anchor="middle">${labels[at]}</text>`)}
    </svg>
    <details><summary>${t("chart.table")}</summary>${table(labels, series)}</details>
  </figure>`;
}

function stack(series, at, x, step, y) {
  let below = 0;
  return series.map(({ kind, values }) => {
    const from = below;
    below += values[at];
    return values[at] ? svg`<rect data-kind=${kind} x=${x + step * 0.08} width=${step * 0.84} y=${y(below)} height=${y(from) - y(below)} />` : svg``;
  });
}

const table = (labels, series) => html`<div class="scrolled" tabindex="0" role="region" aria-label=${t("chart.table")}><table>
  <thead><tr><th scope="col"></th>${series.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
  <tbody>${labels.map((label, at) => html`<tr><th scope="row">${label}</th>${series.map(({ values }) => html`<td>${count(values[at])}</td>`)}</tr>`)}</tbody>
</table></div>`;

/** As many labels as there is room for, and the first. */
function ticks(labels, w) {
  const every = Math.ceil(labels.length / (w / 95));
  return labels.map((_, at) => at).filter((at) => at % every === 0);
}

/** The next of 2, 4, 10, 20, 40, ...: a top whose half is whole. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [2, 4, 10, 20].map((factor) => factor * power).find((top) => top >= value);
}
