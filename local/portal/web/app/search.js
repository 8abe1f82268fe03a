// Search as one types: a part of the name, whatever its case, width and spaces; initial consonants (`ㄱㄱ` finds 감귤), and
// syllables that are still being typed (`감ㄱ`, `갑` on the way to `가방`).

const INITIALS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
const FINALS = ["", ..."ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"];
const [FIRST, SYLLABLES, VOWELS_AND_FINALS] = [0xac00, 11_172, 588];

const fold = (text) => text.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, "");
/** NFKC turns compatibility jamo into conjoining ones: those of a search stay what was typed. */
const foldQuery = (text) => [...text.normalize("NFC")].map((char) => (INITIALS.includes(char) ? char : fold(char))).join("");

/** A Hangul syllable as `{ initial, final, open }`, `open` being the syllable without its final; or null. */
function syllable(char) {
  const at = char.charCodeAt(0) - FIRST;
  if (at < 0 || at >= SYLLABLES) return null;
  const final = at % FINALS.length;
  return { initial: INITIALS[Math.floor(at / VOWELS_AND_FINALS)], final: FINALS[final], open: String.fromCharCode(FIRST + at - final) };
}

/** Whether what was typed can be the beginning of a character. */
function begins(typed, char) {
  if (typed === char) return true;
  const [whole, part] = [syllable(char), syllable(typed)];
  if (!whole) return false;
  return typed === whole.initial || (part !== null && part.final === "" && part.open === whole.open);
}

/** Whether every character but the last is there, and the last is or may become what is there. */
function isAt(query, text, start) {
  return query.every((typed, at) => {
    const char = text[start + at];
    if (char === undefined) return false;
    return at === query.length - 1 ? begins(typed, char) : typed === char || syllable(char)?.initial === typed;
  });
}

/** What the last syllable may be on the way to: its final may be the next one's initial. */
function readings(query) {
  const chars = [...foldQuery(query)];
  const last = syllable(chars.at(-1) ?? "");
  return last?.final && INITIALS.includes(last.final) ? [chars, [...chars.slice(0, -1), last.open, last.final]] : [chars];
}

/** A test for names; an empty search finds everything. */
export function finder(query) {
  const wanted = readings(query);
  if (!wanted[0].length) return () => true;
  return (name) => {
    const text = [...fold(name)];
    return text.some((_, start) => wanted.some((chars) => isAt(chars, text, start)));
  };
}
