// Loads the application. Whatever keeps it from starting is said on the page, which is never left empty.

const TEXTS = {
  ko: ["시장을 열지 못했습니다.", "인터넷 연결을 확인하고 다시 시도해 주세요.", "다시 시도"],
  en: ["The shop could not be opened.", "Please check your connection and try again.", "Try again"],
};

export function sayItDidNotStart() {
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

try {
  const [{ start }] = await Promise.all([
    import("./main.js"),
    import("./config.js").then(({ loadConfig }) => loadConfig()),
    import("./i18n.js").then(({ loadTexts }) => loadTexts()),
  ]);
  await start(sayItDidNotStart);
} catch (error) {
  console.error(error);
  sayItDidNotStart();
}
