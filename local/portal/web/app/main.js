// Starts the shop: who is signed in, which page is asked for, and one function that draws it all.

import { render } from "../vendor/lit-html/lit-html.js";
import { loadConfig } from "./config.js";
import { applyLanguage } from "./i18n.js";
import { enterAgain, follow } from "./router.js";
import { finishSignIn, whenSessionChanges } from "./session.js";
import { drawWith } from "./store.js";
import { shell } from "./views/shell.js";

await loadConfig();
applyLanguage();
drawWith(() => render(shell(), document.getElementById("shop")));
await finishSignIn();
follow();
whenSessionChanges(enterAgain);
