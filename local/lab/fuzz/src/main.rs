//! libFuzzer's program, for the target that `SIJANG_FUZZ_TARGET` names. Built and run by `../fuzz`.

#![no_main]
#![allow(unsafe_code)] // the symbol by which libFuzzer, in C++, calls the target

use std::sync::LazyLock;

static TARGET: LazyLock<String> = LazyLock::new(|| std::env::var("SIJANG_FUZZ_TARGET").unwrap_or_default());

libfuzzer_sys::fuzz_target!(|input: &[u8]| sijang_fuzz::run(&TARGET, input));
