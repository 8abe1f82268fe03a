// Controls of several pages: to sign in, to go back to a list, to choose a quantity.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { MOST_OF_ONE } from "../basket.js";
import { t } from "../i18n.js";
import { cameFrom } from "../router.js";
import { signIn } from "../session.js";

export const askToSignIn = (reason, options = {}) => html`
  <section class="panel empty">
    <p>${reason}</p>
    <button class="button primary" @click=${() => signIn(options)}>${t("sign-in")}</button>
  </section>`;

/** The way back to a list. A customer who came from it finds its search and her place again. */
export const backLink = (pages, text) => html`<p class="back"><a href="#/${pages[0]}" @click=${(event) => {
  if (event.ctrlKey || event.metaKey || !pages.includes(cameFrom())) return;
  event.preventDefault();
  history.back();
}}>← ${text}</a></p>`;

/** A quantity, to type or to count up and down. `error` is the id of what is said to be wrong with it. */
export const stepper = ({ id, quantity, set, name, shown, typing, typed, live, error = nothing }) => html`
  <span class="stepper" role="group" aria-label=${t("basket.quantity-of", { name })}>
    <button type="button" class="button" ?disabled=${quantity <= 1} aria-label=${t("basket.fewer")} @click=${() => set(quantity - 1)}>−</button>
    <input inputmode="numeric" aria-label=${t("basket.quantity")} .value=${live(shown(id, quantity))} @input=${typing(id)} @blur=${typed}
      aria-invalid=${error === nothing ? nothing : "true"} aria-describedby=${error} @change=${(event) => set(Number(event.target.value))}>
    <button type="button" class="button" ?disabled=${quantity >= MOST_OF_ONE} aria-label=${t("basket.more")} @click=${() => set(quantity + 1)}>+</button>
  </span>`;
