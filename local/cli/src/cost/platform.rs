//! The cost of the data platform, for a million orders of two lines on one day.

use super::prices::{GIGABYTE_SECOND, READ, S3_GET, S3_PUT, SCANNED, STORED};

/// Orders, in millions.
const MILLIONS: f64 = 1.0;
/// Read units of a consistent read of a fact, as part of a page: 350 bytes with what the data platform needs of it.
const FACT_READ: f64 = 0.35 / 4.0;
/// Bytes of the files for each order. Measured: shared/platform/README.md.
const BYTES: f64 = 58.0;
/// Seconds of one processor for a million orders: eleven for the files, measured on x86-64 (shared/platform/README.md), and
/// five to read the facts, as for the aggregation, which is an assumption.
const SECONDS: f64 = 16.0;
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
