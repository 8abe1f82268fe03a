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

fn text(en: impl Into<String>, ko: impl Into<String>) -> Text<String> {
    Text { en: en.into(), ko: ko.into() }
}

/// The message about a field.
pub(crate) fn violation(violation: Violation) -> Text<String> {
    match violation {
        Violation::Missing => text("is required", "필수 항목입니다"),
        Violation::Unknown => text("has a field that is not known", "알 수 없는 항목이 있습니다"),
        Violation::UnknownParameter => {
            text("is not a parameter of this route", "이 API에서 사용하지 않는 파라미터입니다")
        }
        Violation::Repeated => text("is given more than once", "중복되었습니다"),
        Violation::Malformed => text("has the wrong type or form", "형식이 올바르지 않습니다"),
        Violation::OutOfRange { min, max } => {
            text(format!("must be from {min} to {max}"), format!("{min}부터 {max}까지 입력할 수 있습니다"))
        }
        Violation::Length { min, max } => {
            text(format!("must have a length from {min} to {max}"), format!("길이는 {min}부터 {max}까지 가능합니다"))
        }
        Violation::ForbiddenCharacter => {
            text("has control, format or line separator characters", "제어, 서식, 줄 구분 문자를 사용할 수 없습니다")
        }
        Violation::ConflictingQuotes => {
            text("differs from the price in another line of the product", "같은 상품의 다른 가격과 일치하지 않습니다")
        }
        Violation::AfterTomorrow => text("must not be after tomorrow", "내일 이후의 날짜는 사용할 수 없습니다"),
        Violation::TooManyDays { max } => {
            text(format!("makes a range of more than {max} days"), format!("기간은 최대 {max}일입니다"))
        }
        Violation::NotAfter => text("must be later", "더 나중이어야 합니다"),
        Violation::UnknownSort => text(
            "must be name, price, price-desc, newest or popular",
            "name, price, price-desc, newest, popular 중 하나여야 합니다",
        ),
        Violation::NothingGiven => text("changes nothing", "변경할 항목이 없습니다"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_the_limits() {
        for (found, en, ko) in [
            (Violation::OutOfRange { min: 1, max: 99 }, "must be from 1 to 99", "1부터 99까지 입력할 수 있습니다"),
            (
                Violation::Length { min: 1, max: 40 },
                "must have a length from 1 to 40",
                "길이는 1부터 40까지 가능합니다",
            ),
            (Violation::TooManyDays { max: 92 }, "makes a range of more than 92 days", "기간은 최대 92일입니다"),
        ] {
            assert_eq!(violation(found), text(en, ko));
        }
    }
}
