// The icons of the navigation: strokes that take the colour of their text.

import { html, svg } from "../../vendor/lit-html/lit-html.js";

const PATHS = {
  market: svg`<path d="M4 9h16l1-4H3zM5 9v11h14V9M9 20v-6h6v6" />`,
  coupons: svg`<path d="M3 7h18v3.500a1.500 1.500 0 0 0 0 3V17H3v-3.500a1.500 1.500 0 0 0 0-3zM14 7v10" />`,
  basket: svg`<path d="M4 10h16l-2 10H6zM8 10l3-6M16 10l-3-6" />`,
  orders: svg`<path d="M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6" />`,
  wallet: svg`<path d="M4 7h15a1 1 0 0 1 1 1v11H4zM4 7l12-4v4M16 13h4" />`,
};

export const icon = (name) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${PATHS[name]}</svg>`;
