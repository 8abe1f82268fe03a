// A request that failed, as RFC 9457 problem details tell it; or as well as can be told without them.

import { t } from "./i18n.js";

export class Problem extends Error {
  isProblem = true;

  constructor(details) {
    super(details.title);
    this.details = details;
  }

  /** The problem that an answer is. */
  static async from(answer) {
    const isDetails = answer.headers.get("content-type")?.startsWith("application/problem+json");
    const details = isDetails && await answer.json().catch(() => null);
    if (details) return new Problem(details);
    // The gateway itself speaks no problem details.
    const code = { 401: "signed-out", 403: "forbidden", 429: "busy" }[answer.status] ?? (answer.status >= 500 ? "broken" : "unknown");
    return new Problem({ code, status: answer.status, title: t(`problem.${code}`) });
  }

  /** Nobody answered: the request may have arrived, or not. */
  static unanswered(cause) {
    const code = navigator.onLine ? "unanswered" : "offline";
    const problem = new Problem({ code, status: 0, title: t(`problem.${code}`) });
    problem.cause = cause;
    return problem;
  }

  get code() {
    return this.details.code;
  }

  /** What happened, in the page's language: a problem may outlive a change of the language. */
  get title() {
    return t.has(`problem.${this.code}`) ? t(`problem.${this.code}`) : this.details.title;
  }

  /** Whether the shop has decided. Otherwise the command may or may not have been done. */
  get isDefinite() {
    return this.details.status >= 400 && this.details.status < 500 && ![401, 408, 429].includes(this.details.status);
  }

  /** What is wrong with the field at a JSON pointer. */
  at(pointer) {
    return this.details.errors?.find((error) => error.pointer === pointer)?.detail;
  }
}
