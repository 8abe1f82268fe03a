// There are no photographs in this shop, so each product is wrapped: in a bojagi, a patchwork cloth. Products of a family
// share its colours; each is cut in its own way, always the same.

import { html, svg } from "../vendor/lit-html/lit-html.js";

const CLOTHS = [
  ["#e9a27c", "#f3cdb0", "#c9673f", "#f9e9da", "#8fa58a"],
  ["#7fa08c", "#c5d4c0", "#3f6b57", "#eef0e2", "#d9a86a"],
  ["#8ba0bf", "#cfd8e6", "#4b6488", "#eceff3", "#d8a3a0"],
  ["#b493ae", "#e2cfdd", "#7c5479", "#f4ebf1", "#d6b36f"],
  ["#d8b877", "#efdfb8", "#a8813c", "#f8f1df", "#9bb0a4"],
  ["#9cc0b5", "#d7e6df", "#5d8f84", "#eff5f1", "#c98f75"],
  ["#d98c8c", "#f2d3cf", "#a34d52", "#faebe6", "#93a7b8"],
];
const CUTS = 4;

/** The cloth of a product. It is decoration: its name stands beside it. */
export function bojagi({ product_id: id, name = "" }) {
  const family = name.slice(0, name.lastIndexOf(" ")) || name;
  const cloth = CLOTHS[hash(family) % CLOTHS.length];
  const next = random(hash(id));
  const patches = cut({ x: 0, y: 0, w: 100, h: 100 }, CUTS, next);
  return html`<svg class="bojagi" viewBox="0 0 100 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
    ${patches.map(({ x, y, w, h }) => svg`<rect x=${x} y=${y} width=${w} height=${h} fill=${cloth[Math.floor(next() * cloth.length)]} />`)}
  </svg>`;
}

/** Cuts a patch across its longer side, again and again. */
function cut(patch, depth, next) {
  const { x, y, w, h } = patch;
  if (depth === 0 || (depth < CUTS - 1 && next() < 0.18)) return [patch];
  const at = Math.round((0.3 + 0.4 * next()) * Math.max(w, h));
  const halves = w >= h
    ? [{ x, y, w: at, h }, { x: x + at, y, w: w - at, h }]
    : [{ x, y, w, h: at }, { x, y: y + at, w, h: h - at }];
  return halves.flatMap((half) => cut(half, depth - 1, next));
}

/** FNV-1a. */
function hash(text) {
  let hashed = 0x811c9dc5;
  for (const char of text) hashed = Math.imul(hashed ^ char.codePointAt(0), 0x01000193) >>> 0;
  return hashed;
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
