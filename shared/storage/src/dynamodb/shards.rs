//! Shards as items: `STOCK#0`, `STOCK#1`, ... of a product, `COUNTER#0`, ... of a campaign.
//!
//! The first is in its owner's partition. Each other has a partition key of its own, `<id>#1`, `<id>#2`, ...:
//! items of one partition key lie in one partition, which bears 1,000 writes a second however many items they are.
//!
//! Each has its generation and the number of shards in it; an owner that was never split has neither. Units are taken
//! on the condition that the shard has no newer generation than the environment knows: stale knowledge is corrected by
//! the first failure. The first shard is always there, and none is ever deleted: one that is no longer in use has
//! nothing left.

use std::fmt::Display;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, IntoDeserializer},
};
use sijang_domain::{Error, ShardCount, ShardSnapshot, Shards};

use crate::{
    Item, Store,
    dynamodb::transaction::{Change, key},
};

/// The attributes by which an item says to which shards it belongs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Membership {
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) generation: u32,
    #[serde(default, skip_serializing_if = "is_one")]
    pub(crate) shards: ShardCount,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde calls
fn is_zero(generation: &u32) -> bool {
    *generation == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_one(count: &ShardCount) -> bool {
    *count == ShardCount::ONE
}

impl Membership {
    /// The sighting of an item.
    pub(crate) fn shard_snapshot(self, sk: &str, left: u32) -> Result<ShardSnapshot, Error> {
        Ok(ShardSnapshot { shard: number(sk)?, left, generation: self.generation, count: self.shards })
    }

    /// The generation that is known of shards.
    pub(crate) fn known_of(shards: &Shards) -> Self {
        Self { generation: shards.generation(), shards: shards.count() }
    }

    /// The next generation, of so many shards.
    pub(crate) fn next(self, shards: ShardCount) -> Self {
        Self { generation: self.generation + 1, shards }
    }
}

/// The sort key of a shard.
pub(crate) fn sort_key(kind: &str, shard: u8) -> String {
    format!("{kind}{shard}")
}

/// The key of a shard: its owner, by the attribute `hash`, and its sort key.
pub(crate) fn shard_key(hash: &str, id: impl Display, sk: String) -> Item {
    let partition = match sk.split_once('#') {
        Some((_, number)) if number != "0" => format!("{id}#{number}"),
        _ => id.to_string(),
    };
    key([(hash, partition), ("sk", sk)])
}

/// The owner of a shard, from its partition key.
pub(crate) fn owner<'de, D: Deserializer<'de>, Id: DeserializeOwned>(partition: D) -> Result<Id, D::Error> {
    let partition = String::deserialize(partition)?;
    let id = partition.split_once('#').map_or(partition.as_str(), |(id, _)| id);
    Id::deserialize(id.into_deserializer())
}

/// Which shard has this sort key.
pub(crate) fn number(sk: &str) -> Result<u8, Error> {
    let number = sk.split_once('#').and_then(|(_, number)| number.parse().ok());
    number.ok_or_else(|| Error::corrupt("shard", "its key has no number"))
}

impl Change {
    /// Only while the shard belongs to no newer generation than the known one: a newer one has another number of
    /// shards, or other shards with units, so who takes units learns of it by the first failure.
    pub(crate) fn known_in(self, known: Membership) -> Self {
        match known.shards {
            ShardCount::ONE => self.and("attribute_not_exists(shards)"),
            _ => self.and("generation <= :known").number(":known", known.generation),
        }
    }

    /// Only in this generation.
    pub(crate) fn in_generation(self, generation: u32) -> Self {
        match generation {
            0 => self.and("attribute_not_exists(generation)"),
            generation => self.and("generation = :generation").number(":generation", generation),
        }
    }

    /// Moves the shard to a new generation: called last, after the attributes that are set.
    pub(crate) fn joining(self, next: Membership) -> Self {
        let change = self.number(":next", next.generation);
        match next.shards {
            ShardCount::ONE => change.also(", generation = :next REMOVE shards"),
            count => change.also(", generation = :next, shards = :count").number(":count", count.get()),
        }
    }
}

impl Store {
    /// The first so many shards of something, as they are, in no order. Those that are no longer in use come after
    /// those that are.
    pub(crate) async fn shards(
        &self,
        table: &str,
        key: impl Fn(u8) -> Item,
        count: ShardCount,
    ) -> Result<Vec<Item>, Error> {
        self.get_all(table, (0..count.get()).map(key).collect(), true).await
    }
}
