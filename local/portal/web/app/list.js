// A list of the API, read page by page by its cursor.

import { get } from "./api.js";
import { Task } from "./store.js";

export class List {
  #path;
  #seen;

  /** `seen` is told of every page that comes. */
  constructor(path, { limit = 20, next = limit, seen = () => {} } = {}) {
    this.#path = path;
    this.#seen = seen;
    this.task = new Task(async (cursor, least = 0) => {
      let { data, next_cursor: after } = await this.#page(cursor, cursor ? next : limit);
      while (after && data.length < least) {
        const page = await this.#page(after, next);
        [data, after] = [[...data, ...page.data], page.next_cursor];
      }
      return { items: [...(cursor ? this.items : []), ...data], next: after };
    });
  }

  async #page(cursor, limit) {
    const separator = this.#path.includes("?") ? "&" : "?";
    const page = await get(`${this.#path}${separator}limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    this.#seen(page.data);
    return page;
  }

  get items() {
    return this.task.value?.items ?? [];
  }

  get isRead() {
    return this.task.value !== undefined;
  }

  get hasMore() {
    return Boolean(this.task.value?.next);
  }

  /** Reads the list anew, at least as far as it was read before. */
  read = () => this.task.run(undefined, this.items.length);
  more = () => this.task.run(this.task.value.next);
  /** Reads on until there are `least` items, or no more. */
  moreUntil = (least) => this.task.run(this.task.value.next, least - this.items.length);
  reset = () => this.task.reset();
}
