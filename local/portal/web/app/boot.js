// Loads the application: first what the first cards need, and everything else when they are there. Whatever keeps it from
// starting is said on the page, which is never left empty.

/** How long the rest waits for the lists of the front page. */
const PATIENCE_MS = 2_000;

const TEXTS = {
  ko: ["시장을 열지 못했습니다.", "인터넷 연결을 확인하고 다시 시도해 주세요.", "다시 시도"],
  en: ["The shop could not be opened.", "Please check your connection and try again.", "Try again"],
};

function sayItDidNotStart() {
  const language = navigator.languages.some((wish) => wish.startsWith("ko")) ? "ko" : "en";
  const [title, advice, again] = TEXTS[language];
  const element = (name, text, type = "") => Object.assign(document.createElement(name), { textContent: text, className: type });
  const note = element("main", "", "stopped");
  const button = element("button", again, "button primary");
  button.addEventListener("click", () => location.reload());
  note.append(element("h1", title), element("p", advice), button);
  note.setAttribute("role", "alert");
  document.documentElement.lang = language;
  document.getElementById("shop").replaceChildren(note);
}

const loadTexts = async (part) => (await import("./i18n.js")).loadTexts(part);

/** Draws the front page, and gives the promise of its lists when they are there, or when they have taken long. */
async function showFront({ asked }) {
  const texts = loadTexts(".first");
  const modules = [import("./views/market.js"), import("./store.js"), import("./views/parts.js")];
  const [market, { drawWith }, { drawIn, page }] = await Promise.all([...modules, texts, asked]);
  drawWith(() => drawIn("content", page(market.view())), sayItDidNotStart);
  const front = market.enter("");
  await Promise.race([front, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  return { front };
}

/** Loads what `index.html` lists for later. */
async function loadRest() {
  const rest = document.getElementById("rest").content;
  const style = rest.querySelector("[rel=stylesheet]");
  const styled = new Promise((done) => ["load", "error"].forEach((end) => style.addEventListener(end, done)));
  document.head.append(rest);
  const [{ start }] = await Promise.all([import("./main.js"), loadTexts(), styled]);
  return start;
}

try {
  const early = await import("./early.js");
  const { front } = early.isFront ? await showFront(early) : {};
  const [start] = await Promise.all([loadRest(), early.asked]);
  await start(sayItDidNotStart, front);
} catch (error) {
  console.error(error);
  sayItDidNotStart();
}
