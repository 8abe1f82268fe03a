// The picture of a product is the one that its `image_url` names, if the configuration lets pages show pictures from there.
// Otherwise the product is drawn, by its kind, on the cloth of its family. A kind is told from words of the name; a product
// of an unknown kind is a bundle wrapped in its cloth.

import { html, svg } from "../vendor/lit-html/lit-html.js";
import { config } from "./early.js";
import { changed } from "./store.js";

/** `[ground, patch, second patch]`. */
const CLOTHS = [
  ["#f6e3d3", "#f0d2bb", "#e9c3a6"],
  ["#dfe9dd", "#cddccb", "#bfd2c0"],
  ["#dde5ef", "#cbd7e6", "#bccbdd"],
  ["#ebdfe9", "#dfcedc", "#d4bfd0"],
  ["#f3e7c8", "#ebdaae", "#e2cd98"],
  ["#dcebe5", "#c9dfd7", "#b8d3c9"],
  ["#f5dedb", "#edcbc7", "#e4bab5"],
];

const LEAF = svg`<path d="M50 27q4-14 18-13-3 13-18 13" fill="#4e8a52"/>`;
const STEM = svg`<path d="M50 30q-1-8 3-14" stroke="#6b4a2b" stroke-width="4" fill="none" stroke-linecap="round"/>`;
const round = (fill, r = 28) => svg`<circle cx="50" cy="56" r=${r} fill=${fill}/>`;
const shine = svg`<path d="M34 48q4-10 14-13" stroke="#fff" stroke-opacity=".55" stroke-width="4" fill="none" stroke-linecap="round"/>`;
const fruit = (fill) => svg`${round(fill)}${STEM}${LEAF}${shine}`;
const bottle = (fill, cap = "#5b4a3a") => svg`<rect x="43" y="16" width="14" height="12" rx="2" fill=${cap}/><path d="M44 28h12v8q10 4 10 14v28q0 6-6 6H40q-6 0-6-6V50q0-10 10-14z" fill=${fill}/><rect x="34" y="54" width="32" height="16" fill="#fffaf0"/>`;
const tube = (fill) => svg`<path d="M32 18h36l-6 54H38z" fill=${fill}/><rect x="39" y="72" width="22" height="12" rx="2" fill="#fffaf0"/><path d="M42 36h16M43 44h14" stroke="#fffaf0" stroke-width="3"/>`;
const jar = (fill) => svg`<rect x="24" y="44" width="52" height="36" rx="8" fill=${fill}/><rect x="22" y="32" width="56" height="14" rx="4" fill="#fffaf0"/><path d="M36 62h28" stroke="#fffaf0" stroke-width="4"/>`;
const bag = (fill, mark) => svg`<path d="M28 28q22-8 44 0l4 52q-26 8-52 0z" fill=${fill}/><path d="M28 28q22 8 44 0" fill="none" stroke="#00000022" stroke-width="3"/><circle cx="50" cy="58" r="14" fill="#fffaf0"/>${mark}`;
const bowl = (fill, content) => svg`${content}<path d="M20 50h60q0 30-30 32-30-2-30-32z" fill=${fill}/><path d="M40 82h20v5H40z" fill=${fill}/>`;
const fish = (fill) => svg`<path d="M14 54q26-30 56-4l16-12q-4 14 0 30L70 58q-30 26-56-4z" fill=${fill}/><circle cx="30" cy="50" r="3" fill="#222"/><path d="M44 40q6 14 0 28M56 42q4 12 0 24" stroke="#fff" stroke-opacity=".6" stroke-width="3" fill="none"/>`;
const stack = (a, b, c) => svg`<rect x="20" y="60" width="60" height="16" rx="8" fill=${a}/><rect x="22" y="44" width="56" height="16" rx="8" fill=${b}/><rect x="24" y="28" width="52" height="16" rx="8" fill=${c}/>`;
const cup = (fill) => svg`<path d="M26 36h42v32q0 14-14 14H40q-14 0-14-14z" fill=${fill}/><path d="M68 44q14 0 14 12t-16 12" fill="none" stroke=${fill} stroke-width="6"/>`;
const steam = svg`<path d="M38 28q-4-6 0-12M50 28q-4-6 0-12M62 28q-4-6 0-12" stroke="#8a7a6a" stroke-width="3" fill="none" stroke-linecap="round"/>`;
const ANIMAL_MARK = svg`<circle cx="50" cy="61" r="5" fill="#8a5a34"/><circle cx="42" cy="55" r="3" fill="#8a5a34"/><circle cx="50" cy="51" r="3" fill="#8a5a34"/><circle cx="58" cy="55" r="3" fill="#8a5a34"/>`;
const grain = (fill) => [[38, 44], [52, 38], [64, 46], [42, 58], [58, 56], [50, 70], [34, 68], [66, 68]].map(([x, y]) => svg`<ellipse cx=${x} cy=${y} rx="7" ry="5" fill=${fill}/>`);

