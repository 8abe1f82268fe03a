//! Text that people read: names, labels and descriptions, in Unicode normalization form C, bounded, on one line.
//!
//! Characters are classified in the Unicode character database, as ICU4X has it.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};
use serde::{Deserialize, Serialize};

use crate::Violation;

/// A blank that Unicode classes as a symbol, because it is the Braille pattern without dots.
const BRAILLE_BLANK: char = '\u{2800}';

/// Whether a character has no place in a text on one line: it controls or formats what is around it, or ends the line.
pub(crate) fn is_forbidden(character: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    let class = CodePointMapData::<GeneralCategory>::new().get(character);
    matches!(class, Control | Format | LineSeparator | ParagraphSeparator)
}

/// Whether a reader sees a character by itself. Fillers, for example, are letters by their class, and are not shown.
pub(crate) fn is_visible(character: char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let blank = character.is_whitespace() || character == BRAILLE_BLANK || ignorable.contains(character);
    !blank && !is_forbidden(character)
}

/// The text composed and trimmed. Its length is limited before it is trimmed, so that the OpenAPI document can name the
/// limit without speaking of spaces.
fn checked(text: &str, max: usize) -> Result<String, Violation> {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    if composed.chars().count() > max {
        return Err(Violation::Length { min: 0, max });
    }
    if composed.chars().any(is_forbidden) {
        return Err(Violation::ForbiddenCharacter);
    }
    Ok(composed.trim().to_owned())
}

/// A text of 1 to `max` characters, one of them visible, composed and trimmed.
fn visible(text: &str, max: usize) -> Result<String, Violation> {
    let length = Violation::Length { min: 1, max };
    let text = checked(text, max).map_err(|violation| match violation {
        Violation::Length { .. } => length,
        violation => violation,
    })?;
    if text.chars().any(is_visible) { Ok(text) } else { Err(length) }
}

/// The form in which texts are compared. It is the same whatever their case, width and composition: a compatibility
/// caseless match (The Unicode Standard, 3.13, D146).
pub(crate) fn fold(text: &str) -> String {
    let (fold, compose) = (CaseMapper::new(), ComposingNormalizerBorrowed::new_nfkc());
    let once = compose.normalize(&fold.fold_string(text)).into_owned();
    compose.normalize(&fold.fold_string(&once)).into_owned()
}

/// The name of a product or campaign: 1 to 100 characters, one of them visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// The most characters of a name, in normalization form C.
    pub const MAX_LENGTH: usize = 100;
    /// The most bytes of a search key: it is part of the key of an index, which takes 1,024.
    const MAX_KEY_BYTES: usize = 900;

    /// A name, composed and trimmed.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        visible(text, Self::MAX_LENGTH).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which names are listed and searched.
    pub fn sort_key(&self) -> String {
        let mut key = fold(&self.0);
        key.truncate(key.floor_char_boundary(Self::MAX_KEY_BYTES));
        key
    }
}

/// A short text that names a group or a kind: 1 to 40 characters, one of them visible.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// The most characters of a label, in normalization form C.
    pub const MAX_LENGTH: usize = 40;

    /// A label, composed and trimmed.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        visible(text, Self::MAX_LENGTH).map(Self)
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A description: up to 1,000 characters, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Description(String);

impl Description {
    /// The most characters of a description, in normalization form C.
    pub const MAX_LENGTH: usize = 1000;

    /// A description, composed and trimmed.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        checked(text, Self::MAX_LENGTH).map(Self)
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LENGTH: Violation = Violation::Length { min: 1, max: 100 };

    fn key(text: &str) -> String {
        Name::parse(text).unwrap().sort_key()
    }

    #[test]
    fn names_are_trimmed_bounded_and_on_one_line() {
        assert_eq!(Name::parse(" 제주 감귤 ").unwrap().as_str(), "제주 감귤");
        assert!(Name::parse(&"가".repeat(100)).is_ok());
        assert_eq!(Name::parse(&"가".repeat(101)), Err(LENGTH));
        assert_eq!(Name::parse(&format!("a{}", " ".repeat(100))), Err(LENGTH));
        assert_eq!(Label::parse(" 과일 ").unwrap().as_str(), "과일");
        assert!(Label::parse(&"가".repeat(40)).is_ok());
        for bad in ["", " ", &"가".repeat(41)] {
            assert_eq!(Label::parse(bad), Err(Violation::Length { min: 1, max: 40 }), "{bad:?}");
        }
        assert_eq!(Description::parse(""), Ok(Description::default()));
        assert_eq!(Description::parse(" sweet ").unwrap().as_str(), "sweet");
        assert!(Description::parse(&"a".repeat(1001)).is_err());
    }

