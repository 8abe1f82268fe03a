// Starts all of the shop: who is signed in, which page is asked for, and one function that draws it all.

import { enterAgain, follow } from "./router.js";
import { finishSignIn, resume, whenSessionChanges } from "./session.js";
import { changed, drawWith } from "./store.js";
import { drawIn } from "./views/parts.js";
import { content, foot, head } from "./views/shell.js";

/** `stopped` is called when the page cannot be drawn; `front` is given when the front page has been entered already. */
export async function start(stopped, front) {
  drawWith(() => {
    drawIn("head", head());
    drawIn("content", content());
    drawIn("foot", foot());
  }, stopped);
  resume();
  await finishSignIn();
  whenSessionChanges(enterAgain);
  window.addEventListener("offline", changed);
  window.addEventListener("online", () => {
    enterAgain();
    changed();
  });
  await follow(front);
}
