//! The archive that Lambda wants: a zip with one program called `bootstrap`. Nothing in it comes from the machine that
//! packs - no time, no owner, no mode of a file -, and the compressor is the same code everywhere: with one that is
//! tuned to the processor, the bytes would depend on it.

use std::io::{Cursor, Write};

use anyhow::Result;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// The archive of a program.
pub(super) fn of(binary: &[u8]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        // The beginning of a zip's time, 1980.
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(binary)?;
    Ok(zip.finish()?.into_inner())
}