    #[test]
    fn names_are_composed_and_as_long_in_any_composition() {
        // U+AC10 and U+ADE4, and the same syllables as conjoining letters, as macOS writes them.
        let (composed, decomposed) = ("\u{ac10}\u{ade4}", "\u{1100}\u{1161}\u{11b7}\u{1100}\u{1172}\u{11af}");
        assert_eq!(Name::parse(decomposed).unwrap().as_str(), composed);
        assert_eq!(Description::parse(decomposed).unwrap().as_str(), composed);
        assert_eq!(Name::parse(&decomposed.repeat(50)).unwrap().as_str(), composed.repeat(50));
        assert_eq!(Name::parse("e\u{301}").unwrap().as_str(), "\u{e9}");
        // These do not compose: the text would be longer than it may be.
        assert_eq!(Name::parse(&"\u{958}".repeat(51)), Err(LENGTH));
    }

    #[test]
    fn name_has_a_visible_character() {
        let fillers = ["\u{3164}", "\u{115f}\u{1160}", "\u{ffa0}", "\u{2800}", "\u{fe0f}", "\u{34f}", "\u{180b}"];
        for text in fillers.into_iter().chain(["", "  ", "\u{3000}", "\u{a0}"]) {
            assert_eq!(Name::parse(text), Err(LENGTH), "{text:?}");
            assert!(Name::parse(&format!("{text}a")).is_ok(), "{text:?}");
        }
        for text in ["가", "ㄱ", "1", "!", "\u{1f34a}", "\u{e000}"] {
            assert!(Name::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn characters_that_control_or_format_are_forbidden() {
        let controls = ["\u{0}", "\n", "\u{7f}", "\u{85}"];
        let formats = ["\u{ad}", "\u{200b}", "\u{200d}", "\u{202e}", "\u{2060}", "\u{feff}", "\u{110bd}", "\u{e0041}"];
        for text in controls.into_iter().chain(formats).chain(["\u{2028}", "\u{2029}"]) {
            let between = format!("a{text}b");
            assert_eq!(Name::parse(&between), Err(Violation::ForbiddenCharacter), "{text:?}");
            assert_eq!(Description::parse(&between), Err(Violation::ForbiddenCharacter), "{text:?}");
        }
    }

    #[test]
    fn search_ignores_case_width_and_composition() {
        assert_eq!(key("Jeju 감귤"), "jeju 감귤");
        for (one, other) in [
            ("\u{ac10}", "\u{1100}\u{1161}\u{11b7}"),
            ("STRASSE", "stra\u{df}e"),
            ("\u{ff2a}\u{ff45}\u{ff4a}\u{ff55}\u{3000}1", "Jeju 1"),
            ("\u{ff76}\u{ff9e}", "\u{30ac}"),
            ("\u{3a3}\u{3a3}", "\u{3c3}\u{3c2}"),
            ("\u{fb01}ne", "FINE"),
        ] {
            assert_eq!(key(one), key(other), "{one} and {other}");
        }
        assert_ne!(key("감귤"), key("감굴"));
    }

    #[test]
    fn search_key_fits_into_the_key_of_an_index() {
        // One character of these becomes eighteen.
        let long = key(&"\u{fdfa}".repeat(100));
        assert!((Name::MAX_KEY_BYTES - 3..=Name::MAX_KEY_BYTES).contains(&long.len()), "{}", long.len());
    }

    proptest! {
        #[test]
        fn parsed_name_parses_to_itself_and_its_key_is_stable(text in "\\PC{1,60}") {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.as_str().chars().count() <= Name::MAX_LENGTH);
                let decomposed = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
                prop_assert_eq!(Name::parse(&decomposed).map(|name| name.sort_key()), Ok(name.sort_key()));
            }
        }
    }
}
