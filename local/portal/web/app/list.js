// A list of the API, read page by page by its cursor.

import { get } from "./api.js";
import { Task } from "./store.js";

export class List {
  /** `seen` is told of every page that comes. */
  constructor(path, { limit = 20, seen = () => {} } = {}) {
    this.task = new Task(async (cursor) => {
      const separator = path.includes("?") ? "&" : "?";
      const page = await get(`${path}${separator}limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      seen(page.data);
      const before = cursor ? this.items : [];
      return { items: [...before, ...page.data], next: page.next_cursor };
    });
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

  read = () => this.task.run();
  more = () => this.task.run(this.task.value.next);
  reset = () => this.task.reset();
}
