// The back office: orders and customers, campaigns, products from a file, the history of staff actions, sales, and what
// operations cost. The queues are shown where there is a dev API.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { config } from "../early.js";
import { campaigns, readCampaigns } from "../operations/campaigns.js";
import { costs, readCosts } from "../operations/costs.js";
import { history, readHistory } from "../operations/history.js";
import { importPanel } from "../operations/import/panel.js";
import { lookup } from "../operations/lookup.js";
import { pipeline, queues } from "../operations/pipeline.js";
import { readSales, sales } from "../operations/sales.js";
import { t } from "../i18n.js";
import { session } from "../session.js";
import { changed } from "../store.js";
import { askToSignIn } from "./controls.js";
import { heading } from "./parts.js";

const READ_AGAIN_MS = 5_000;
const DRAW_AGAIN_MS = 1_000;
let timers = [];

export const title = () => t("page.operations");

export function enter() {
  leave();
  if (!session.isAdmin) return;
  [readCampaigns, readHistory, readSales, readCosts].forEach((read) => read());
  if (!config.local) return;
  queues.run();
  const readAgain = setInterval(() => document.hidden || queues.running || queues.run(), READ_AGAIN_MS);
  timers = [readAgain, setInterval(changed, DRAW_AGAIN_MS)];
}

export function leave() {
  timers.forEach(clearInterval);
}

export const view = () => session.isAdmin
  ? html`${heading(t("page.operations"))}${lookup()}${campaigns()}${importPanel()}${history()}${sales()}${config.local ? pipeline() : nothing}${costs()}`
  : html`${heading(t("page.operations"))}${askToSignIn(t("operations.sign-in"), { admin: true })}`;
