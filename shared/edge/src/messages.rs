//! The texts that people read, each in English and Korean. The texts of problem types stand in `catalogue`.

use sijang_domain::Violation;

use crate::language::Language;

/// One text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<S = &'static str> {
    pub(crate) en: S,
    pub(crate) ko: S,
}

impl<S> Text<S> {
    pub(crate) fn in_language(self, language: Language) -> S {
        match language {
            Language::English => self.en,
            Language::Korean => self.ko,
        }
    }
}

fn text(en: &'static str, ko: &'static str) -> Text {
    Text { en, ko }
}

/// The message about a field.
pub(crate) fn violation(violation: Violation) -> Text {
    match violation {
        Violation::Missing => text("is required", "필수 항목입니다"),
        Violation::Unknown => text("has a field that is not known", "알 수 없는 항목이 있습니다"),
        Violation::UnknownParameter => {
            text("is not a parameter of this route", "이 API에서 사용하지 않는 파라미터입니다")
        }
        Violation::Repeated => text("is given more than once", "중복되었습니다"),
        Violation::Malformed => text("has the wrong type or form", "형식이 올바르지 않습니다"),
        Violation::OutOfRange { .. } => text("is out of range", "허용 범위를 벗어났습니다"),
        Violation::Length { .. } => text("is empty, too short or too long", "길이가 올바르지 않습니다"),
        Violation::ForbiddenCharacter => {
            text("has control, format or line separator characters", "제어, 서식, 줄 구분 문자를 사용할 수 없습니다")
        }
        Violation::ConflictingQuotes => {
            text("differs from the price in another line of the product", "같은 상품의 다른 가격과 일치하지 않습니다")
        }
        Violation::AfterTomorrow => text("must not be after tomorrow", "내일 이후의 날짜는 사용할 수 없습니다"),
        Violation::NotAfter => text("must be later", "더 나중이어야 합니다"),
        Violation::UnknownSort => text(
            "must be name, price, price-desc, newest or popular",
            "name, price, price-desc, newest, popular 중 하나여야 합니다",
        ),
        Violation::NothingGiven => text("changes nothing", "변경할 항목이 없습니다"),
    }
}