/** Words of names, and the drawing of their kind: the first that is found counts. */
const KINDS = [
  ["감귤칩", svg`<circle cx="42" cy="50" r="22" fill="#f2a03d"/><circle cx="42" cy="50" r="16" fill="#f9cf8a"/><path d="M42 34v32M26 50h32M31 39l22 22M53 39L31 61" stroke="#f2a03d" stroke-width="2"/><circle cx="66" cy="66" r="16" fill="#ea8f2a"/><circle cx="66" cy="66" r="11" fill="#f7c16e"/>`],
  ["초코파이", svg`<ellipse cx="50" cy="62" rx="32" ry="16" fill="#4a2c1a"/><path d="M18 54h64v8H18z" fill="#f5e6d0"/><ellipse cx="50" cy="52" rx="32" ry="16" fill="#6b4024"/>`],
  ["찐빵 만두", svg`<path d="M16 66q4-32 34-32t34 32q-34 14-68 0z" fill="#fdf6e8"/><path d="M50 34v12M38 38l4 10M62 38l-4 10" stroke="#d9c6a5" stroke-width="3" stroke-linecap="round"/>${steam}`],
  ["약과", [0, 60, 120, 180, 240, 300].map((turn) => svg`<circle cx="50" cy="36" r="13" fill="#a8652a" transform="rotate(${turn} 50 54)"/>`).concat(svg`<circle cx="50" cy="54" r="18" fill="#bd7a38"/><circle cx="50" cy="54" r="5" fill="#8a4f1e"/>`)],
  ["감귤 한라봉", fruit("#f08a24")],
  ["사과", fruit("#d1382f")],
  ["신고배", fruit("#d9b25f")],
  ["참외", svg`<ellipse cx="50" cy="54" rx="24" ry="32" fill="#f5c62c"/><path d="M50 22v64M36 28q-8 26 0 52M64 28q8 26 0 52" stroke="#fff6cf" stroke-width="4" fill="none"/>`],
  ["수박", svg`<path d="M14 42h72q0 40-36 42-36-2-36-42z" fill="#2f7a45"/><path d="M20 42h60q-2 32-30 34-28-2-30-34z" fill="#e2474b"/><path d="M36 52v6M50 56v6M64 52v6M44 66v4M57 66v4" stroke="#3a1512" stroke-width="4" stroke-linecap="round"/>`],
  ["딸기", svg`<path d="M50 86Q20 66 24 42q26-14 52 0 4 24-26 44z" fill="#dc3545"/><path d="M30 38l12-12 8 8 8-8 12 12q-20 8-40 0z" fill="#4e8a52"/><path d="M38 50v3M50 48v3M62 50v3M44 60v3M56 60v3M50 70v3" stroke="#ffe3b0" stroke-width="3" stroke-linecap="round"/>`],
  ["샤인머스캣 포도", [[38, 42], [54, 40], [66, 46], [32, 54], [46, 54], [60, 58], [40, 66], [54, 70], [48, 80]].map(([x, y]) => svg`<circle cx=${x} cy=${y} r="10" fill="#9bbf4b" stroke="#7fa436"/>`).concat(STEM, LEAF)],
  ["곶감", svg`<path d="M20 22h60" stroke="#8a6a42" stroke-width="4"/>${[32, 50, 68].map((x) => svg`<path d="M${x} 22v16" stroke="#8a6a42" stroke-width="2"/><ellipse cx=${x} cy="54" rx="9" ry="17" fill="#c8642c"/>`)}`],
  ["토마토", svg`${round("#d93a2b")}<path d="M50 28l5 8 10-2-6 8 4 8-13-4-13 4 4-8-6-8 10 2z" fill="#3f7d46"/>${shine}`],
  ["쌀겨", tube("#c7a86a")],
  ["쌀", svg`<path d="M26 30h48l6 52H20z" fill="#f4ead2"/><path d="M26 30q24 10 48 0l-6-12H32z" fill="#d8c498"/><path d="M40 54h20M36 64h28" stroke="#b39a5c" stroke-width="4" stroke-linecap="round"/>`],
  ["고구마", svg`<path d="M16 62q10-30 40-34 26-2 28 8-8 34-42 38-24 2-26-12z" fill="#9c3f57"/><path d="M40 50h10M54 42h8M46 62h8" stroke="#7a2c42" stroke-width="3" stroke-linecap="round"/>`],
  ["감자", svg`<path d="M20 58q-2-26 26-30 34-2 34 28-2 26-32 26-26 0-28-24z" fill="#c9a066"/><path d="M38 48h4M56 44h4M62 60h4M44 66h4" stroke="#96713d" stroke-width="4" stroke-linecap="round"/>`],
  ["양파 마늘", svg`<path d="M50 16q2 16 14 22 18 10 16 26-2 20-30 20t-30-20q-2-16 16-26 12-6 14-22z" fill="#e8c9a0"/><path d="M50 30q-16 24-4 52M50 30q16 24 4 52" stroke="#b98d58" stroke-width="3" fill="none"/>`],
  ["쌈채소 배추", svg`<path d="M50 86Q14 66 26 30q8-14 24-12 16-2 24 12 12 36-24 56z" fill="#6fa552"/><path d="M50 86Q32 62 38 36q12-10 24 0 6 26-12 50z" fill="#dfeab5"/><path d="M50 84V34M50 60l-9-12M50 60l9-12" stroke="#fff" stroke-width="3" fill="none"/>`],
  ["버섯", svg`<path d="M40 50h20l4 34H36z" fill="#f3e9d8"/><path d="M18 52q4-32 32-32t32 32q-32 8-64 0z" fill="#a97b4f"/>`],
  ["검정콩", svg`${bowl("#d7b98c", svg`${grain("#2c2628").slice(0, 5)}`)}`],
  ["닭가슴살", svg`<path d="M22 54q6-26 34-26 26 2 24 26-6 26-32 26-24 0-26-26z" fill="#f0c3a8"/><path d="M36 46q12-8 26-2M34 58q14-8 32 0" stroke="#dca488" stroke-width="4" fill="none" stroke-linecap="round"/>`],
  ["삼겹살 한우", svg`<path d="M18 36q34-14 64 0l-4 40q-30 10-58 0z" fill="#c94f4f"/><path d="M20 48q30-12 60 0M20 60q30-12 58 0M21 71q28-10 56 0" stroke="#f7dcd2" stroke-width="6" fill="none"/>`],
  ["유정란", svg`${[[34, 50], [66, 50], [50, 46]].map(([x, y]) => svg`<ellipse cx=${x} cy=${y} rx="14" ry="19" fill="#f3d9b5" stroke="#dbb98c"/>`)}<path d="M16 58h68l-6 22H22z" fill="#b79b76"/>`],
  ["전복 생굴", svg`<path d="M16 58q2-34 38-36 32 2 30 30-4 30-36 30-28-2-32-24z" fill="#8a8f8c"/><path d="M28 56q4-22 28-24 20 2 18 20-4 20-26 20-18-2-20-16z" fill="#e6dccb"/><circle cx="48" cy="54" r="8" fill="#f8f2e6"/>`],
  ["굴비", fish("#c8a45c")],
  ["갈치", fish("#a9b4c2")],
  ["오징어", svg`<path d="M50 14l16 34H34z" fill="#e2b3a6"/><rect x="36" y="44" width="28" height="22" rx="8" fill="#e2b3a6"/><path d="M40 64v20M47 64v22M54 64v22M61 64v20" stroke="#d39a8b" stroke-width="4" stroke-linecap="round"/><circle cx="44" cy="56" r="2.500" fill="#222"/><circle cx="56" cy="56" r="2.500" fill="#222"/>`],
  ["떡볶이 부대찌개 찌개", bowl("#3d3531", svg`<ellipse cx="50" cy="50" rx="30" ry="10" fill="#d2452b"/><rect x="34" y="42" width="22" height="7" rx="3.500" fill="#f6e9d6"/><rect x="48" y="48" width="22" height="7" rx="3.500" fill="#f6e9d6"/>${steam}`)],
  ["김치", bowl("#e9e2d3", svg`<path d="M24 50q6-20 26-20t26 20z" fill="#c93c2c"/><path d="M34 44q6-8 14-6M52 42q8-4 14 4" stroke="#f3c9a8" stroke-width="4" fill="none" stroke-linecap="round"/>`)],
  ["곰탕", bowl("#8a6a4c", svg`<ellipse cx="50" cy="50" rx="30" ry="9" fill="#f6efdd"/><circle cx="44" cy="49" r="3" fill="#5f9a55"/><circle cx="56" cy="51" r="3" fill="#5f9a55"/>${steam}`)],
  ["어묵", svg`<path d="M50 14v74" stroke="#b58a55" stroke-width="4" stroke-linecap="round"/><path d="M28 26q44-6 44 8t-44 6q0 12 44 10 4 12-40 12" fill="none" stroke="#e3b774" stroke-width="11" stroke-linecap="round"/>`],
  ["모래", bag("#a9bfae", ANIMAL_MARK)],
  ["두부", svg`<path d="M20 42l32-14 30 12-32 16z" fill="#fffaf0"/><path d="M20 42v26l30 16V56z" fill="#efe6d2"/><path d="M82 40v28L50 84V56z" fill="#e3d8bf"/>`],
  ["곱창김", stack("#1f3a2e", "#2a4a3b", "#37594a")],
  ["들기름", bottle("#b8862f")],
  ["녹차 수분", jar("#8db38a")],
  ["녹차", svg`${cup("#7fa06a")}<path d="M30 40h34v6H30z" fill="#b9cf8a"/>${steam}`],
  ["홍차", svg`${cup("#fffaf0")}<path d="M30 40h34v6H30z" fill="#b5532a"/>${steam}`],
  ["콜드브루", bottle("#3a241a", "#8a7a6a")],
  ["원두", bag("#6b4630", svg`<ellipse cx="50" cy="58" rx="8" ry="11" fill="#4a2c1a"/><path d="M50 48q-5 10 0 20" stroke="#fffaf0" stroke-width="2" fill="none"/>`)],
  ["견과", svg`${grain("#b07a43")}<path d="M26 30h48l4 8H22z" fill="#d8c498"/>`],
  ["프라이팬", svg`<circle cx="42" cy="50" r="28" fill="#3a3a3c"/><circle cx="42" cy="50" r="21" fill="#55555a"/><path d="M66 66l20 18" stroke="#3a3a3c" stroke-width="8" stroke-linecap="round"/>`],
  ["냄비", svg`<rect x="22" y="42" width="56" height="38" rx="8" fill="#b8bec6"/><path d="M20 42q30-22 60 0z" fill="#d0d5db"/><circle cx="50" cy="28" r="4" fill="#5b6069"/><path d="M22 54H12M78 54h10" stroke="#5b6069" stroke-width="6" stroke-linecap="round"/>`],
  ["수저", svg`<ellipse cx="36" cy="28" rx="10" ry="14" fill="#8a3b24"/><path d="M36 40v46M60 14v72M68 14v72" stroke="#8a3b24" stroke-width="5" stroke-linecap="round"/>`],
  ["밥공기", bowl("#9fb7bd", svg`<path d="M26 50q4-22 24-22t24 22z" fill="#fffaf0"/>`)],
  ["용기", svg`<rect x="20" y="38" width="60" height="42" rx="8" fill="#b6d4d2"/><rect x="16" y="28" width="68" height="14" rx="5" fill="#5d8f84"/><path d="M32 54h36" stroke="#fff" stroke-width="4" stroke-opacity=".7"/>`],
  ["도마", svg`<rect x="22" y="22" width="56" height="62" rx="8" fill="#d2a866"/><circle cx="50" cy="32" r="4" fill="#f6e3d3"/><path d="M32 44v32M44 44v32M56 44v32M68 44v32" stroke="#b98d4a" stroke-width="2"/>`],
  ["앞치마", svg`<path d="M36 18q14 16 28 0l6 26 8 4-4 36H26l-4-36 8-4z" fill="#8ba0bf"/><rect x="38" y="56" width="24" height="16" rx="3" fill="#6d83a5"/>`],
  ["행주", stack("#e8e0d0", "#f6f0e2", "#cfd8e6")],
  ["수세미", svg`<ellipse cx="50" cy="52" rx="20" ry="32" fill="#cdb36b"/><path d="M38 30l24 44M62 30L38 74M32 52h36" stroke="#a98f48" stroke-width="3"/>`],
  ["비누", svg`<rect x="18" y="42" width="64" height="36" rx="14" fill="#a8c7a0"/><rect x="30" y="52" width="40" height="16" rx="8" fill="#c4dbbd"/><circle cx="34" cy="28" r="7" fill="#fff" fill-opacity=".8"/><circle cx="52" cy="22" r="5" fill="#fff" fill-opacity=".8"/><circle cx="66" cy="30" r="8" fill="#fff" fill-opacity=".8"/>`],
  ["수건 타월", stack("#e6d3c0", "#fffaf0", "#c98f75")],
  ["이불", stack("#8ba0bf", "#cfd8e6", "#eceff3")],
  ["베개", svg`<path d="M18 38q32-12 64 0 8 14 0 30-32 12-64 0-8-16 0-30z" fill="#fffaf0"/><path d="M26 44q24-8 48 0" stroke="#d8cdbb" stroke-width="3" fill="none"/>`],
  ["토너", bottle("#8fb59c", "#fffaf0")],
  ["선크림", tube("#f0b545")],
  ["오일", bottle("#c65b5b", "#3a2a22")],
  ["홍삼", svg`<path d="M46 14h8l2 14q14 4 12 22l-4 14 10 20-18-14-6 16-6-16-18 14 10-20-4-14q-2-18 12-22z" fill="#a5502a"/><path d="M42 44h16M40 54h20" stroke="#7d3818" stroke-width="3"/>`],
  ["캡슐 비타민", svg`<rect x="28" y="34" width="44" height="48" rx="8" fill="#d98c3a"/><rect x="30" y="20" width="40" height="16" rx="4" fill="#fffaf0"/><rect x="28" y="50" width="44" height="18" fill="#fffaf0"/><rect x="38" y="55" width="24" height="8" rx="4" fill="#d98c3a"/>`],
  ["노트", svg`<rect x="26" y="18" width="50" height="66" rx="4" fill="#5f7f9c"/><rect x="34" y="18" width="42" height="66" fill="#f7f2e7"/><path d="M26 28h8M26 40h8M26 52h8M26 64h8M26 76h8" stroke="#33485c" stroke-width="3"/>`],
  ["연필", svg`<path d="M24 76l6-18 38-38 12 12-38 38z" fill="#e0a83a"/><path d="M24 76l6-18 12 12z" fill="#f3dfc0"/><path d="M24 76l3-8 5 5z" fill="#333"/>`],
  ["편지지", svg`<rect x="16" y="30" width="68" height="46" rx="3" fill="#f6ecd6"/><path d="M16 32l34 26 34-26" fill="none" stroke="#c9a97a" stroke-width="4"/><circle cx="50" cy="58" r="6" fill="#b93f15"/>`],
  ["붓펜", svg`<path d="M70 14l10 10-34 34-10-10z" fill="#7a4a2c"/><path d="M36 48l10 10q-4 18-24 24 2-22 14-34z" fill="#26221f"/>`],
  ["면사", svg`${round("#c76d84")}<path d="M26 46q24 8 46 0M24 58q26 10 50 0M34 34q6 24 0 42M54 29q-8 26 2 54" stroke="#a34d65" stroke-width="3" fill="none"/><path d="M76 66q12 6 8 18" stroke="#c76d84" stroke-width="3" fill="none"/>`],
  ["물감", svg`<path d="M50 20q36 2 34 32-2 14-18 12-10 0-8 10 0 10-12 10-32-4-32-32 2-30 36-32z" fill="#e7d3b4"/><circle cx="38" cy="38" r="6" fill="#d1382f"/><circle cx="58" cy="34" r="6" fill="#3d7fb0"/><circle cx="70" cy="48" r="6" fill="#e0b02f"/><circle cx="34" cy="58" r="6" fill="#4e8a52"/>`],
  ["블록", svg`<rect x="22" y="54" width="28" height="28" fill="#c9673f"/><rect x="50" y="54" width="28" height="28" fill="#e0b02f"/><path d="M50 20l18 34H32z" fill="#5d8f84"/>`],
  ["퍼즐", svg`<path d="M24 34h18q-2-12 8-12t8 12h18v18q12-2 12 8t-12 8v16H24z" fill="#6d93b8"/><path d="M24 58h18q-2 10 8 10t8-10" fill="none" stroke="#48698a" stroke-width="3"/>`],
  ["황태", svg`<path d="M26 40q-10-2-8-10t12-4q0-10 8-8t4 12l26 26q12-6 14 2t-8 8q2 10-6 10t-6-12L36 38z" fill="#f1e4cb" stroke="#d3bd92" stroke-width="2"/>`],
  ["강아지 사료", bag("#c98f5a", ANIMAL_MARK)],
  ["머그", cup("#9aa3ad")],
  ["의자", svg`<path d="M30 20h40v30H30z" fill="#7f8f63"/><path d="M26 50h48v8H26z" fill="#66754c"/><path d="M32 58l36 28M68 58L32 86" stroke="#4a4a4a" stroke-width="5" stroke-linecap="round"/>`],
  ["랜턴", svg`<path d="M38 24q12-16 24 0" fill="none" stroke="#3f4a45" stroke-width="4"/><rect x="32" y="24" width="36" height="10" rx="3" fill="#3f4a45"/><rect x="36" y="34" width="28" height="34" fill="#ffe08a"/><path d="M50 40l-7 16h14z" fill="#f2a83a"/><rect x="30" y="68" width="40" height="14" rx="4" fill="#3f4a45"/>`],
  ["보온병", svg`<rect x="38" y="12" width="24" height="16" rx="4" fill="#4b5a66"/><rect x="34" y="28" width="32" height="60" rx="8" fill="#8fa3b3"/><path d="M34 48h32" stroke="#d5dee5" stroke-width="6"/>`],
  ["양말", svg`<path d="M38 14h26v40l14 12q8 16-10 18-16 0-34-22z" fill="#b8574a"/><path d="M38 24h26M38 34h26" stroke="#f6e3d3" stroke-width="5"/>`],
].flatMap(([words, drawing]) => words.split(" ").map((word) => [word, drawing]));

