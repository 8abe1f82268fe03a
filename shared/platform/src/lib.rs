//! The data platform: the sale facts of a day as Parquet files in a bucket, which Athena and `DuckDB` query with SQL.
//!
//! The files are a projection of the facts: an export can be repeated at any time, and the same facts give the same
//! bytes. README.md beside this crate is the data contract.

mod bucket;
mod day_files;
mod export;
mod manifest;
mod parquet_file;
mod pseudonym;
mod table;
mod verify;

pub use bucket::{Bucket, StoredFile};
pub use day_files::{ShardFiles, ShardWriter, totals_file};
pub use export::Platform;
pub use manifest::Manifest;
pub use parquet_file::ParquetFile;
pub use pseudonym::PseudonymKey;
pub use table::Table;

use sijang_domain::Error;

/// The failure of something that cannot be tried again with another result: a disk, the Parquet encoder.
pub(crate) fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
