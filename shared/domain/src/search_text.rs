//! Search as one types: part of a text, whatever its case, width, composition and spaces; initial consonants (`ㄱㄱ` finds
//! 감귤); and a last syllable that is still being typed (`감ㄱ`, `갑` on the way to 가방).

use crate::{Name, text::fold};

/// The consonants that begin a syllable, in the order of Unicode.
const INITIALS: [char; 19] =
    ['ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ'];
/// The consonants that end a syllable, in the order of Unicode. The first is none.
const FINALS: [char; 28] = [
    '\0', 'ㄱ', 'ㄲ', 'ㄳ', 'ㄴ', 'ㄵ', 'ㄶ', 'ㄷ', 'ㄹ', 'ㄺ', 'ㄻ', 'ㄼ', 'ㄽ', 'ㄾ', 'ㄿ', 'ㅀ', 'ㅁ', 'ㅂ', 'ㅄ',
    'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
];
/// Two consonants that a keyboard joins, though the second may be the initial of the next syllable.
const CLUSTERS: [(char, [char; 2]); 11] = [
    ('ㄳ', ['ㄱ', 'ㅅ']),
    ('ㄵ', ['ㄴ', 'ㅈ']),
    ('ㄶ', ['ㄴ', 'ㅎ']),
    ('ㄺ', ['ㄹ', 'ㄱ']),
    ('ㄻ', ['ㄹ', 'ㅁ']),
    ('ㄼ', ['ㄹ', 'ㅂ']),
    ('ㄽ', ['ㄹ', 'ㅅ']),
    ('ㄾ', ['ㄹ', 'ㅌ']),
    ('ㄿ', ['ㄹ', 'ㅍ']),
    ('ㅀ', ['ㄹ', 'ㅎ']),
    ('ㅄ', ['ㅂ', 'ㅅ']),
];
const FIRST_SYLLABLE: u32 = 0xac00;
const SYLLABLES: u32 = 11_172;
const FINALS_OF_A_VOWEL: u32 = 28;
const SYLLABLES_OF_AN_INITIAL: u32 = 21 * FINALS_OF_A_VOWEL;

/// A Hangul syllable.
struct Syllable {
    initial: char,
    /// The syllable without its final consonant.
    open: char,
    /// The final consonant, if there is one.
    end: Option<char>,
}

impl Syllable {
    fn of(character: char) -> Option<Self> {
        let place = u32::from(character).checked_sub(FIRST_SYLLABLE).filter(|place| *place < SYLLABLES)?;
        let end = place % FINALS_OF_A_VOWEL;
        Some(Self {
            initial: *INITIALS.get(usize::try_from(place / SYLLABLES_OF_AN_INITIAL).ok()?)?,
            open: char::from_u32(u32::from(character) - end)?,
            end: FINALS.get(usize::try_from(end).ok()?).copied().filter(|end| *end != '\0'),
        })
    }

    /// An open syllable with a final consonant.
    fn closed(open: char, end: char) -> Option<char> {
        let place = FINALS.iter().position(|other| *other == end)?;
        char::from_u32(u32::from(open) + u32::try_from(place).ok()?)
    }
}

fn cluster(consonant: char) -> Option<[char; 2]> {
    CLUSTERS.iter().find(|(cluster, _)| *cluster == consonant).map(|(_, pair)| *pair)
}

/// Letters that stand alone, as a keyboard types them. Normalization would make other letters of them.
fn is_single_letter(character: char) -> bool {
    ('ㄱ'..='ㅣ').contains(&character)
}

/// The text without case, width, composition and spaces, character by character.
fn folded(text: &str) -> Vec<char> {
    let mut characters = Vec::new();
    for run in text.split_inclusive(is_single_letter) {
        let (run, letter) = match run.chars().next_back() {
            Some(last) if is_single_letter(last) => (&run[..run.len() - last.len_utf8()], Some(last)),
            _ => (run, None),
        };
        characters.extend(fold(run).chars().filter(|character| !character.is_whitespace()));
        characters.extend(letter);
    }
    characters
}

/// A text that is searched, folded.
#[derive(Debug, Clone)]
pub struct SearchedText(Vec<char>);

impl SearchedText {
    /// The searched text of a name.
    pub fn of(name: &Name) -> Self {
        Self(folded(name.as_str()))
    }
}

/// A search as it was typed.
#[derive(Debug, Clone)]
pub struct SearchText {
    /// The typed characters, and the ones that the last syllable may become.
    readings: Vec<Vec<char>>,
}

impl SearchText {
    /// The search of a typed text, which follows the rules of names.
    pub fn of(typed: &Name) -> Self {
        let typed = folded(typed.as_str());
        let apart = typed.iter().flat_map(|letter| cluster(*letter).map_or(vec![*letter], Vec::from)).collect();
        let mut readings = vec![typed.clone()];
        readings.extend((apart != typed).then_some(apart));
        if let Some((last, before)) = typed.split_last()
            && let Some(Syllable { open, end: Some(end), .. }) = Syllable::of(*last)
        {
            let ending = match cluster(end) {
                Some([end, next]) => Syllable::closed(open, end).map(|closed| [closed, next]),
                None => INITIALS.contains(&end).then_some([open, end]),
            };
            readings.extend(ending.map(|ending| before.iter().copied().chain(ending).collect()));
        }
        Self { readings }
    }

