//! Strict JSON bodies: at most 16 KiB, every field known, of its type, and given once.
//!
//! A body is parsed in two steps. Its form is checked by serde, field by field; its values by the domain, all at once.
//! A violation says where it is and what it is, and never repeats the input or the name of a Rust type.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_path_to_error::Segment;
use sijang_domain::{Currency, FieldError, Fields, Money, Name, ShardCount, Violation};

use crate::Failure;

/// The most bytes of a body.
pub(crate) const MAX_BYTES: usize = 16 * 1024;

/// An object that is written as one: serde would also take an array of the fields' values.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// The fields of [`MoneyBody`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyFields {
    amount: i64,
    currency: Currency,
}

impl From<Object<MoneyFields>> for MoneyBody {
    fn from(Object(MoneyFields { amount, currency }): Object<MoneyFields>) -> Self {
        Self { amount, currency }
    }
}

/// Money in a request; the domain decides what range is good.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(from = "Object<MoneyFields>")]
pub struct MoneyBody {
    /// KRW minor units.
    pub amount: i64,
    /// Always KRW: there is no other to mean.
    #[allow(dead_code)]
    pub currency: Currency,
}

impl utoipa::PartialSchema for MoneyBody {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        sijang_domain::schema::asked_amount("An amount in KRW minor units; one unit is one won.", 0, Money::MAX.minor())
    }
}

impl utoipa::ToSchema for MoneyBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "MoneyRequest".into()
    }
}

impl MoneyBody {
    /// The money; a violation outside the range of money.
    pub fn money(self) -> Result<Money, Violation> {
        Money::new(self.amount)
    }
}

/// A request to split something into so many shards.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReshardRequest)]
pub struct ShardsBody {
    #[schema(value_type = ShardCount)]
    shards: i64,
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Name)]
    reason: Option<String>,
}

impl ShardsBody {
    /// How many, 1 to 96, and why.
    ///
    /// # Errors
    /// The violations, and where they are.
    pub fn parse(self) -> Result<(ShardCount, Option<Name>), Vec<FieldError>> {
        let mut fields = Fields::default();
        let shards = fields.check("/shards", ShardCount::new(self.shards));
        let reason = self.reason.and_then(|reason| fields.check("/reason", Name::parse(&reason)));
        fields.finish(shards.map(|shards| (shards, reason)))
    }
}

/// Why staff do something that moves money or goods.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReasonRequest)]
pub struct ReasonBody {
    #[schema(value_type = Name)]
    reason: String,
}

impl ReasonBody {
    /// The reason.
    ///
    /// # Errors
    /// The violation, and where it is.
    pub fn parse(self) -> Result<Name, Vec<FieldError>> {
        Name::parse(&self.reason).map_err(|violation| vec![FieldError::new("/reason", violation)])
    }
}

/// A field that is given or left out, and never `null`. For `#[serde(default, deserialize_with = "non_null")]`.
///
/// In a PATCH a client could send `null` to remove a value, and it would be read as "leave it". So `null` is rejected
/// there, and everywhere but in a field that it does remove ([`sijang_domain::FieldPatch`]).
///
/// # Errors
/// Those of the field.
pub fn non_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// Parses the form of a body.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    if body.len() > MAX_BYTES {
        return Err(Failure::BodyTooLarge);
    }
    let body = without_byte_order_mark(body);
    let mut json = serde_json::Deserializer::from_slice(body);
    let Object(parsed) = serde_path_to_error::deserialize(&mut json).map_err(|error| form_error(&error, body))?;
    json.end().map_err(|_| Failure::MalformedJson)?;
    Ok(parsed)
}

/// Whether a body says nothing: no bytes, `{}` or `null`.
pub(crate) fn is_empty(body: &[u8]) -> bool {
    match without_byte_order_mark(body).trim_ascii() {
        b"" | b"null" => true,
        [b'{', fields @ .., b'}'] => fields.trim_ascii().is_empty(),
        _ => false,
    }
}

/// A reader of JSON may ignore a byte order mark (RFC 8259, section 8.1); some editors and languages write one.
fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

