//! The partitions of a table: where each item is, and what its partition can bear.
//!
//! An item is placed by the hash of its partition key, and by its sort key beside those that share it: items of one
//! partition key are in one partition, however many they are, until heat splits them apart.

use std::time::Duration;

use tokio::time::Instant;

use super::{assumptions::Cloud, bucket::Bucket};

/// The key of an item: partition key and sort key, which is empty where the table has none.
pub type Place = (String, String);

/// A place in the order in which items lie.
type Position = (u64, String);

#[derive(Debug)]
struct Partition {
    /// Up to the next partition's.
    from: Position,
    writes: Bucket,
    reads: Bucket,
    /// Since when it throttles.
    hot: Option<Instant>,
}

impl Partition {
    fn new(from: Position, cloud: &Cloud) -> Self {
        let writes = Bucket::of(cloud.partition_writes, cloud.savings);
        let reads = Bucket::of(cloud.partition_reads, cloud.savings);
        Self { from, writes, reads, hot: None }
    }
}

#[derive(Debug)]
pub struct Partitions {
    /// By where they begin.
    all: Vec<Partition>,
    cloud: Cloud,
}

impl Partitions {
    /// As many as the table is warm for, of equal parts of all hashes.
    pub fn new(cloud: &Cloud) -> Self {
        let count = cloud.partitions();
        let part = u64::MAX / u64::from(count);
        let from = |number: u32| (u64::from(number) * part, String::new());
        let all = (0..count).map(|number| Partition::new(from(number), cloud)).collect();
        Self { all, cloud: cloud.clone() }
    }

    /// Takes so many write units where an item is, or throttles.
    pub fn write(&mut self, place: &Place, units: u32) -> bool {
        self.take(place, |partition| partition.writes.take(units.into()))
    }

    /// Takes so many write units for what was already let in.
    pub fn owe(&mut self, place: &Place, units: u32) {
        let at = self.at(place);
        self.all[at].writes.owe(units.into());
    }

    /// Takes so many read units where an item is, or throttles.
    pub fn read(&mut self, place: &Place, units: f64) -> bool {
        self.take(place, |partition| partition.reads.take(units))
    }

    fn take(&mut self, place: &Place, take: impl FnOnce(&mut Partition) -> bool) -> bool {
        let at = self.at(place);
        let partition = &mut self.all[at];
        if take(partition) {
            return true;
        }
        let now = Instant::now();
        // A quiet spell is told by the bucket: a partition that throttles seldom is split all the same, and later.
        let hot = *partition.hot.get_or_insert(now);
        if now - hot >= self.cloud.split_after {
            partition.hot = None;
            self.split(at, place);
        }
        false
    }

    /// Splits a partition right before the item that makes it hot, or behind it when it is the first.
    fn split(&mut self, at: usize, place: &Place) {
        let mut from = self.position(place);
        if self.all[at].from == from {
            from.1.push('\0');
        }
        self.all.insert(at + 1, Partition::new(from, &self.cloud));
    }

    fn at(&self, place: &Place) -> usize {
        let position = self.position(place);
        self.all.partition_point(|partition| partition.from <= position) - 1
    }

    fn position(&self, (hash, range): &Place) -> Position {
        let shard = self.cloud.shards_together && (range.starts_with("STOCK#") || range.starts_with("COUNTER#"));
        let owner = if shard { hash.split('#').next().unwrap_or_default() } else { hash };
        (spread(owner), range.clone())
    }
}

/// A hash that spreads: FNV-1a, and the finish of `SplitMix64`, without which keys that differ in their end lie
/// together.
fn spread(key: &str) -> u64 {
    let mut hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn place(hash: &str, range: &str) -> Place {
        (hash.to_owned(), range.to_owned())
    }

    fn partitions(split_after: Duration) -> Partitions {
        Partitions::new(&Cloud { warm_writes: 4_000, split_after, ..Cloud::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn partition_takes_1000_writes_a_second_shared_by_its_items() {
        let mut partitions = partitions(Duration::MAX);
        let one = |number: usize| place("p", &format!("STOCK#{}", number % 64));
        let taken = (0..5_000).filter(|number| partitions.write(&one(*number), 1)).count();
        assert_eq!(taken, 1_000);
        tokio::time::advance(Duration::from_secs(1)).await;
        let apart = |number: usize| place(&format!("p#{}", number % 64), "STOCK#");
        let taken = (0..8_000).filter(|number| partitions.write(&apart(*number), 1)).count();
        assert_eq!(taken, 4_000, "64 partition keys are in all four partitions");
    }

    #[tokio::test(start_paused = true)]
    async fn keys_spread_over_the_partitions() {
        let partitions = partitions(Duration::MAX);
        let mut counts = BTreeMap::new();
        for number in 0..10_000 {
            *counts.entry(partitions.at(&place(&format!("customer-{number}"), ""))).or_insert(0) += 1;
        }
        assert!(counts.len() == 4 && counts.values().all(|count| (2_300..2_700).contains(count)), "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn heat_splits_a_partition_between_items_but_never_an_item() {
        let mut partitions = partitions(Duration::from_secs(10));
        let mut taken = Vec::new();
        for _ in 0..40 {
            tokio::time::advance(Duration::from_secs(1)).await;
            let one = |shard: usize| place("p", &format!("STOCK#{}", shard % 2));
            taken.push((0..5_000).filter(|number| partitions.write(&one(*number), 1)).count());
        }
        assert_eq!((taken[0], taken[39]), (1_000, 2_000), "{taken:?}");
    }
}
