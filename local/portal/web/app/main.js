// Starts the shop: who is signed in, which page is asked for, and one function that draws it all.

import { render } from "../vendor/lit-html/lit-html.js";
import { enterAgain, follow } from "./router.js";
import { finishSignIn, resume, whenSessionChanges } from "./session.js";
import { changed, drawWith } from "./store.js";
import { shell } from "./views/shell.js";

/** `stopped` is called when the page cannot be drawn. */
export async function start(stopped) {
  const shop = document.getElementById("shop");
  let isDrawn = false;
  drawWith(() => {
    try {
      if (!isDrawn) shop.replaceChildren();
      isDrawn = true;
      render(shell(), shop);
    } catch (error) {
      drawWith(() => {});
      reportError(error);
      stopped();
    }
  });
  resume();
  await finishSignIn();
  whenSessionChanges(enterAgain);
  window.addEventListener("offline", changed);
  window.addEventListener("online", () => {
    enterAgain();
    changed();
  });
  await follow();
}
