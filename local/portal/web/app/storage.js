// Web storage that may be blocked, full or spoilt. A value that cannot be stored is kept as long as the page is open.

class Storage {
  #memory = new Map();
  #area;

  constructor(area) {
    this.#area = area;
  }

  /** The value under a key, or null when there is none or its text is no JSON. */
  read(key) {
    try {
      const text = this.#area().getItem(key);
      if (text !== null) return JSON.parse(text);
    } catch {
      // Blocked or spoilt: as if it were empty.
    }
    return this.#memory.get(key) ?? null;
  }

  write(key, value) {
    try {
      this.#area().setItem(key, JSON.stringify(value));
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, value);
    }
  }

  remove(key) {
    this.#memory.delete(key);
    try {
      this.#area().removeItem(key);
    } catch {
      // There was nothing to remove.
    }
  }
}

/** Shared by all tabs, until somebody clears it. */
export const local = new Storage(() => localStorage);
/** Of this tab, until it is closed. */
export const tab = new Storage(() => sessionStorage);
