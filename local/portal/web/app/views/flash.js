// The flash sale: two windows to race by hand, and many customers to race against.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { columns } from "../chart.js";
import { startLoad, tokensFor } from "../flash/load_generator.js";
import { putOnSale, reach } from "../flash/sale.js";
import { answersAgree, byOutcome, overTime, percentile } from "../flash/tally.js";
import { count, time } from "../format.js";
import { t } from "../i18n.js";
import { session, whenSessionChanges } from "../session.js";
import { changed, Task } from "../store.js";
import { shown, typed, typing } from "../typing.js";
import { askToSignIn } from "./controls.js";
import { heading } from "./parts.js";
import { problemNote } from "./problem.js";

const WINDOWS = ["minjun", "seoyeon"];
const MOST = { total: 1_000, customers: 1_000 };
const TICK_MS = 100;

const wish = { kind: "coupon", total: 50, customers: 300, seconds: 10 };
let windows = [];
let race = null;
let ticking;

const starting = new Task(async () => {
  windows = [];
  race = null;
  const sale = await putOnSale(wish.kind, wish.total, wish.seconds);
  const names = WINDOWS.map((name) => `${name}-${crypto.randomUUID().slice(0, 8)}`);
  const tokens = await tokensFor(names);
  windows = names.map((name, at) => ({ name, reaching: reachingOf(sale, tokens[at]) }));
  return sale;
});

const sending = new Task(async () => {
  race = { answers: [], prepared: null, held: null, customers: wish.customers };
  await startLoad(starting.value, wish.customers, (line) => {
    if (line.answer) race.answers.push(line.answer);
    if (line.prepared) race.prepared = line.prepared;
    if (line.held) race.held = { ...line.held, beside: windows.filter(({ reaching }) => reaching.value).length };
    changed();
  });
});

whenSessionChanges(() => {
  starting.reset();
  sending.reset();
});

/** The key is the window's: pressing again never takes a second one. */
function reachingOf(sale, token) {
  const key = crypto.randomUUID();
  return new Task(() => reach(sale, token, key));
}

export const title = () => t("page.flash");

export function enter() {
  clearInterval(ticking);
  ticking = setInterval(() => secondsLeft() > -1 && changed(), TICK_MS);
}

export function leave() {
  clearInterval(ticking);
}

const secondsLeft = () => (starting.value ? (starting.value.opensAt - Date.now()) / 1_000 : -Infinity);

export function view() {
  if (!session.isAdmin) return html`${heading(t("page.flash"))}${askToSignIn(t("flash.sign-in"), { admin: true })}`;
  return html`
    ${heading(t("page.flash"))}
    <p class="lead">${t("flash.lead")}</p>
    ${form()}
    ${starting.value ? html`${stage(starting.value)}${race ? result(starting.value) : nothing}` : nothing}`;
}

function form() {
  const number = (name, least) => html`<label class="field">${t(`flash.${name}`)}
    <input type="number" name=${name} min=${least} max=${MOST[name] ?? 60} required .value=${live(shown(name, wish[name]))}
      @input=${typing(name)} @blur=${typed}
      @change=${(event) => { typed(); wish[name] = Number(event.target.value); changed(); }}></label>`;
  const start = (event) => {
    event.preventDefault();
    sending.reset();
    starting.run();
  };
  return html`<form class="panel flash-form" @submit=${start}>
    <label class="field">${t("flash.kind")}
      <select name="kind" .value=${live(wish.kind)} @change=${(event) => { wish.kind = event.target.value; changed(); }}>
        ${["coupon", "product"].map((kind) => html`<option value=${kind}>${t(`flash.${kind}`)}</option>`)}
      </select></label>
    ${number("total", 1)}
    ${wish.kind === "coupon" ? number("seconds", 0) : nothing}
    ${number("customers", 1)}
    <button class="button primary" ?disabled=${starting.running || sending.running}>${t("flash.start")}</button>
    ${problemNote(starting.problem)}
  </form>`;
}

