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
