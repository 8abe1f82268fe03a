// A command of staff: a button that opens a form, which asks for the reason and, where money moves, for the amount.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { attempt } from "../attempt.js";
import { t } from "../i18n.js";
import { whenSessionChanges } from "../session.js";
import { changed, Task } from "../store.js";
import { fieldError, problemNote } from "../views/problem.js";
import { readHistory } from "./history.js";

const forms = new Map();

whenSessionChanges(() => forms.clear());

/**
 * `id` names the command and its subject. `path` takes it. `done` is called with the answer. With `withAmount`, the form
 * asks for an amount in won, which may be negative.
 */
export function action(id, { label, path, done, withAmount = false }) {
  const form = formOf(id, path, done, withAmount);
  const open = (isOpen) => {
    form.isOpen = isOpen;
    changed();
  };
  if (!form.isOpen) return html`<button type="button" class="button" data-action=${id} @click=${() => open(true)}>${label}</button>`;
  const submit = (event) => {
    event.preventDefault();
    form.task.run();
  };
  return html`<form class="note" novalidate data-action=${id} aria-label=${label} @submit=${submit}>
    ${withAmount ? field(form, "amount", "numeric") : nothing}
    ${field(form, "reason", "text")}
    <p class="row">
      <button class="button primary" ?disabled=${form.task.running}>${label}</button>
      <button type="button" class="button" @click=${() => open(false)}>${t("operations.leave-it")}</button>
    </p>
    ${problemNote(form.task.problem, { again: () => form.task.run() })}
  </form>`;
}

function formOf(id, path, done, withAmount) {
  if (!forms.has(id)) forms.set(id, { isOpen: false, values: { amount: "", reason: "" } });
  const form = forms.get(id);
  form.task ??= new Task(async () => {
    const { amount, reason } = form.values;
    const money = withAmount ? { amount: Number(amount.replaceAll(/[,\s원₩]/g, "") || NaN), currency: "KRW" } : {};
    const { value } = await attempt(id, path, { ...money, reason });
    forms.delete(id);
    await Promise.all([done(value), readHistory()]);
  });
  return form;
}

function field(form, name, mode) {
  const error = fieldError(form.task.problem, `/${name}`, `${name}-error`);
  return html`<label class="field grow">${t(`operations.${name}`)}
    <input name=${name} inputmode=${mode} autocomplete="off" .value=${live(form.values[name])}
      @input=${(event) => { form.values[name] = event.target.value; }}
      aria-invalid=${error === nothing ? nothing : "true"} aria-describedby=${error === nothing ? nothing : `${name}-error`}>
    ${error}
  </label>`;
}
