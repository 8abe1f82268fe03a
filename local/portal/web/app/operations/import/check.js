// The check of a file of products: nothing is sent. `import.json` has the columns and their limits, which are those of the
// OpenAPI document; `./local/shop import` decides and sends the same, and a test holds both to the same cases.

import { Problem } from "../../problem.js";
import { records } from "./csv.js";

const NEW_IS_ACTIVE = "ACTIVE";
let limits;

/** Why a cell, a row or a heading is not accepted: the name of a text, and its values. */
const why = (text, values = {}) => ({ text: `import.${text}`, values });

/**
 * `{ problem }` when the heading is wrong. Otherwise the digest of the file, and its rows: each has the line on which it
 * begins and either `errors` or the `request` that it is, with its idempotency key.
 */
export async function check(bytes) {
  limits ??= await readLimits();
  const [heading = { cells: [] }, ...rows] = records(bytes);
  const problem = problemOf(heading.cells);
  if (problem) return { problem };
  const digest = hexadecimal(await crypto.subtle.digest("SHA-256", bytes));
  const key = (line) => `import-${digest.slice(0, 32)}-${line}`;
  return { digest, rows: rows.map(({ line, cells }) => ({ line, key: key(line), ...checked(cells, heading.cells) })) };
}

async function readLimits() {
  const answer = await fetch("import.json").catch((error) => {
    throw Problem.unanswered(error);
  });
  if (!answer.ok) throw await Problem.from(answer);
  return answer.json();
}

function problemOf(heading) {
  if (!heading) return why("encoding");
  const unknown = heading.find((column) => !limits.columns.includes(column));
  if (unknown !== undefined) return why("unknown-column", { name: JSON.stringify(unknown), columns: limits.columns.join(", ") });
  const twice = heading.find((column, place) => heading.indexOf(column) !== place);
  return twice === undefined ? null : why("column-twice", { name: twice });
}

const ofRow = (text, values) => ({ errors: [{ column: null, why: why(text, values) }] });

function checked(cells, heading) {
  if (!cells) return ofRow("encoding");
  if (cells.length !== heading.length) return ofRow("cells", { cells: cells.length, columns: heading.length });
  const given = Object.fromEntries(heading.map((column, place) => [column, cells[place]]).filter(([, cell]) => cell !== ""));
  const [errors, values] = [[], {}];
  for (const column of limits.columns.filter((name) => name in given)) {
    const { value, error } = parsed(given[column], limits.fields[column]);
    if (error) errors.push({ column, why: error });
    else values[column] = value;
  }
  return "product_id" in given ? update(given, values, errors) : create(given, values, errors);
}

function create(given, values, errors) {
  const { status, ...body } = values;
  if (status && status !== NEW_IS_ACTIVE) errors.push({ column: "status", why: why("new-is-active") });
  const missing = limits.required.filter((column) => !(column in given));
  errors.push(...missing.map((column) => ({ column, why: why("required") })));
  const path = "/v1/admin/products";
  return errors.length ? { errors } : { request: { method: "POST", path, body: { description: "", ...body } } };
}

function update(given, values, errors) {
  const { product_id: id, reason, ...changes } = values;
  if ("stock" in given) errors.push({ column: "stock", why: why("stock") });
  if (!errors.length && !Object.keys(changes).length) return ofRow("nothing");
  const body = reason === undefined ? changes : { ...changes, reason };
  return errors.length ? { errors } : { request: { method: "PATCH", path: `/v1/admin/products/${id}`, body } };
}

/** The value of a cell as the API takes it, or why there is none. */
function parsed(cell, { enum: values, money, on_one_line: isText, minimum, maximum, minLength: min = 0, maxLength: max, pattern }) {
  if (values) return values.includes(cell) ? { value: cell } : { error: why("form") };
  if (maximum !== undefined) {
    const number = Number(cell);
    if (!/^[+-]?\d+$/.test(cell)) return { error: why("form") };
    if (number < minimum || number > maximum) return { error: why("range", { min: minimum, max: maximum }) };
    return { value: money ? { amount: number, currency: money } : number };
  }
  const text = cell.normalize("NFC");
  const matches = (form) => new RegExp(form, "u").test(text);
  if (max && [...text].length > max) return { error: why("length", { min, max }) };
  if (isText && !matches(limits.on_one_line)) return { error: why("forbidden") };
  if (!matches(pattern)) return { error: isText ? why("length", { min, max }) : why("form") };
  return { value: text.trim() };
}

const hexadecimal = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
