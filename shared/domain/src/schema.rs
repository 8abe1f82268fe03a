//! How the values of the domain look in the contract: one schema for each, with the limits that its parser holds.
//!
//! Beside the derived schemas of the structures, these are written by hand, because what a value may be is decided by
//! its parser and not by its Rust type.

use std::sync::LazyLock;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, Ref, RefOr,
        schema::{AdditionalProperties, AnyOfBuilder, KnownFormat, Schema, SchemaFormat, Type},
    },
};

use crate::{
    CouponId, Day, Description, EntryId, ImageUrl, Label, Money, Name, OrderId, ProductId, ProductVersion, Quantity,
    ShardCount, SignedMoney, Stock, Timestamp, UserId,
};

/// A ULID in its one canonical spelling.
const ULID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";
/// RFC 3339 between 1970 and 2199, with any offset.
const INSTANT: &str = "^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
                       T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// The pattern classes of the characters that a text on one line may have, and of those that a reader sees. Each is
/// made once, from all of Unicode.
static PERMITTED: LazyLock<String> = LazyLock::new(|| class_without(crate::text::is_forbidden));
static VISIBLE: LazyLock<String> = LazyLock::new(|| class_without(|character| !crate::text::is_visible(character)));

/// A pattern class of the characters that do not fit. It names characters beyond U+FFFF as they are, because regular
/// expressions have no escape for them that all languages know.
fn class_without(fits: impl Fn(char) -> bool) -> String {
    let name = |c: char| if u32::from(c) < 0x1_0000 { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    let mut ranges: Vec<(char, char)> = Vec::new();
    for character in ('\0'..=char::MAX).filter(|character| fits(*character)) {
        match ranges.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(character) => *last = character,
            _ => ranges.push((character, character)),
        }
    }
    let range = |(first, last): (char, char)| {
        if first == last { name(first) } else { format!("{}-{}", name(first), name(last)) }
    };
    format!("[^{}]", ranges.into_iter().map(range).collect::<String>())
}

macro_rules! described {
    ($($name:ident $schema:expr;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.build().into()
            }
        }
        impl ToSchema for $name {}
    )*};
}

described! {
    ProductId ulid("A product of the catalogue.");
    CouponId ulid("A coupon campaign; with a customer, the one coupon of it that the customer can hold.");
    OrderId ulid("An order. Identifiers sort by the time the order was paid.");
    EntryId ulid("An entry of the balance ledger or of the stock ledger. Identifiers sort by time.");
    UserId text("The customer: the access token's `sub`.")
        .min_length(Some(1))
        .max_length(Some(128))
        .pattern(Some("^[!-~]+$"));
    Timestamp text("An instant, RFC 3339. Answers give it in UTC with milliseconds.")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .pattern(Some(INSTANT))
        .examples(["2026-11-21T09:30:00.000Z"]);
    Day text("A day in Asia/Seoul.")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .examples(["2026-11-21"]);
    Name text("Text on one line. It is stored and counted in Unicode normalization form C, without spaces at its ends.")
        .min_length(Some(1))
        .max_length(Some(Name::MAX_LENGTH))
        .pattern(Some(format!("^{0}*{1}{0}*$", *PERMITTED, *VISIBLE)))
        .examples(["제주 감귤 5kg"]);
    Label text("A short text on one line. It is stored and counted in Unicode normalization form C, without spaces at its ends.")
        .min_length(Some(1))
        .max_length(Some(Label::MAX_LENGTH))
        .pattern(Some(format!("^{0}*{1}{0}*$", *PERMITTED, *VISIBLE)))
        .examples(["과일"]);
    ImageUrl text("The address of a picture, without credentials. The shop stores it, and does not fetch it.")
        .min_length(Some(1))
        .max_length(Some(ImageUrl::MAX_LENGTH))
        .pattern(Some(ImageUrl::PATTERN))
        .examples(["https://cdn.example.com/tangerine.webp"]);
    Description text("Text on one line, or none. It is stored and counted in Unicode normalization form C.")
        .max_length(Some(Description::MAX_LENGTH))
        .pattern(Some(format!("^{}*$", *PERMITTED)))
        .examples(["산지에서 바로 보내는 노지 감귤"]);
    Quantity integer("How many of one product.", 1, Quantity::MAX.into());
    ProductVersion integer("Which name of a product: 1 is its first, and each new name makes the next version.", 1, u32::MAX.into());
    Stock integer("Units on hand.", 0, u32::MAX.into());
    ShardCount integer("Into how many items a number is split that many want to change at once.", 1, ShardCount::MAX.into());
    Money amount("An amount in KRW minor units; one unit is one won.", 0, Money::MAX.minor());
    SignedMoney amount("A signed amount in KRW minor units; one unit is one won.", -i64::MAX, i64::MAX);
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}

fn ulid(description: &str) -> ObjectBuilder {
    text(description).pattern(Some(ULID)).examples(["01JD4QWKQK3X8M2Z6T9V5R7YBC"])
}

/// An integer within limits, both ends included.
pub fn integer(description: &str, min: i64, max: i64) -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    let integer = ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).description(Some(description));
    // -2^63 to 2^63-1 is what the format says already.
    let integer = if min == -i64::MAX { integer } else { integer.minimum(Some(min)) };
    if max == i64::MAX { integer } else { integer.maximum(Some(max)) }
}

fn amount(description: &str, min: i64, max: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some(description))
        .property("amount", integer("KRW minor units.", min, max))
        .property("currency", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["KRW"])))
        .required("amount")
        .required("currency")
}

/// Money in a request, within limits: nothing may stand beside its two fields.
pub fn asked_amount(description: &str, min: i64, max: i64) -> RefOr<Schema> {
    amount(description, min, max).additional_properties(Some(AdditionalProperties::FreeForm(false))).build().into()
}

/// A value or `null`, for a field of a PATCH that `null` removes.
pub fn or_null<T: ToSchema>() -> RefOr<Schema> {
    let null = ObjectBuilder::new().schema_type(Type::Null).description(Some("Removes the field."));
    RefOr::T(Schema::AnyOf(AnyOfBuilder::new().item(Ref::from_schema_name(T::name())).item(null).build()))
}
