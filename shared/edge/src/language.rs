//! The language of a client: Korean or English, by `Accept-Language` (RFC 9110, section 12.5.4).

use std::cmp::{Ordering::Equal, Reverse};

use accept_language::parse_with_quality;

/// A language of the shop's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Korean,
}

impl Language {
    /// The language of the two that the client likes better; English where it names neither.
    pub(crate) fn accepted(header: Option<&str>) -> Self {
        // Range by range: the crate would sort them, and a quality of `nan` has no order. The list stays in its order.
        let ranges: Vec<_> =
            header.unwrap_or_default().split(',').map(str::trim).flat_map(parse_with_quality).collect();
        let (english, korean) = (Self::English.rank(&ranges), Self::Korean.rank(&ranges));
        if korean > english { Self::Korean } else { Self::English }
    }

    /// How well the client likes the language: its quality, then how early it stands in the list. A range that names the
    /// language decides before `*` does.
    fn rank(self, ranges: &[(String, f32)]) -> Option<(f32, Reverse<usize>)> {
        let is_named = |range: &str| range.split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case(self.tag()));
        let best = |matches: &dyn Fn(&str) -> bool| {
            let matching = ranges.iter().enumerate().filter(|(_, (range, _))| matches(range));
            let ranked = matching.map(|(place, (_, quality))| (*quality, Reverse(place)));
            ranked.filter(|(quality, _)| (0.0..=1.0).contains(quality)).max_by(|a, b| a.partial_cmp(b).unwrap_or(Equal))
        };
        let rank = best(&is_named).or_else(|| best(&|range| range == "*"));
        // A quality of 0 says that the client does not want it.
        rank.filter(|(quality, _)| *quality > 0.0)
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
    fn the_better_accepted_language_is_chosen() {
        use Language::{English, Korean};
        let long = ["fr;q=nan", "en;q=0.4"].repeat(40).join(",");
        for (header, expected) in [
            (None, English),
            (Some("ko"), Korean),
            (Some("KO-kr"), Korean),
            (Some("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7"), Korean),
            (Some("en-US,en;q=0.9,ko;q=0.8"), English),
            (Some("ko;q=0.9, en;Q=0.1"), Korean),
            (Some("ko;Q=0.1,\ten;Q=0.9"), English),
            (Some("ko, en"), Korean),
            (Some("en, ko"), English),
            (Some("fr, ko;q=0.1"), Korean),
            (Some("ko;q=0, fr"), English),
            (Some("*"), English),
            (Some("en;q=0.1, *"), Korean),
            (Some("*, ko;q=0.5"), English),
            (Some("ko;q=0, *"), English),
            (Some("*;q=0.5, ko;q=0.6"), Korean),
            (Some("ko;q=7, en;q=0.1"), English),
            (Some("ko;q=nan"), English),
            (Some(&long), English),
            (Some(";;,,q=ko"), English),
            (Some("가\u{fffd}"), English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header:?}");
        }
    }
}
