// The state of the application lives in the modules that own it. Whoever changes some says so here, and everything is
// drawn once when the current turn ends: lit-html touches only what differs.

import { read } from "./early.js";

let draw = () => {};
let stopped;
let due = false;

/** Draws by this from now on; `whenStopped` is called when it fails. */
export function drawWith(drawing, whenStopped) {
  draw = drawing;
  stopped = whenStopped;
}

export function changed() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    try {
      draw();
    } catch (error) {
      draw = () => {};
      reportError(error);
      stopped();
    }
  });
}

/** Something that runs: reading or ordering. It knows whether it runs, and what became of it. */
export class Task {
  running = false;
  problem = null;
  value = undefined;
  #latest = 0;

  constructor(work) {
    this.work = work;
  }

  /** Runs it; gives the value, or undefined when there is a problem. Only the latest run has a say. */
  async run(...given) {
    const number = ++this.#latest;
    const isLatest = () => number === this.#latest;
    this.running = true;
    changed();
    try {
      const value = await this.work(...given);
      if (isLatest()) Object.assign(this, { value, problem: null });
      return value;
    } catch (problem) {
      if (!problem.isProblem) throw problem;
      if (isLatest()) this.problem = problem;
      return undefined;
    } finally {
      if (isLatest()) this.running = false;
      changed();
    }
  }

  /** Forgets what was read, and whatever is still being read. */
  reset() {
    this.#latest += 1;
    Object.assign(this, { running: false, problem: null, value: undefined });
    changed();
  }
}

/** A list of the API, read page by page by its cursor. */
export class List {
  #path;
  #seen;
  #reading = new AbortController();
  #last = [];

  /** `path` is a text, or gives it; `seen` is told of every page that comes. */
  constructor(path, { limit = 20, next = limit, seen = () => {} } = {}) {
    this.#path = typeof path === "function" ? path : () => path;
    this.#seen = seen;
    this.task = new Task(async (cursor, least = 0) => {
      this.#reading.abort();
      this.#reading = new AbortController();
      const asked = { path: this.#path(), signal: this.#reading.signal };
      const before = cursor ? this.items : [];
      let page = await this.#page(asked, cursor, cursor ? next : limit);
      let data = page.data;
      while (page.next_cursor && data.length < least) {
        page = await this.#page(asked, page.next_cursor, next);
        data = [...data, ...page.data];
      }
      return { items: [...before, ...data], page, path: asked.path };
    });
  }

  async #page({ path, signal }, cursor, limit) {
    const separator = path.includes("?") ? "&" : "?";
    const page = await read(`${path}${separator}limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
    this.#seen(page.data);
    return page;
  }

  #run(...given) {
    this.#last = given;
    return this.task.run(...given);
  }

  get items() {
    return this.task.value?.items ?? [];
  }

  /** The page that was read last, with whatever else it says. */
  get page() {
    return this.task.value?.page ?? {};
  }

  get isRead() {
    return this.task.value !== undefined;
  }

  /** Whether it was read from where it would be read now. */
  get isCurrent() {
    return this.task.value?.path === this.#path();
  }

  get hasMore() {
    return Boolean(this.page.next_cursor);
  }

  /** Reads the list anew, at least as far as it was read before. */
  read = () => this.#run(undefined, this.items.length);
  /** Reads its first page, and forgets the others. */
  restart = () => this.#run();
  more = () => this.#run(this.page.next_cursor);
  /** Does again what failed. */
  again = () => this.task.run(...this.#last);
  reset = () => this.task.reset();
}
