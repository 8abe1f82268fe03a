// Redoc heads the parts of an operation with h5, although they follow an h2: for readers of the screen they are of level 3.

const SKIPPED = "h5:not([aria-level])";

new MutationObserver(() => {
  document.querySelectorAll(SKIPPED).forEach((heading) => heading.setAttribute("aria-level", "3"));
}).observe(document, { childList: true, subtree: true });
