//! The export of a day: its facts are read shard by shard and written as files; the manifest is written last.
//!
//! It can end at any call and be repeated, also at once with itself: each file is replaced as a whole and only by one of
//! as many facts or more, and the manifest is made of the files that are in the bucket.

use sijang_domain::{Day, DayTotals, Error, SaleFact};
use sijang_storage::Store;

use crate::{
    Bucket, Manifest, ParquetFile, PseudonymKey, ShardFiles, ShardWriter, StoredFile, Table, bucket::Content, internal,
    parquet_file::hexadecimal, totals_file,
};

/// How many days back is looked for facts that were not exported. For an older day that changed, an operator starts the
/// export.
const LOOK_BACK: i32 = 100;
/// How often a day is read again because another export of it overlapped.
const READINGS: usize = 3;

/// The data platform: its bucket, and the key of the pseudonyms.
#[derive(Debug, Clone)]
pub struct Platform {
    pub(crate) bucket: Bucket,
    pseudonyms: PseudonymKey,
}

impl Platform {
    /// The data platform in a bucket.
    pub fn new(bucket: Bucket, pseudonyms: PseudonymKey) -> Self {
        Self { bucket, pseudonyms }
    }

    /// Writes the files of a day and its manifest; a day without facts has none. Facts that come while the day is read may
    /// be in it or not; the export after the next aggregation has them.
    pub async fn export(&self, store: &Store, day: Day) -> Result<Manifest, Error> {
        for _ in 0..READINGS {
            let mut totals = DayTotals::default();
            // The files of shards without facts wait, because a day without facts has no files.
            let mut empty = Vec::new();
            for shard in 0..SaleFact::SHARDS {
                let files = self.read_shard(store, day, shard, &mut totals).await?;
                if files.orders.rows == 0 {
                    empty.push((shard, files));
                } else {
                    self.put_shard(day, shard, &files).await?;
                }
            }
            if totals.facts() == 0 {
                return Ok(self.manifest(day).await?.unwrap_or_else(|| Manifest::without_files(day)));
            }
            for (shard, files) in empty {
                self.put_shard(day, shard, &files).await?;
            }
            self.put(Table::ProductDays.key(day, 0), &totals_file(&totals)?, totals.facts()).await?;
            if let Some(manifest) = self.collect(day).await? {
                let json = serde_json::to_vec_pretty(&manifest).map_err(internal)?;
                let (key, facts) = (Manifest::key(day), manifest.facts);
                let file = StoredFile { key, facts, rows: 0, bytes: json.len() as u64, sha256: String::new() };
                self.bucket.put(&file, Content::Json(&json)).await?;
                return Ok(manifest);
            }
        }
        Err(Error::Busy(format!("other exports of {day} overlap")))
    }

    /// Writes the facts of a shard to files on disk, and counts them.
    async fn read_shard(
        &self,
        store: &Store,
        day: Day,
        shard: u8,
        totals: &mut DayTotals,
    ) -> Result<ShardFiles, Error> {
        let mut files = ShardWriter::create()?;
        let add = |fact: SaleFact| {
            totals.count(fact.kind, &fact.lines, fact.coupon_id());
            files.push(&fact, &self.pseudonyms)
        };
        store.read_facts(day, shard, add).await?;
        files.finish()
    }

    async fn put_shard(&self, day: Day, shard: u8, ShardFiles { orders, lines }: &ShardFiles) -> Result<(), Error> {
        self.put(Table::Orders.key(day, shard), orders, orders.rows).await?;
        self.put(Table::OrderLines.key(day, shard), lines, orders.rows).await
    }

    async fn put(&self, key: String, file: &ParquetFile, facts: u64) -> Result<(), Error> {
        let (rows, bytes, sha256) = (file.rows, file.bytes, hexadecimal(&file.sha256));
        let stored = StoredFile { key, facts, rows, bytes, sha256 };
        self.bucket.put(&stored, Content::Parquet(file.path())).await
    }

    /// The manifest of the files that are in the bucket; nothing when they are of several readings.
    async fn collect(&self, day: Day) -> Result<Option<Manifest>, Error> {
        let mut files = Vec::new();
        for (table, key) in Table::files(day) {
            let Some(file) = self.bucket.stored(&key).await? else { return Ok(None) };
            files.push((table, file));
        }
        Ok(Manifest::of(day, files))
    }

    /// The manifest of a day, if it was exported. A manifest that is damaged counts as none, so the next export of the day
    /// replaces it.
    pub async fn manifest(&self, day: Day) -> Result<Option<Manifest>, Error> {
        let json = self.bucket.get(&Manifest::key(day)).await?;
        Ok(json.and_then(|json| Manifest::read(day, &json)))
    }

    /// The days before `today` of which the statistics count facts that were not exported, the newest first.
    pub async fn days_behind(&self, store: &Store, today: Day) -> Result<Vec<Day>, Error> {
        let mut days = Vec::new();
        for day in (1..=LOOK_BACK).map(|back| today.plus(-back)) {
            if is_behind(store, day, self.manifest(day).await?.as_ref()).await? {
                days.push(day);
            }
        }
        Ok(days)
    }
}

/// Whether the statistics of a day count facts that are not in its manifest.
pub(crate) async fn is_behind(store: &Store, day: Day, manifest: Option<&Manifest>) -> Result<bool, Error> {
    let counted: u64 = store.day_totals(day).await?.iter().map(|(_, sales)| sales.facts).sum();
    Ok(manifest.map_or(0, |manifest| manifest.lines) < counted)
}
