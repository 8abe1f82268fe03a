//! The cost of the data platform, for a million orders of two lines on one day.

use super::prices::{GIGABYTE_SECOND, READ, S3_GET, S3_PUT, SCANNED, STORED};

/// Orders, in millions.
const MILLIONS: f64 = 1.0;
/// What a consistent read of a fact takes, as part of a page: 350 bytes with what the data platform needs of it.
const FACT_READ: f64 = 0.35 / 4.0;
/// Bytes of the files for each order. Measured: shared/platform/README.md.
const BYTES: f64 = 54.0;
/// Seconds of one processor for a million orders. An assumption: reading the facts takes five, as for the aggregation, and
/// the files ten. A debug build takes 74 for the files (shared/platform/README.md); a release build was not measured.
const SECONDS: f64 = 15.0;
/// The memory of the function in gigabytes: the template's 1,769 MB.
const MEMORY: f64 = 1.769;
/// Files of a day, each looked at twice and written once; and the manifest.
const FILES: f64 = 17.0;

/// An item of the bill, and its dollars.
pub(super) fn rows() -> [(&'static str, f64); 4] {
    let dollars = |nanodollars: f64| nanodollars / 1e9;
    let megabytes = MILLIONS * BYTES;
    let reads = 1e6 * MILLIONS * FACT_READ * READ.nanodollars;
    let function = MILLIONS * SECONDS * MEMORY * GIGABYTE_SECOND.nanodollars;
    let requests = (FILES + 1.0) * S3_PUT.nanodollars + (2.0 * FILES + 2.0) * S3_GET.nanodollars;
    [
        ("exported once: reads, function, requests", dollars(reads + function + requests)),
        ("reconciled once: the files are read", dollars((FILES + 1.0) * S3_GET.nanodollars)),
        ("stored for a month", dollars(megabytes * STORED.nanodollars)),
        ("a query that reads all of it", dollars(megabytes * SCANNED.nanodollars)),
    ]
}
