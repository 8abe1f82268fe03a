// Figures of the answers.

const WIDTHS_MS = [100, 200, 500, 1_000, 2_000, 5_000];
const MOST_COLUMNS = 60;

/** Answers by time: `{ width, labels, done, rejected }`, in columns of 100 ms, or wider ones where it took long. */
export function overTime(answers) {
  const end = Math.max(...answers.map((answer) => answer.at_ms), 0);
  const width = WIDTHS_MS.find((width) => end / width < MOST_COLUMNS) ?? WIDTHS_MS.at(-1);
  const size = Math.floor(end / width) + 1;
  const [done, rejected] = [new Array(size).fill(0), new Array(size).fill(0)];
  answers.forEach(({ at_ms: at, outcome }) => {
    (outcome === "done" ? done : rejected)[Math.floor(at / width)] += 1;
  });
  const labels = done.map((_, at) => `${(at * width) / 1_000} s`);
  return { width, labels, done, rejected };
}

/** `[[outcome, number], ...]`, the most frequent first. */
export function byOutcome(answers) {
  const numbers = new Map();
  answers.forEach(({ outcome }) => numbers.set(outcome, (numbers.get(outcome) ?? 0) + 1));
  return [...numbers].sort(([, a], [, b]) => b - a);
}

/** The latency that `share` of the answers did not exceed. */
export function percentile(answers, share) {
  const sorted = answers.map((answer) => answer.took_ms).sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)];
}

/**
 * Whether the answers agree with what the shop shows: every customer who was told so has one unit, nobody has two, and
 * the units that are gone are those of the customers and of the two windows.
 */
export function answersAgree({ total }, answers, { owners, units, left, beside }) {
  const told = answers.filter(({ outcome }) => outcome === "done").length;
  return told === units && owners === units && left === total - units - beside && left >= 0;
}
