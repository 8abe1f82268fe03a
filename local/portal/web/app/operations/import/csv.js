// CSV (RFC 4180), read as `./local/shop import` reads it: a cell may be quoted, spaces around a cell and empty lines are
// skipped, and a row in another encoding is known by itself.

const [LINE_FEED, RETURN, QUOTE, COMMA] = [..."\n\r\",",].map((character) => character.charCodeAt(0));
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const SPACES = /^[\t\n\f\r ]+|[\t\n\f\r ]+$/g;

/** The records of a file: the line on which each begins, and its cells, or null when they are not in UTF-8. */
export function records(bytes) {
  const found = [];
  let at = BYTE_ORDER_MARK.every((byte, place) => bytes[place] === byte) ? BYTE_ORDER_MARK.length : 0;
  let line = 1;
  while (at < bytes.length) {
    const { cells, end } = record(bytes, at);
    if (end > at) found.push({ line, cells: decoded(cells) });
    const next = Math.min(end + 1, bytes.length);
    line += linesBetween(bytes, at, next);
    at = next;
  }
  return found;
}

/** The bytes of each cell of the record that begins here, and where it ends. */
function record(bytes, start) {
  const cells = [];
  let [cell, begin, isQuoted, at] = [[], start, false, start];
  for (; at < bytes.length && (isQuoted || !isBreak(bytes[at])); at += 1) {
    const byte = bytes[at];
    if (isQuoted && byte === QUOTE && bytes[at + 1] === QUOTE) {
      cell.push(byte);
      at += 1;
    } else if (byte === QUOTE && (isQuoted || at === begin)) {
      isQuoted = !isQuoted;
    } else if (byte === COMMA && !isQuoted) {
      cells.push(cell);
      [cell, begin] = [[], at + 1];
    } else {
      cell.push(byte);
    }
  }
  return { cells: [...cells, cell], end: at };
}

function decoded(cells) {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return cells.map((cell) => utf8.decode(new Uint8Array(cell)).replaceAll(SPACES, ""));
  } catch {
    return null;
  }
}

const isBreak = (byte) => byte === LINE_FEED || byte === RETURN;

/** A line ends with `\n`, `\r\n` or `\r`. */
function linesBetween(bytes, from, to) {
  let lines = 0;
  for (let at = from; at < to; at += 1) {
    if (bytes[at] === LINE_FEED || (bytes[at] === RETURN && bytes[at + 1] !== LINE_FEED)) lines += 1;
  }
  return lines;
}
