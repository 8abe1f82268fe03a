//! A Parquet file on disk, written row by row in row groups, so that its size is not limited by memory.

use std::{
    fmt::{self, Write as _},
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use parquet::{
    basic::{Compression, Type, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::parser::parse_message_type,
};
use sha2::{Digest, Sha256};
use sijang_domain::Error;
use tempfile::NamedTempFile;

use crate::{Table, internal};

/// Rows of a row group, which is held in memory.
const ROW_GROUP: usize = 65_536;
/// Written into each file in place of the version of the library, so that another version does not change every file.
const CREATED_BY: &str = "sijang version 1.0.0 (build 0)";

/// A cell of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// For a `BYTE_ARRAY (STRING)`.
    Text(String),
    /// For an `INT64`.
    Integer(i64),
    /// For an `OPTIONAL` column.
    Null,
}

impl Value {
    pub(crate) fn text(value: impl fmt::Display) -> Self {
        Self::Text(value.to_string())
    }

    pub(crate) fn optional(value: Option<Self>) -> Self {
        value.unwrap_or(Self::Null)
    }
}

/// The values of one column in the row group that is being filled.
struct Column {
    optional: bool,
    texts: Vec<ByteArray>,
    integers: Vec<i64>,
    /// For each row, whether the column has a value.
    present: Vec<i16>,
}

impl Column {
    fn push(&mut self, value: Value) {
        self.present.push(i16::from(value != Value::Null));
        match value {
            Value::Text(text) => self.texts.push(text.into_bytes().into()),
            Value::Integer(integer) => self.integers.push(integer),
            Value::Null => {}
        }
    }

    /// Writes the values and forgets them.
    fn flush(&mut self, writer: &mut SerializedColumnWriter<'_>, kind: Type) -> parquet::errors::Result<()> {
        let present = self.optional.then_some(&self.present[..]);
        match kind {
            Type::INT64 => writer.typed::<Int64Type>().write_batch(&self.integers, present, None)?,
            _ => writer.typed::<ByteArrayType>().write_batch(&self.texts, present, None)?,
        };
        self.texts.clear();
        self.integers.clear();
        self.present.clear();
        Ok(())
    }
}

/// A file that is being written.
pub struct ParquetWriter {
    file: NamedTempFile,
    writer: SerializedFileWriter<DigestingWriter>,
    columns: Vec<Column>,
    rows: u64,
}

/// A file that is complete. It is removed from the disk when this is dropped.
#[derive(Debug)]
pub struct ParquetFile {
    file: NamedTempFile,
    /// Its rows.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl ParquetWriter {
    /// An empty file of a table, in the folder for temporary files.
    pub fn create(table: Table) -> Result<Self, Error> {
        let schema = Arc::new(parse_message_type(table.schema()).map_err(internal)?);
        let compression = Compression::ZSTD(ZstdLevel::try_new(3).map_err(internal)?);
        // The identifiers of orders do not repeat: a dictionary of them would be thrown away.
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_column_dictionary_enabled("order_id".into(), false)
            .set_created_by(CREATED_BY.to_owned());
        let column = |field: &Arc<parquet::schema::types::Type>| Column {
            optional: field.is_optional(),
            texts: Vec::new(),
            integers: Vec::new(),
            present: Vec::new(),
        };
        let columns = schema.get_fields().iter().map(column).collect();
        let file = NamedTempFile::new().map_err(internal)?;
        let output = DigestingWriter { file: file.reopen().map_err(internal)?, sha256: Sha256::new(), bytes: 0 };
        let writer = SerializedFileWriter::new(output, schema, Arc::new(properties.build())).map_err(internal)?;
        Ok(Self { file, writer, columns, rows: 0 })
    }

    /// Adds a row: a value for each column of the table.
    pub fn push(&mut self, row: Vec<Value>) -> Result<(), Error> {
        debug_assert_eq!(row.len(), self.columns.len(), "a value for each column");
        self.columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        self.rows += 1;
        if self.rows.is_multiple_of(ROW_GROUP as u64) { self.flush().map_err(internal) } else { Ok(()) }
    }

    fn flush(&mut self) -> parquet::errors::Result<()> {
        let kinds: Vec<Type> =
            self.writer.schema_descr().columns().iter().map(|column| column.physical_type()).collect();
        let mut group = self.writer.next_row_group()?;
        for (buffer, kind) in self.columns.iter_mut().zip(kinds) {
            let Some(mut column) = group.next_column()? else { break };
            buffer.flush(&mut column, kind)?;
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Completes the file.
    pub fn finish(mut self) -> Result<ParquetFile, Error> {
        if !self.rows.is_multiple_of(ROW_GROUP as u64) {
            self.flush().map_err(internal)?;
        }
        let output = self.writer.into_inner().map_err(internal)?;
        Ok(ParquetFile {
            file: self.file,
            rows: self.rows,
            bytes: output.bytes,
            sha256: output.sha256.finalize().into(),
        })
    }
}

impl ParquetFile {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

/// A digest in hexadecimal.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Computes the digest while it writes.
struct DigestingWriter {
    file: File,
    sha256: Sha256,
    bytes: u64,
}

impl Write for DigestingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use parquet::{
        file::reader::{FileReader, SerializedFileReader},
        record::RowAccessor,
    };

    use super::*;

    fn written(rows: u64) -> ParquetFile {
        let mut writer = ParquetWriter::create(Table::ProductDays).unwrap();
        for row in 0..rows.cast_signed() {
            let integers = [row, 1, -row, 2].map(Value::Integer);
            writer.push([vec![Value::text(format_args!("product-{row}"))], integers.into()].concat()).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn rows_of_several_groups_are_read_as_they_were_written() {
        let rows = 2 * ROW_GROUP as u64 + 1;
        let file = written(rows);
        let reader = SerializedFileReader::new(File::open(file.path()).unwrap()).unwrap();
        assert_eq!((file.rows, reader.metadata().num_row_groups()), (rows, 3));
        let mut read = 0;
        for (position, row) in (0..).zip(reader.get_row_iter(None).unwrap()) {
            let row = row.unwrap();
            assert_eq!(row.get_string(0).unwrap(), &format!("product-{position}"));
            assert_eq!((row.get_long(1).unwrap(), row.get_long(3).unwrap()), (position, -position));
            read += 1;
        }
        assert_eq!(read, rows);
    }

    #[test]
    fn the_same_rows_make_the_same_bytes() {
        let (one, two) = (written(1_000), written(1_000));
        assert_eq!(fs::read(one.path()).unwrap(), fs::read(two.path()).unwrap());
        assert_eq!((one.sha256, one.bytes), (two.sha256, fs::metadata(two.path()).unwrap().len()));
        assert_eq!(one.sha256[..], Sha256::digest(fs::read(one.path()).unwrap())[..]);
    }

    #[test]
    fn a_file_is_removed_from_the_disk_when_it_is_dropped() {
        let file = written(1);
        let path = file.path().to_owned();
        assert!(path.exists());
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_names_no_version_of_a_library() {
        let reader = SerializedFileReader::new(File::open(written(1).path()).unwrap()).unwrap();
        assert_eq!(reader.metadata().file_metadata().created_by(), Some(CREATED_BY));
    }

    #[test]
    fn an_empty_file_has_the_columns() {
        let reader = SerializedFileReader::new(File::open(written(0).path()).unwrap()).unwrap();
        assert_eq!(reader.metadata().file_metadata().schema_descr().num_columns(), 5);
    }
}
