//! What the engine was made to do, and how many units the shop had left at each instant.

use tokio::time::Instant;

use super::value::{Item, Value};

/// Counted since the doors opened.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    pub write_units: u64,
    pub read_units: f64,
    /// Transactions that were committed, and that were cancelled: by a conflict, by throttling.
    pub commits: u64,
    pub conflicts: u64,
    pub throttled: u64,
    /// Reads that were throttled.
    pub throttled_reads: u64,
    /// Units that can still be sold, or coupons that can still be issued. Whatever has been decided counts, even if no
    /// item shows it yet: nobody else can have it.
    pub left: i64,
    /// Units that a shard has given and no other has received yet.
    in_transit: i64,
    /// When there was nothing left for the first time, and for the last.
    pub first_short: Option<Instant>,
    last_short: Option<Instant>,
}

impl Usage {
    pub fn write(&mut self, units: u32) {
        self.write_units += u64::from(units);
    }

    pub fn read(&mut self, units: f64, taken: bool) {
        if taken {
            self.read_units += units;
        } else {
            self.throttled_reads += 1;
        }
    }

    pub fn cancelled(&mut self, by_conflict: bool, by_throttling: bool) {
        self.conflicts += u64::from(by_conflict);
        self.throttled += u64::from(by_throttling);
    }

    /// A transaction will be committed that changes these items.
    pub fn decided<'a>(&mut self, changes: impl Iterator<Item = (Option<&'a Item>, &'a Item)>) {
        self.commits += 1;
        let was_short = self.left <= 0;
        self.left += changes.map(|(old, new)| left(new) - old.map_or(0, left)).sum::<i64>();
        let now = Instant::now();
        if was_short {
            self.last_short = Some(now);
        }
        if self.left <= 0 {
            self.first_short.get_or_insert(now);
        }
    }

    /// One item was written outside a transaction. Units that a shard gave are still the shop's until another shard has
    /// received them, so a rollout never makes the shop short: only what it brings in from outside is counted, when it is in.
    pub fn written_alone(&mut self, old: Option<&Item>, new: &Item) {
        let change = left(new) - old.map_or(0, left);
        let moved = new.get("moved").and_then(Value::as_number).filter(|_| change < 0);
        self.in_transit += moved.unwrap_or_default();
        let received = change.max(0).min(self.in_transit);
        self.in_transit -= received;
        if change.max(0) > received {
            let was_short = self.left <= 0;
            self.left += change - received;
            if was_short {
                self.last_short = Some(Instant::now());
            }
        }
    }

    /// Whether there was nothing left at some instant since then: only who came before it can be rejected rightly.
    pub fn was_short_since(&self, then: Instant) -> bool {
        self.left <= 0 || self.last_short.is_some_and(|last| last >= then)
    }

    /// Begins to count anew.
    pub fn open_doors(&mut self) {
        *self = Self { left: self.left, in_transit: self.in_transit, ..Self::default() };
    }
}

/// What a shard has left; nothing where an item is no shard.
fn left(item: &Item) -> i64 {
    let number = |name: &str| item.get(name).and_then(Value::as_number);
    number("stock").or_else(|| Some(number("quota")? - number("issued")?)).unwrap_or_default()
}
