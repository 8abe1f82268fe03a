//! Mutations of inputs, as many as one likes and always the same: the short run of the fuzz targets, without a fuzzer.

use fastrand::Rng;

/// Texts that parsers stumble over.
const MORSELS: [&str; 32] = [
    "null",
    "true",
    "-0",
    "1e9",
    "0.5",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "{}",
    "[]",
    "[[[[[[[[",
    "}}",
    "\"",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "가",
    "/",
    "~1",
    "%00",
    "&",
    "=",
    ",",
    ":",
    "amount",
    "currency",
    "KRW",
    "__proto__",
    "2026-11-21T00:10:00+09:00",
    "01JD4QWKQK3X8M2Z6T9V5R7YBC",
];

/// One more input, from some of the corpus.
pub fn mutated(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = rng.choice(corpus).cloned().unwrap_or_default();
    for _ in 0..rng.usize(1..=4) {
        let at = rng.usize(0..=input.len());
        match rng.u8(0..7) {
            0 => drop(input.splice(at..at, rng.choice(MORSELS).unwrap_or_default().bytes())),
            1 if !input.is_empty() => {
                let at = at.min(input.len() - 1);
                input[at] ^= 1 << rng.u8(0..8);
            }
            2 => input.truncate(at),
            3 => {
                let end = (at + rng.usize(0..16)).min(input.len());
                drop(input.drain(at..end));
            }
            4 => {
                let end = (at + rng.usize(0..64)).min(input.len());
                let copy = input[at..end].to_vec();
                drop(input.splice(at..at, copy));
            }
            5 => {
                let other = rng.choice(corpus).cloned().unwrap_or_default();
                let from = rng.usize(0..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => input.insert(at, rng.u8(..)),
        }
    }
    input
}