/** Of anything else: a knotted bundle. */
const BUNDLE = svg`<path d="M22 48q28-14 56 0 8 30-28 36-36-6-28-36z" fill="#b2674a"/><path d="M50 46L30 24q-2 18 20 22zM50 46l20-22q2 18-20 22z" fill="#c9805f"/><circle cx="50" cy="46" r="7" fill="#8f4c33"/>`;

/** The picture of a product. It is decoration: the name stands beside it. */
export function picture({ name = "", family = name, image_url: url }) {
  if (url && !broken.has(url) && config.images?.includes(new URL(url).origin)) return photograph(url);
  const [ground, patch, second] = CLOTHS[hash(family) % CLOTHS.length];
  const drawing = KINDS.find(([word]) => family.includes(word))?.[1] ?? BUNDLE;
  const seam = 20 + (hash(family) >>> 8) % 50;
  return html`<svg class="picture" viewBox="0 0 100 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
    <rect width="100" height="100" fill=${ground}/>
    <rect width=${seam} height="100" fill=${patch}/>
    <rect x=${seam} y=${90 - seam} width=${100 - seam} height=${10 + seam} fill=${second}/>
    ${drawing}
  </svg>`;
}

/** Pictures that could not be loaded. */
const broken = new Set();

function photograph(url) {
  const draw = () => {
    broken.add(url);
    changed();
  };
  return html`<img class="picture" src=${url} alt="" loading="lazy" decoding="async" @error=${draw}>`;
}

/** FNV-1a. */
function hash(text) {
  let hashed = 0x811c9dc5;
  for (const char of text) hashed = Math.imul(hashed ^ char.codePointAt(0), 0x01000193) >>> 0;
  return hashed;
}
