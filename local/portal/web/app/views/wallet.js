// The balance, paying in, and the ledger.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { attempt } from "../attempt.js";
import { dateTime, won } from "../format.js";
import { t } from "../i18n.js";
import { balance, ledger } from "../me.js";
import { session, whenSessionChanges } from "../session.js";
import { changed, Task } from "../store.js";
import { askToSignIn, empty, heading, more } from "./parts.js";
import { fieldError, problemNote } from "./problem.js";

const USUAL = [10_000, 50_000, 100_000, 500_000];

let wish = "";
const depositing = new Task(async (amount) => {
  const { value } = await attempt("deposit", "/v1/me/balance/deposits", { amount, currency: "KRW" });
  wish = "";
  await Promise.all([balance.run(), ledger.read()]);
  return value;
});

whenSessionChanges(() => depositing.reset());

export const title = () => t("page.wallet");

export function enter() {
  depositing.reset();
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
      ${problemNote(balance.problem, { again: () => balance.run() })}
      ${form()}
    </section>
    <section aria-labelledby="ledger">
      <h2 id="ledger">${t("wallet.ledger")}</h2>
      ${problemNote(ledger.task.problem, { again: ledger.read })}
      ${ledger.isRead && !ledger.items.length ? empty(t("wallet.empty")) : nothing}
      <ul class="ledger">${repeat(ledger.items, (entry) => entry.transaction_id, ledgerEntry)}</ul>
      ${more(ledger)}
    </section>`;
}

function form() {
  const error = fieldError(depositing.problem, "/amount", "amount-error");
  return html`<form class="deposit" novalidate @submit=${deposit}>
    <div class="chips" role="group" aria-label=${t("wallet.usual")}>${USUAL.map((amount) => html`
      <button type="button" class="chip" @click=${() => choose(amount)}>${won(amount)}</button>`)}</div>
    <div class="row">
      <label class="field grow">${t("wallet.amount")}
        <input name="amount" inputmode="numeric" autocomplete="off" .value=${live(wish)} @input=${(event) => choose(event.target.value)}
          aria-invalid=${error === nothing ? nothing : "true"} aria-describedby=${error === nothing ? nothing : "amount-error"}>
        ${error}
      </label>
      <button class="button primary" ?disabled=${depositing.running}>${t("wallet.pay-in")}</button>
    </div>
    ${depositing.value && !depositing.problem ? html`<p class="note good" role="status">${t("wallet.paid-in", { amount: won(depositing.value.amount.amount) })}</p>` : nothing}
    ${problemNote(depositing.problem, { again: () => depositing.run(amountOf(wish)) })}
  </form>`;
}

function choose(amount) {
  wish = String(amount);
  changed();
}

/** As typed: what is no amount, the shop says. */
const amountOf = (text) => {
  const digits = text.replaceAll(/[,\s원₩]/g, "");
  return /^-?\d{1,15}$/.test(digits) ? Number(digits) : 0;
};

function deposit(event) {
  event.preventDefault();
  depositing.run(amountOf(wish));
}

const ledgerEntry = ({ type, amount: { amount }, balance: { amount: after }, created_at: at }) => html`<li>
  <span class="ledger-what">${t(`ledger.${type}`)}<time class="quiet" datetime=${at}>${dateTime(at)}</time></span>
  <span class="ledger-amount" data-sign=${amount < 0 ? "minus" : "plus"}>${amount > 0 ? "+" : ""}${won(amount)}</span>
  <span class="quiet">${t("ledger.after", { balance: won(after) })}</span>
</li>`;
