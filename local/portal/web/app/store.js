// The state of the application lives in the modules that own it. Whoever changes some says so here, and everything is
// drawn once when the current turn ends: lit-html touches only what differs.

let draw = () => {};
let due = false;

export function drawWith(drawing) {
  draw = drawing;
}

export function changed() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    draw();
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