    /// Whether the text contains the search.
    pub fn is_in(&self, text: &SearchedText) -> bool {
        let text = &text.0;
        self.readings.iter().any(|reading| text.windows(reading.len().max(1)).any(|part| is_at(reading, part)))
    }
}

/// Whether every character but the last is there, and the last one is there or may become what is there.
fn is_at(typed: &[char], part: &[char]) -> bool {
    let is_there = |typed: char, character: char| {
        typed == character || Syllable::of(character).is_some_and(|syllable| syllable.initial == typed)
    };
    let may_become = |typed: char, character: char| {
        let open = |character| Syllable::of(character).map(|syllable| syllable.open);
        is_there(typed, character)
            || open(typed).is_some_and(|typing| typing == typed && open(character) == Some(typed))
    };
    let Some((last, before)) = typed.split_last() else { return false };
    let are_there = before.iter().zip(part).all(|(typed, character)| is_there(*typed, *character));
    are_there && part.get(before.len()).is_some_and(|character| may_become(*last, *character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(typed: &str, name: &str) -> bool {
        let name_of = |text| Name::parse(text).unwrap();
        SearchText::of(&name_of(typed)).is_in(&SearchedText::of(&name_of(name)))
    }

    #[test]
    fn search_finds_parts_initials_and_unfinished_syllables() {
        for (typed, name) in [
            // Parts, whatever the spaces, case, width and composition.
            ("딸기", "논산 설향 딸기 2kg"),
            ("설향딸기", "논산 설향 딸기 2kg"),
            ("설 향 딸 기", "논산 설향 딸기 2kg"),
            ("led", "LED 랜턴"),
            ("ＬＥＤ", "LED 랜턴"),
            ("strasse", "Stra\u{df}e"),
            ("\u{1100}\u{1161}\u{11b7}\u{1100}\u{1172}\u{11af}", "제주 감귤"),
            ("1+1", "선크림 1+1"),
            // Initials, alone and mixed with syllables.
            ("ㄱㄱ", "제주 감귤"),
            ("ㄴㅅㅅㅎ", "논산 설향 딸기"),
            ("감ㄱ", "제주 감귤"),
            ("ㅋㅋ", "ㅋㅋ 과자"),
            // The keyboard joins two initials.
            ("ㄳ", "간식"),
            ("ㅁㄶ", "만년 하얀 종이"),
            // A last syllable that is still being typed.
            ("가", "가방"),
            ("갑", "가방"),
            ("제주 노직", "제주 노지 감귤"),
            ("닭", "달걀"),
            ("닭", "닭가슴살"),
            ("닭ㄱ", "닭가슴살"),
        ] {
            assert!(finds(typed, name), "{typed} in {name}");
        }
    }

    #[test]
    fn finished_syllable_is_not_taken_for_another() {
        for (typed, name) in [
            ("랜털", "LED 랜턴"),
            ("감귤칩", "감귤"),
            ("가방", "갑방"),
            ("ㄱㄱ", "감 사"),
            ("ㅏ", "가"),
            ("a", "가"),
            ("갑", "가"),
            ("가나", "각나"),
        ] {
            assert!(!finds(typed, name), "{typed} in {name}");
        }
    }

    fn names() -> impl Strategy<Value = String> {
        // Syllables, single letters, Latin letters, digits and spaces.
        "([가-힣]|[ㄱ-ㅣ]|[a-zA-Z0-9 +]){2,20}".prop_filter("a name", |text| Name::parse(text).is_ok())
    }

    proptest! {
        #[test]
        fn every_part_of_a_name_of_two_characters_is_found(name in names()) {
            let characters: Vec<char> = name.chars().collect();
            for part in characters.windows(2) {
                let part: String = part.iter().collect();
                if Name::parse(&part).is_ok() {
                    prop_assert!(finds(&part, &name), "{} in {}", part, name);
                }
            }
        }

        #[test]
        fn name_is_found_after_every_key_that_types_it(name in "[가-힣]{1,6}") {
            let mut typed = String::new();
            for syllable in name.chars() {
                let parts = Syllable::of(syllable).unwrap();
                for typing in [parts.initial, parts.open, syllable] {
                    prop_assert!(finds(&format!("{typed}{typing}"), &name), "{}{} in {}", typed, typing, name);
                }
                typed.push(syllable);
            }
        }

        #[test]
        fn initials_of_a_name_find_it(name in "[가-힣]{1,10}") {
            let initials: String = name.chars().filter_map(Syllable::of).map(|syllable| syllable.initial).collect();
            prop_assert!(finds(&initials, &name), "{} in {}", initials, name);
        }
    }
}
