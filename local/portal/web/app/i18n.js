// Korean and English: the browser's wish, until the customer chooses.

import { en } from "./texts.en.js";
import { ko } from "./texts.ko.js";
import { changed } from "./store.js";

const TEXTS = { ko, en };
const CHOICE = "sijang.language";

let chosen = localStorage.getItem(CHOICE);
if (!(chosen in TEXTS)) chosen = navigator.languages.some((wish) => wish.startsWith("ko")) ? "ko" : "en";

export const language = () => chosen;

export function chooseLanguage(wish) {
  chosen = wish;
  localStorage.setItem(CHOICE, wish);
  applyLanguage();
  changed();
}

export function applyLanguage() {
  document.documentElement.lang = chosen;
}

/** A text, with `{name}` filled in. */
export function t(name, values = {}) {
  const text = TEXTS[chosen][name];
  if (text === undefined) throw new Error(`no text named ${name}`);
  return text.replace(/\{(\w+)\}/g, (_, value) => values[value]);
}

/** Whether there is such a text. */
t.has = (name) => name in TEXTS[chosen];
