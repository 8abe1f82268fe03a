// The balance, paying in, and the ledger. Whoever comes from an order that the balance does not cover finds the missing sum
// in the field, and the way back to the order.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { attempt } from "../attempt.js";
import { config } from "../early.js";
import { dateTime, won } from "../format.js";
import { t } from "../i18n.js";
import { balance, ledger } from "../me.js";
import { Problem } from "../problem.js";
import { session, whenSessionChanges } from "../session.js";
import { changed, Task } from "../store.js";
import { askToSignIn } from "./controls.js";
import { empty, heading, more } from "./parts.js";
import { fieldError, problemNote } from "./problem.js";

const USUAL = [10_000, 50_000, 100_000, 500_000];

/** As the template's parameters have it, unless the configuration says otherwise. */
const limits = () => ({ least: 100, most: 1_000_000, ...config.deposit });

let wish = "";
/** Whether the customer came from an order, and the sum that it still lacks. */
let isForOrder = false;
let missing = 0;
const depositing = new Task(async (amount) => {
  if (amount === null) throw rejected(t("wallet.no-amount"));
  if (amount < limits().least || amount > limits().most) throw rejected(t("wallet.limits", named(limits())));
  const { value } = await attempt("deposit", "/v1/me/balance/deposits", { amount, currency: "KRW" });
  wish = "";
  // The note about the order stands beside the balance, and changes with it.
  await Promise.all([balance.run(), ledger.read()]);
  missing = Math.max(missing - value.amount.amount, 0);
  wish ||= missing ? suggestion() : "";
  return value;
});

const rejected = (detail) =>
  new Problem({ code: "invalid-request", status: 400, title: t("wallet.not-paid-in"), errors: [{ pointer: "/amount", detail }] });
const named = ({ least, most }) => ({ least: won(least), most: won(most) });
const suggestion = () => String(Math.min(Math.max(missing, limits().least), limits().most));

whenSessionChanges(() => depositing.reset());

export const title = () => t("page.wallet");

/** `lacking` is what an order lacks, as the address has it. */
export function enter(lacking) {
  depositing.reset();
  isForOrder = /^[1-9]\d{0,9}$/.test(lacking);
  missing = isForOrder ? Number(lacking) : 0;
  wish = isForOrder ? suggestion() : "";
  if (!session.token) return;
  balance.run();
  ledger.read();
}

export function view() {
  if (!session.token) return html`${heading(t("page.wallet"))}${askToSignIn(t("wallet.sign-in"))}`;
  return html`
    ${heading(t("page.wallet"))}
    <section class="panel wallet">
      <p class="quiet">${t("balance")}</p>
      <p class="figure" data-balance>${balance.value === undefined ? "…" : won(balance.value)}</p>
      ${problemNote(balance.problem, { again: () => balance.run(), read: true })}
      ${depositing.value && !depositing.problem ? html`<p class="note good" role="status">${t("wallet.paid-in", { amount: won(depositing.value.amount.amount) })}</p>` : nothing}
      ${isForOrder ? orderNote() : nothing}
      ${form()}
    </section>
    <section aria-labelledby="ledger">
      <h2 id="ledger">${t("wallet.ledger")}</h2>
      ${problemNote(ledger.task.problem, { again: ledger.read, read: true })}
      ${ledger.isRead && !ledger.items.length ? empty(t("wallet.empty")) : nothing}
      <ul class="ledger">${repeat(ledger.items, (entry) => entry.transaction_id, ledgerEntry)}</ul>
      ${more(ledger)}
    </section>`;
}

const orderNote = () => html`<p class=${missing ? "note" : "note good"} role="status" data-for-order>
  ${missing ? t("wallet.order-lacks", { missing: won(missing) }) : t("wallet.order-covered")}
  <a class=${missing ? "button" : "button primary"} href="#/basket">${t("wallet.back-to-order")}</a></p>`;

function form() {
  const error = fieldError(depositing.problem, "/amount", "amount-error");
  return html`<form class="deposit" novalidate @submit=${deposit}>
    <div class="chips" role="group" aria-label=${t("wallet.usual")}>${USUAL.map((amount) => html`
      <button type="button" class="chip" @click=${() => choose(amount)}>${won(amount)}</button>`)}</div>
    <div class="row">
      <label class="field grow">${t("wallet.amount")}
        <input name="amount" inputmode="numeric" autocomplete="off" .value=${live(wish)} @input=${(event) => choose(event.target.value)}
          aria-invalid=${error === nothing ? nothing : "true"} aria-describedby=${error === nothing ? "amount-limits" : "amount-error"}>
        ${error}
      </label>
      <button class="button primary" ?disabled=${depositing.running}>${t("wallet.pay-in")}</button>
    </div>
    <p class="quiet" id="amount-limits">${t("wallet.limits", named(limits()))}</p>
    ${problemNote(depositing.problem, { again: () => depositing.run(amountOf(wish)) })}
  </form>`;
}

function choose(amount) {
  wish = String(amount);
  changed();
}

/** As typed; null when there is nothing, 0 when it is no amount. */
const amountOf = (text) => {
  const digits = text.replaceAll(/[,\s원₩]/g, "");
  if (!digits) return null;
  return /^-?\d{1,15}$/.test(digits) ? Number(digits) : 0;
};

function deposit(event) {
  event.preventDefault();
  depositing.run(amountOf(wish));
}

const ledgerEntry = ({ type, amount: { amount }, balance: { amount: after }, created_at: at, order_id: order }) => html`<li>
  <span class="ledger-what">${order ? html`<a href="#/order/${order}">${t(`ledger.${type}`)}</a>` : t(`ledger.${type}`)}
    <time class="quiet" datetime=${at}>${dateTime(at)}</time></span>
  <span class="ledger-amount" data-sign=${amount < 0 ? "minus" : "plus"}>${amount > 0 ? "+" : ""}${won(amount)}</span>
  <span class="quiet">${t("ledger.after", { balance: won(after) })}</span>
</li>`;