function stage(sale) {
  const left = secondsLeft();
  return html`<section aria-labelledby="stage">
    <h2 id="stage" lang="ko">${sale.name}</h2>
    <p class="figure countdown" role="timer" aria-label=${t("flash.countdown")}>${left > 0 ? t("flash.opens-in", { seconds: left.toFixed(1) }) : t("flash.open")}</p>
    <p class="quiet">${t("flash.opens-at", { at: time(sale.opensAt) })}</p>
    <div class="windows">${windows.map((one) => shopWindow(one))}</div>
    <p class="row">
      <button class="button primary" ?disabled=${sending.running || Boolean(race)} @click=${() => sending.run()}>
        ${t("flash.send", { customers: count(wish.customers) })}</button>
      ${race ? nothing : html`<span class="quiet">${t("flash.send-when")}</span>`}
    </p>
    ${problemNote(sending.problem)}
  </section>`;
}

const shopWindow = ({ name, reaching }) => html`<section class="window" aria-label=${t("flash.window", { name })}>
  <p class="window-bar">${name}</p>
  <div class="window-body">
    <button class="button primary wide" ?disabled=${reaching.running || Boolean(reaching.value)} @click=${() => reaching.run()}>
      ${reaching.value ? t("flash.got") : t("flash.reach")}</button>
    ${reaching.value ? html`<p class="note good" role="status">${t("flash.got-it")}</p>` : nothing}
    ${problemNote(reaching.problem, { again: () => reaching.run() })}
  </div>
</section>`;

function result(sale) {
  const { answers, held, prepared, customers } = race;
  if (!answers.length) {
    return html`<p class="waiting" role="status">${prepared ? t("flash.preparing", { prepared: count(prepared), customers: count(customers) }) : t("reading")}</p>`;
  }
  return html`<section class="result" aria-labelledby="result">
    <h2 id="result">${t("flash.result")}</h2>
    ${held ? comparison(sale, answers, held) : html`<p class="waiting">${t("flash.running", { answers: count(answers.length), customers: count(customers) })}</p>`}
    ${figures(answers)}
    ${chart(answers)}
  </section>`;
}

function comparison(sale, answers, held) {
  const { beside } = held;
  const gone = { gone: count(sale.total - held.left), total: count(sale.total), raced: count(held.units), beside: count(beside) };
  return answersAgree(sale, answers, held)
    ? html`<div class="note good" role="status" data-held="exact"><p class="note-title">${t("flash.exact", gone)}</p><p>${t("flash.exact-why", gone)}</p></div>`
    : html`<div class="note bad" role="alert" data-held="wrong"><p class="note-title">${t("flash.wrong", gone)}</p></div>`;
}

function figures(answers) {
  const done = answers.filter(({ outcome }) => outcome === "done");
  const ms = (value) => (value === undefined ? "–" : `${count(Math.round(value))} ms`);
  return html`<dl class="figures">
    ${byOutcome(answers).map(([outcome, number]) => html`<div data-outcome=${outcome}><dt>${t.has(`outcome.${outcome}`) ? t(`outcome.${outcome}`) : outcome}</dt><dd>${count(number)}</dd></div>`)}
    <div><dt>${t("flash.p50")}</dt><dd>${ms(percentile(answers, 0.5))}</dd></div>
    <div><dt>${t("flash.p99")}</dt><dd>${ms(percentile(answers, 0.99))}</dd></div>
    <div><dt>${t("flash.last")}</dt><dd>${ms(done.at(-1)?.at_ms)}</dd></div>
  </dl>`;
}

function chart(answers) {
  const { width, labels, done, rejected } = overTime(answers);
  return columns({
    caption: t("flash.chart", { width }),
    labels,
    series: [
      { name: t("outcome.done"), kind: "good", values: done },
      { name: t("flash.rejected"), kind: "muted", values: rejected },
    ],
  });
}
