// Korean and English: the browser's wish, until the customer chooses.

import { local } from "./storage.js";
import { changed } from "./store.js";

const LANGUAGES = ["ko", "en"];
const CHOICE = "sijang.language";

let chosen = local.read(CHOICE);
if (!LANGUAGES.includes(chosen)) chosen = navigator.languages.some((wish) => wish.startsWith("ko")) ? "ko" : "en";
let { texts, names } = { texts: {}, names: {} };

export const language = () => chosen;

/** Only the texts of one language are loaded: those of the front page, and then all. */
const load = (wish, part = "") => import(`./texts.${wish}${part}.js`);

/** Must be done before anything is drawn. `part` is `.first` for the front page only. */
export async function loadTexts(part) {
  ({ texts, names } = await load(chosen, part));
  document.documentElement.lang = chosen;
}

export async function chooseLanguage(wish) {
  ({ texts, names } = await load(wish));
  chosen = wish;
  local.write(CHOICE, wish);
  document.documentElement.lang = wish;
  changed();
}

/** A text, with `{name}` filled in. */
export function t(name, values = {}) {
  const text = texts[name];
  if (text === undefined) throw new Error(`no text named ${name}`);
  return text.replace(/\{(\w+)\}/g, (_, value) => values[value]);
}

/** Whether there is such a text. */
t.has = (name) => name in texts;

/** The name of a category or a coupon in the page's language, as far as it is known there. */
export const translated = (name) => names[name] ?? name;

/** The language of that name. */
export const languageOf = (name) => (name in names ? chosen : "ko");
