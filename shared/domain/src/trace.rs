//! The trace of a request: one name by which its way can be followed, from the gateway to its sale fact.
//!
//! It is X-Ray's: a second and 96 random bits. A client may choose it, so that it is parsed before it gets anywhere.

use std::{collections::BTreeSet, fmt};

/// The name of a trace: `1-5759e988-bd862e3fe1be46a994272793`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// The trace that a tracing header names: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=...;Sampled=1`.
    pub fn of_header(header: &str) -> Option<Self> {
        let root = header.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
        let (second, random) = root.strip_prefix("1-")?.split_once('-')?;
        let lengths = (second.len(), random.len()) == (8, 24);
        let digits = |text: &str| text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if !lengths || !digits(second) || !digits(random) {
            return None;
        }
        u128::from_str_radix(&format!("{second}{random}"), 16).ok().map(|bits| Self(bits.to_be_bytes()))
    }

    /// The tracing header that says no more than its name.
    pub fn header(&self) -> String {
        format!("Root={self}")
    }

    /// The names of several traces, each once and one after the other: a batch has one line in the log.
    pub fn list(traces: impl Iterator<Item = Self>) -> String {
        let names: BTreeSet<String> = traces.map(|trace| trace.to_string()).collect();
        names.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// Its bytes, as they are stored.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The trace of stored bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        write!(f, "1-{:08x}-{:024x}", bits >> 96, bits & ((1 << 96) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "1-5759e988-0d862e3fe1be46a994272793";

    #[test]
    fn a_trace_is_named_by_the_root_of_its_header_wherever_it_stands() {
        for header in [
            format!("Root={NAME}"),
            format!("Root={NAME};Parent=53995c3f42cd8ad8;Sampled=1"),
            format!("Self=1-67891234-12456789abcdef0123456789; Root={NAME}"),
        ] {
            let trace = TraceId::of_header(&header).unwrap();
            assert_eq!(trace.to_string(), NAME);
            assert_eq!(TraceId::of_header(&trace.header()), Some(trace));
            assert_eq!(TraceId::from_bytes(trace.bytes()), Some(trace));
        }
    }

    #[test]
    fn a_batch_names_each_of_its_traces_once() {
        let other = "1-5759e987-0d862e3fe1be46a994272793";
        let traces = [NAME, other, NAME].map(|name| TraceId::of_header(&format!("Root={name}")).unwrap());
        assert_eq!(TraceId::list(traces.into_iter()), format!("{other} {NAME}"));
    }

    #[test]
    fn invalid_trace_is_ignored() {
        for header in [
            "",
            "Root=",
            NAME,
            "Root=1-5759e988-0d862e3fe1be46a99427279",
            "Root=2-5759e988-0d862e3fe1be46a994272793",
            "Root=1-5759e988-0D862E3FE1BE46A994272793",
            "Root=1-+759e988-0d862e3fe1be46a994272793",
            "Root=1-5759e98-80d862e3fe1be46a994272793",
            "Root=1-5759e988-\"level\":\"error\",0d862e3f",
        ] {
            assert_eq!(TraceId::of_header(header), None, "{header}");
        }
        assert_eq!(TraceId::from_bytes(&[0; 15]), None);
    }
}
