// Sizes of one thing are one card. The API has products only, so the size is told from the end of the name:
// `성주 참외 2kg`, `완도 활전복 중 10미`, `등산 양말 1켤레`.

const SIZE = /^(\d{1,4}(\.\d+)?\p{L}{1,3}|\d\+\d|[A-Z]\d)$/u;
const SIZE_WORDS = new Set(
  ("소 중 대 특대 소형 중형 대형 싱글 슈퍼싱글 퀸 킹 낮은형 기본형 높은형 베이지 네이비 그레이 카키 검정 회색 봄 여름 가을 겨울 세트 선물세트").split(" "),
);
/** Words that belong to the size after them. */
const QUALIFIERS = new Set("소 중 대 특대 선물세트 티백 스틱 절임 리필 미니 도시락김 HB 2B 4B 2개 2병 3색".split(" "));

/** `{ family, size }` of a name; the size is empty when the name has none. */
export function splitName(name) {
  const words = name.split(" ");
  const last = words.at(-1);
  if (words.length < 2 || !(SIZE.test(last) || SIZE_WORDS.has(last))) return { family: name, size: "" };
  const length = words.length > 2 && QUALIFIERS.has(words.at(-2)) ? 2 : 1;
  return { family: words.slice(0, -length).join(" "), size: words.slice(-length).join(" ") };
}

/** `[{ family, items }]`: products by family, in the order in which each family comes first; sizes by price. */
export function families(products) {
  const groups = new Map();
  for (const item of products) {
    const { family, size } = splitName(item.name);
    if (!groups.has(family)) groups.set(family, { family, items: [] });
    groups.get(family).items.push({ ...item, size });
  }
  groups.forEach(({ items }) => items.sort((a, b) => a.price.amount - b.price.amount));
  return [...groups.values()];
}