fn form_error(error: &serde_path_to_error::Error<serde_json::Error>, body: &[u8]) -> Failure {
    // A value of another type where one of a few words is expected is a syntax error to serde_json; not to us.
    if !error.inner().is_data() && serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return Failure::MalformedJson;
    }
    let message = error.inner().to_string();
    let mut segments: Vec<String> = error.path().iter().filter_map(segment).collect();
    // Names of missing and repeated fields are ours: only fields that the contract has can be either.
    let named = |prefix: &str| message.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    let violation = if let Some(name) = named("missing field `") {
        segments.push(name.to_owned());
        Violation::Missing
    } else if let Some(name) = named("duplicate field `") {
        segments.push(name.to_owned());
        Violation::Repeated
    } else if message.starts_with("unknown field") {
        // The name is the caller's: point to the object that has it.
        segments.pop();
        Violation::Unknown
    } else {
        Violation::Malformed
    };
    let pointer: String = segments.iter().flat_map(|segment| ["/", segment]).collect();
    Failure::Invalid(vec![FieldError::new(pointer, violation)])
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Line {
        quantity: i64,
        #[serde(default, deserialize_with = "non_null")]
        unit_price: Option<MoneyBody>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Body {
        lines: Vec<Line>,
    }

    fn violation(json: &str) -> (String, Violation) {
        match parse::<Body>(json.as_bytes()) {
            Err(Failure::Invalid(errors)) => (errors[0].pointer.clone(), errors[0].violation),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_violation_of_form_says_where_and_what() {
        for (json, pointer, expected) in [
            (r"{}", "/lines", Violation::Missing),
            (r#"{"lines":1}"#, "/lines", Violation::Malformed),
            (r#"{"lines":[{"quantity":"1"}]}"#, "/lines/0/quantity", Violation::Malformed),
            (r#"{"lines":[{"quantity":1.0}]}"#, "/lines/0/quantity", Violation::Malformed),
            (r#"{"lines":[{"quantity":1e2}]}"#, "/lines/0/quantity", Violation::Malformed),
            (r#"{"lines":[{"quantity":1,"unit_price":null}]}"#, "/lines/0/unit_price", Violation::Malformed),
            (r#"{"lines":[{"quantity":99999999999999999999}]}"#, "/lines/0/quantity", Violation::Malformed),
            (r#"{"lines":[{"quantity":1,"evil":2}]}"#, "/lines/0", Violation::Unknown),
            (r#"{"evil":2}"#, "", Violation::Unknown),
            (r#"{"evil/slash":2}"#, "", Violation::Unknown),
            (r#"{"lines":[{"quantity":1,"evil/slash~":2}]}"#, "/lines/0", Violation::Unknown),
            (r#"{"lines":[{"quantity":-0}]}"#, "/lines/0/quantity", Violation::Malformed),
            (r#"{"lines":[],"lines":[]}"#, "/lines", Violation::Repeated),
            (
                r#"{"lines":[{"quantity":1,"unit_price":{"amount":1,"currency":"USD"}}]}"#,
                "/lines/0/unit_price/currency",
                Violation::Malformed,
            ),
            (
                r#"{"lines":[{"quantity":1,"unit_price":{"amount":1}}]}"#,
                "/lines/0/unit_price/currency",
                Violation::Missing,
            ),
            (
                r#"{"lines":[{"quantity":1,"unit_price":{"amount":1,"currency":null}}]}"#,
                "/lines/0/unit_price/currency",
                Violation::Malformed,
            ),
            (r#"{"lines":[{"quantity":1,"unit_price":[1,"KRW"]}]}"#, "/lines/0/unit_price", Violation::Malformed),
            (r"[]", "", Violation::Malformed),
            (r"[[]]", "", Violation::Malformed),
            (r"7", "", Violation::Malformed),
        ] {
            let found = violation(json);
            assert_eq!(found.1, expected, "{json}");
            assert_eq!(found.0, pointer, "{json}");
        }
    }

    #[test]
    fn body_that_is_not_one_json_document_is_rejected() {
        let nested = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        for json in
            ["", "{", "{}{}", "{} x", "\u{feff}{}", "nul", r#"{"lines":[],}"#, &format!("{{\"lines\":{nested}}}")]
        {
            match parse::<Body>(json.as_bytes()) {
                Err(Failure::MalformedJson | Failure::Invalid(_)) => {}
                other => panic!("{json:?}: {other:?}"),
            }
        }
        assert!(matches!(parse::<Body>(b"{\"lines\":[]}\xff"), Err(Failure::MalformedJson)));
    }

    #[test]
    fn a_byte_order_mark_before_the_document_is_ignored() {
        let good = r#"{"lines":[]}"#;
        assert!(parse::<Body>(format!("\u{feff}{good}").as_bytes()).is_ok());
        for bad in [
            format!("\u{feff}\u{feff}{good}"),
            format!(" \u{feff}{good}"),
            format!("{good}\u{feff}"),
            "\u{feff}".into(),
        ] {
            assert!(matches!(parse::<Body>(bad.as_bytes()), Err(Failure::MalformedJson)), "{bad:?}");
        }
    }

    #[test]
    fn a_body_has_at_most_16_kib() {
        let mut body = br#"{"lines":[]}"#.to_vec();
        body.resize(MAX_BYTES, b' ');
        assert!(parse::<Body>(&body).is_ok());
        body.push(b' ');
        assert!(matches!(parse::<Body>(&body), Err(Failure::BodyTooLarge)));
    }
}
