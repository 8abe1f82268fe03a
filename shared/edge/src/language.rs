//! Which of the two languages a client reads (`Accept-Language`, RFC 9110).

/// A language of the shop's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Korean,
}

impl Language {
    /// The better accepted of the two; English where neither is asked for.
    pub(crate) fn accepted(header: Option<&str>) -> Self {
        let mut best = (0.0, Self::English);
        for range in header.unwrap_or_default().split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let language = match tag.split('-').next() {
                Some("ko") => Self::Korean,
                Some("en") => Self::English,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_accepted_language_is_spoken() {
        use Language::{English, Korean};
        for (header, expected) in [
            (None, English),
            (Some("ko"), Korean),
            (Some("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7"), Korean),
            (Some("en-US,en;q=0.9,ko;q=0.8"), English),
            (Some("fr, ko;q=0.1"), Korean),
            (Some("ko;q=0, fr"), English),
            (Some("*"), English),
            (Some(";;,,q=ko"), English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header:?}");
        }
    }
}
