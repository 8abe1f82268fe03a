//! Details of a product beside its name and description: all of them optional, and without effect on a sale.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Label, Name, Violation};

/// Where a picture is: an `https` URL of up to 500 characters, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageUrl(String);

impl ImageUrl {
    /// The most characters of a URL.
    pub const MAX_LENGTH: usize = 500;
    /// The values that [`Self::parse`] takes, as a regular expression.
    pub const PATTERN: &str = "^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]*)?$";

    /// A URL of this form; it is neither normalized nor fetched.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(Violation::Length { min: 1, max: Self::MAX_LENGTH });
        }
        let rest = text.strip_prefix("https://").ok_or(Violation::Malformed)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let is_host =
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
        let is_path =
            path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~:/?#[]@!$&'()*+,;=%-".contains(&byte));
        if is_host && port.is_none_or(is_port) && is_path {
            Ok(Self(text.to_owned()))
        } else {
            Err(Violation::Malformed)
        }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The optional fields of a product. Its page, its lists and the answers to staff have all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProductDetails {
    /// Under what it is listed, such as `과일`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Label>,
    /// The name without the size: products of one family are one thing in several sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Name>,
    /// Which size of its family it is, such as `5kg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Label>,
    /// Where its picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<ImageUrl>,
    /// The name in English. A search finds it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_en: Option<Name>,
}

impl ProductDetails {
    /// Whether nothing is given. The form that serde calls.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The fields by their names, as text.
    pub fn texts(&self) -> [(&'static str, Option<&str>); 5] {
        let Self { category, family, size, image_url, name_en } = self;
        [
            ("category", category.as_ref().map(Label::as_str)),
            ("family", family.as_ref().map(Name::as_str)),
            ("size", size.as_ref().map(Label::as_str)),
            ("image_url", image_url.as_ref().map(ImageUrl::as_str)),
            ("name_en", name_en.as_ref().map(Name::as_str)),
        ]
    }
}

/// A change of an optional field. As JSON, a field that is left out is kept, and `null` removes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FieldPatch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is no longer given.
    Remove,
    /// It has this value.
    Set(T),
}

impl<T> FieldPatch<T> {
    /// Whether the field stays as it is. The form that serde calls.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Parses the value, if there is one.
    pub fn try_map<U>(self, parse: impl FnOnce(T) -> Result<U, Violation>) -> Result<FieldPatch<U>, Violation> {
        Ok(match self {
            Self::Keep => FieldPatch::Keep,
            Self::Remove => FieldPatch::Remove,
            Self::Set(value) => FieldPatch::Set(parse(value)?),
        })
    }

    fn applied_to(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Remove => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T: Serialize> Serialize for FieldPatch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Remove => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

/// For a field with `#[serde(default)]`: without the default, one that is left out would be removed.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for FieldPatch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| value.map_or(Self::Remove, Self::Set))
    }
}

/// A change of [`ProductDetails`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ProductDetailsPatch {
    /// Another category.
    #[serde(skip_serializing_if = "FieldPatch::is_keep")]
    pub category: FieldPatch<Label>,
    /// Another family.
    #[serde(skip_serializing_if = "FieldPatch::is_keep")]
    pub family: FieldPatch<Name>,
    /// Another size.
    #[serde(skip_serializing_if = "FieldPatch::is_keep")]
    pub size: FieldPatch<Label>,
    /// Another picture.
    #[serde(skip_serializing_if = "FieldPatch::is_keep")]
    pub image_url: FieldPatch<ImageUrl>,
    /// Another English name.
    #[serde(skip_serializing_if = "FieldPatch::is_keep")]
    pub name_en: FieldPatch<Name>,
}

impl ProductDetailsPatch {
    /// The details with the change made.
    #[must_use]
    pub fn applied_to(self, details: ProductDetails) -> ProductDetails {
        ProductDetails {
            category: self.category.applied_to(details.category),
            family: self.family.applied_to(details.family),
            size: self.size.applied_to(details.size),
            image_url: self.image_url.applied_to(details.image_url),
            name_en: self.name_en.applied_to(details.name_en),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_url_is_https_without_credentials_and_bounded() {
        for good in ["https://a", "https://cdn.example.com:8443/a/b.png?v=1&w=2#x", "https://a/", "https://a/@b"] {
            assert_eq!(ImageUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "https://",
            "https:///a",
            "http://a/b",
            "HTTPS://a",
            "//a/b",
            "data:image/png;base64,AA",
            "https://user@a/b",
            "https://user:@a/b",
            "https://a:/b",
            "https://a:123456/b",
            "https://a b/",
            "https://a/\"onerror=",
            "https://a/b\n",
            "https://a?b",
            "https://가/",
            "https://a/\u{200b}",
        ] {
            assert_eq!(ImageUrl::parse(bad), Err(Violation::Malformed), "{bad:?}");
        }
        let long = |length: usize| format!("https://a/{}", "b".repeat(length - 10));
        assert!(ImageUrl::parse(&long(500)).is_ok());
        assert_eq!(ImageUrl::parse(&long(501)), Err(Violation::Length { min: 1, max: 500 }));
    }

    #[test]
    fn patch_of_details_keeps_removes_and_sets() {
        let label = |text| Label::parse(text).unwrap();
        let before = ProductDetails {
            category: Some(label("tea")),
            size: Some(label("40g")),
            name_en: Name::parse("Green tea").ok(),
            ..ProductDetails::default()
        };
        assert_eq!(ProductDetailsPatch::default().applied_to(before.clone()), before);
        let patch = ProductDetailsPatch {
            category: FieldPatch::Set(label("drinks")),
            size: FieldPatch::Remove,
            family: FieldPatch::Set(Name::parse("Green tea").unwrap()),
            ..ProductDetailsPatch::default()
        };
        let json = serde_json::json!({"category": "drinks", "size": null, "family": "Green tea"});
        assert_eq!(serde_json::to_value(&patch).unwrap(), json);
        let after = ProductDetails {
            category: Some(label("drinks")),
            family: Name::parse("Green tea").ok(),
            size: None,
            ..before.clone()
        };
        assert_eq!(patch.applied_to(before), after);
    }

    #[test]
    fn null_removes_a_field_and_one_left_out_is_kept() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            size: FieldPatch<String>,
        }
        let of = |json| serde_json::from_str::<Body>(json).map(|body| body.size).ok();
        assert_eq!(of("{}"), Some(FieldPatch::Keep));
        assert_eq!(of(r#"{"size":null}"#), Some(FieldPatch::Remove));
        assert_eq!(of(r#"{"size":"5kg"}"#), Some(FieldPatch::Set("5kg".to_owned())));
        assert_eq!(of(r#"{"size":5}"#), None);
    }
}
