//! What people read: every text in English and Korean.

use sijang_domain::{Error, Rejection, Violation};

use crate::{Failure, ProblemType, language::Language};

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

/// What is wrong with a field.
pub(crate) fn violation(violation: Violation) -> Text {
    match violation {
        Violation::Missing => text("is required", "필수 항목입니다"),
        Violation::Unknown => text("has a field that is not known", "알 수 없는 항목이 있습니다"),
        Violation::Repeated => text("is given more than once", "중복되었습니다"),
        Violation::Malformed => text("has the wrong type or form", "형식이 올바르지 않습니다"),
        Violation::OutOfRange { .. } => text("is out of range", "허용 범위를 벗어났습니다"),
        Violation::Length { .. } => text("is empty, too short or too long", "길이가 올바르지 않습니다"),
        Violation::ControlCharacter => text("has control characters", "제어 문자를 사용할 수 없습니다"),
        Violation::ConflictingQuotes => {
            text("differs from the price in another line of the product", "같은 상품의 다른 가격과 일치하지 않습니다")
        }
        Violation::NotAfter => text("must be later", "더 나중이어야 합니다"),
        Violation::NothingGiven => text("changes nothing", "변경할 항목이 없습니다"),
    }
}

/// What happened this time, beyond the title.
pub(crate) fn detail(failure: &Failure, kind: &ProblemType) -> Text<String> {
    let own = |en: String, ko: String| Text { en, ko };
    match failure {
        Failure::Invalid(errors) => own(
            format!("{} of its fields cannot be accepted; see errors.", errors.len()),
            format!("{}개 항목을 처리할 수 없습니다. errors를 확인하세요.", errors.len()),
        ),
        Failure::KeyInvalid => own(
            "Use 1 to 128 letters, digits, dots, underscores, colons or hyphens.".to_owned(),
            "영문자, 숫자, 마침표, 밑줄, 콜론, 하이픈으로 1~128자를 사용하세요.".to_owned(),
        ),
        Failure::KeyRequired => own(
            "Send a key of your own with each new request, and the same key when you repeat it.".to_owned(),
            "새 요청마다 고유한 키를 보내고, 재시도할 때는 같은 키를 보내세요.".to_owned(),
        ),
        Failure::Operation(Error::Rejected(Rejection::InsufficientBalance { balance, required })) => own(
            format!("The price is {} KRW, the balance {} KRW. Nothing was ordered.", required.minor(), balance.minor()),
            format!("결제 금액은 {}원, 잔액은 {}원입니다. 주문되지 않았습니다.", required.minor(), balance.minor()),
        ),
        Failure::Operation(Error::Rejected(Rejection::InsufficientStock { shortages })) => own(
            format!("{} of the products have too few units. Nothing was changed.", shortages.len()),
            format!("{}개 상품의 재고가 부족합니다. 변경된 것은 없습니다.", shortages.len()),
        ),
        Failure::Operation(Error::Rejected(Rejection::BalanceLimitExceeded { limit, .. })) => own(
            format!("A balance is at most {} KRW.", limit.minor()),
            format!("잔액은 최대 {}원입니다.", limit.minor()),
        ),
        Failure::Operation(Error::Busy(_)) => own(
            "Send the same request again, with the same Idempotency-Key if it has one.".to_owned(),
            "같은 요청을 다시 보내세요. Idempotency-Key가 있으면 같은 키를 사용하세요.".to_owned(),
        ),
        _ => own(kind.title.en.to_owned(), kind.title.ko.to_owned()),
    }
}
