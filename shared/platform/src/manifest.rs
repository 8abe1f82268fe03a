//! The manifest of a day: its files, with counts and digests, as they were when the export ended.

use serde::{Deserialize, Serialize};
use sijang_domain::Day;

use crate::{Table, bucket::StoredFile};

/// The export of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the data contract.
    pub version: u32,
    /// The day in Asia/Seoul.
    pub day: Day,
    /// The facts that were exported: rows of `orders`.
    pub facts: u64,
    /// The rows of `order_lines`. The statistics count a fact for each of its products, so their counts add up to this.
    pub lines: u64,
    /// The files by key.
    pub files: Vec<StoredFile>,
}

impl Manifest {
    /// The version of the data contract that this release writes.
    pub const VERSION: u32 = 1;

    /// The key of the manifest of a day.
    pub fn key(day: Day) -> String {
        format!("manifests/day={day}.json")
    }

    /// The manifest of a day that has no facts, and so no files. It is not stored.
    pub(crate) fn without_files(day: Day) -> Self {
        Self { version: Self::VERSION, day, facts: 0, lines: 0, files: Vec::new() }
    }

    /// A stored manifest, or nothing when it is not one of this day whose counts are those of its files.
    pub(crate) fn read(day: Day, json: &[u8]) -> Option<Self> {
        let manifest: Self = serde_json::from_slice(json).ok()?;
        let tables = Table::files(day).map(|(table, _)| table);
        let files = tables.zip(manifest.files.iter().cloned()).collect();
        (Self::of(day, files).as_ref() == Some(&manifest)).then_some(manifest)
    }

    /// The manifest of these files, or nothing when they are not of one reading of the facts, because two exports of
    /// the day overlapped.
    pub(crate) fn of(day: Day, files: Vec<(Table, StoredFile)>) -> Option<Self> {
        let sum = |wanted: Table, count: fn(&StoredFile) -> u64| {
            files.iter().filter(|(table, _)| *table == wanted).map(|(_, file)| count(file)).sum::<u64>()
        };
        let facts = sum(Table::Orders, |file| file.facts);
        let of_one_reading = Table::ALL.into_iter().all(|table| sum(table, |file| file.facts) == facts);
        let lines = sum(Table::OrderLines, |file| file.rows);
        let files = files.into_iter().map(|(_, file)| file).collect();
        of_one_reading.then_some(Self { version: Self::VERSION, day, facts, lines, files })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_has_the_names_that_the_data_contract_promises() {
        let day: Day = "2026-11-27".parse().unwrap();
        let file = |key| StoredFile { key, facts: 0, rows: 0, bytes: 4, sha256: "00".to_owned() };
        let files: Vec<_> = Table::files(day).map(|(table, key)| (table, file(key))).collect();
        let manifest = Manifest::of(day, files).unwrap();
        let written = serde_json::to_value(&manifest).unwrap();
        let (first, last) = ("orders/day=2026-11-27/part-0.parquet", "product_days/day=2026-11-27/part-0.parquet");
        let entry = |key| json!({"key": key, "facts": 0, "rows": 0, "bytes": 4, "sha256": "00"});
        assert_eq!((&written["files"][0], &written["files"][16]), (&entry(first), &entry(last)));
        let mut head = written.clone();
        head.as_object_mut().unwrap().remove("files");
        assert_eq!(head, json!({"version": 1, "day": "2026-11-27", "facts": 0, "lines": 0}));
        // Fields that a later release adds do not make it unreadable.
        let mut later = written;
        later["added"] = json!(true);
        assert_eq!(Manifest::read(day, later.to_string().as_bytes()), Some(manifest));
    }
}
