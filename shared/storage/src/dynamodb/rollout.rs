//! Rollouts: how a change reaches all shards of a product or a campaign while they are sold from.
//!
//! No transaction can hold 96 hot shards at one instant. So a command is accepted by a transaction of two items that no
//! sale writes: its event, and the **owner** (`INFO` of a product, `CAMPAIGN`). The owner then has the next version and
//! a **rollout**, the state that every shard is to have. Each shard is brought to it by a write of its own, on the
//! condition that it is of an older version, and the rollout is removed from the owner at the end.
//!
//! - Each write is exact by itself: a sale's condition checks the price and the status of the shard that it takes from.
//! - Each write can be repeated by anybody at any time: the shard's version says whether it was made.
//! - An owner has one rollout at a time. The next command finishes it before it is accepted itself.
//! - A rollout whose process was killed is finished by the repetition of its command, by the next command, or by the
//!   worker that reads the events ([`Store::finish_rollout`]).
//!
//! The order of the writes keeps the rule of rejections ([`sijang_domain::Shards`]) when units are moved: shards that
//! give units leave their generation first, then the first shard does, and only then others receive units. A rejection
//! rests on the first shard and on bounds of its generation, so no unit can be overlooked in between. When no units are
//! moved, the first shard is last: pages show its price, and what they show then holds everywhere.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sijang_domain::{Error, ProductVersion, Redistribution, RequestTime, Timestamp};

use crate::{
    AttributeValue, Item, Store,
    deadline::check_deadline,
    dynamodb::{
        query::Query,
        shards::{Membership, number, shard_key, sort_key},
        transaction::{Change, Condition, from_item},
    },
};

/// Shards that are written at once: each takes a connection of its own.
const AT_ONCE: usize = 16;

/// The state that all shards of an owner are to have. The owner's item stores it until they do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rollout {
    /// When it was accepted, in milliseconds since the epoch.
    #[serde(default)]
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) member: Membership,
    /// Units that are moved between shards, or come in.
    #[serde(default, skip_serializing_if = "Redistribution::is_empty")]
    pub(crate) moves: Redistribution,
    /// Units that come in from outside.
    #[serde(default)]
    pub(crate) entering: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offer: Option<Offer>,
    /// Of a campaign: milliseconds since the epoch at which it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<i64>,
}

/// At what price and in which version a product is sold, and whether it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// KRW minor units for one.
    pub(crate) price: i64,
    pub(crate) active: bool,
    /// Shards do not store the first version.
    #[serde(default, skip_serializing_if = "ProductVersion::is_first")]
    pub(crate) product_version: ProductVersion,
}

/// Whose shards they are: a product, or a campaign.
#[derive(Debug, Clone)]
pub(crate) struct Owner<'a> {
    pub(crate) table: &'a str,
    /// The name of the table's partition key.
    pub(crate) hash: &'static str,
    pub(crate) id: String,
    /// The sort key of the owner's item.
    pub(crate) sk: &'static str,
    /// The prefix of a shard's sort key.
    pub(crate) kind: &'static str,
    pub(crate) units: Units,
}

/// How the shards of an owner count their units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// `stock` is the number of units left.
    Stock,
    /// `quota` less `issued` is the number of coupons left.
    Coupons,
}

/// An owner without a rollout.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) item: Item,
    pub(crate) version: i64,
    /// The item of its first shard.
    pub(crate) first: Item,
}

/// The attributes of an owner's item that a rollout needs. The first release did not count the versions of campaigns.
#[derive(Debug, Deserialize)]
struct OwnerRow {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    rollout: Option<Rollout>,
}

/// The version of an owner, and when the rollout that it has was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnerState {
    pub(crate) version: i64,
    pub(crate) rollout_at: Option<Timestamp>,
}

impl OwnerState {
    pub(crate) fn read(item: Item) -> Result<Self, Error> {
        let OwnerRow { version, rollout } = from_item("owner of shards", item)?;
        let at = rollout.map(|rollout| Timestamp::from_millis(rollout.at)).transpose();
        Ok(Self { version, rollout_at: at.map_err(|_| Error::corrupt("rollout", "impossible time"))? })
    }

    /// Whether units may have moved between shards that were read after this state and before a later one.
    pub(crate) fn may_have_moved(&self, later: &Self) -> bool {
        self.version != later.version || self.rollout_at.is_some() || later.rollout_at.is_some()
    }
}

/// The attributes of a shard that a rollout needs.
#[derive(Debug, Default, Deserialize)]
struct ShardRow {
    /// The rollout that it had last. The first release had none.
    #[serde(default)]
    version: i64,
    /// Units that it gave in that rollout.
    #[serde(default)]
    moved: u32,
    #[serde(default)]
    stock: u32,
    #[serde(default)]
    quota: u32,
    #[serde(default)]
    issued: u32,
}

/// A rollout of an owner under way.
struct Progress<'a> {
    store: &'a Store,
    owner: &'a Owner<'a>,
    version: i64,
    rollout: Rollout,
    time: RequestTime,
}

impl Owner<'_> {
    pub(crate) fn key(&self) -> Item {
        shard_key(self.hash, &self.id, self.sk.to_owned())
    }

    pub(crate) fn shard_key(&self, shard: u8) -> Item {
        shard_key(self.hash, &self.id, sort_key(self.kind, shard))
    }

    /// The change of the owner that accepts a rollout, if the owner is as it was read: of the version `seen`, and
    /// without another rollout. `update` sets what else the command changes of the owner.
    pub(crate) fn accepting(
        &self,
        rollout: &Rollout,
        (seen, now): (i64, Timestamp),
        update: &str,
    ) -> Result<Change, Error> {
        let rollout = Rollout { at: now.millis(), ..rollout.clone() };
        let rollout = serde_dynamo::to_attribute_value(rollout).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(self.advancing(seen, &format!("{update}, rollout = :rollout")).value(":rollout", rollout))
    }

    /// The change of the owner to its next version, if it is of the version `seen` and without a rollout.
    pub(crate) fn advancing(&self, seen: i64, update: &str) -> Change {
        let change = Change::to(self.table, self.key(), format!("SET version = :version{update}"));
        let change = if seen == 0 {
            change.when("attribute_exists(sk) AND attribute_not_exists(version)")
        } else {
            change.when("version = :seen").number(":seen", seen)
        };
        change.and("attribute_not_exists(rollout)").number(":version", seen + 1)
    }
}

impl ShardRow {
    /// How many of so many units it can give.
    fn giving(&self, planned: u32, units: Units) -> u32 {
        let left = match units {
            Units::Stock => self.stock,
            Units::Coupons => self.quota.saturating_sub(self.issued),
        };
        planned.min(left)
    }
}

impl Store {
    /// Finishes the rollout of an owner, if it has one. Returns nothing when there is no such owner.
    pub(crate) async fn finish_rollout(&self, owner: &Owner<'_>, time: RequestTime) -> Result<Option<Settled>, Error> {
        loop {
            let condition = format!("{} = :owner", owner.hash);
            let query = Query {
                table: owner.table,
                condition: &condition,
                values: vec![(":owner", owner.id.clone())],
                consistent: true,
                ..Query::default()
            };
            let mut items = self.query(query, 2).await?.into_iter();
            let (Some(item), Some(first)) = (items.next(), items.next()) else { return Ok(None) };
            let OwnerRow { version, rollout } = from_item("owner of shards", item.clone())?;
            let shard: ShardRow = from_item("shard", first.clone())?;
            match rollout {
                // Boxed: it is large, and it would be part of every future around it.
                Some(rollout) => Box::pin(Progress { store: self, owner, version, rollout, time }.run()).await?,
                // The query does not read both items at one instant.
                None if shard.version != 0 && shard.version != version => {}
                None => return Ok(Some(Settled { item, version, first })),
            }
            check_deadline(time)?;
        }
    }
}

impl Progress<'_> {
    /// Brings all shards to the rollout's state, and removes it from its owner.
    async fn run(&self) -> Result<(), Error> {
        if self.rollout.moves.is_empty() {
            let others: Vec<(u8, u32)> = (1..self.rollout.member.shards.get()).map(|shard| (shard, 0)).collect();
            self.receive(others).await?;
            self.receive(vec![(0, 0)]).await?;
        } else {
            let (first, others): (Vec<_>, Vec<_>) =
                self.rollout.moves.receivers(self.given().await?).into_iter().partition(|(shard, _)| *shard == 0);
            self.receive(first).await?;
            self.receive(others).await?;
        }
        let key = self.owner.key();
        let done = Change::to(self.owner.table, key, "REMOVE rollout").when("version = :version");
        // Another process may have removed it, and another command may have been accepted since.
        self.store.update_alone(done.number(":version", self.version), self.time).await.map(drop)
    }

    /// Has the shards with a surplus give their units. Returns the units to be received.
    async fn given(&self) -> Result<u32, Error> {
        let keys = self.rollout.moves.givers().map(|(shard, _)| self.owner.shard_key(shard)).collect();
        let mut items = HashMap::new();
        for item in self.store.get_all(self.owner.table, keys, true).await? {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
            items.insert(number(&sk)?, item);
        }
        let givers: Vec<(u8, u32, Option<Item>)> =
            self.rollout.moves.givers().map(|(shard, units)| (shard, units, items.remove(&shard))).collect();
        let given = stream::iter(givers).map(|(shard, units, item)| self.give(shard, units, item));
        given
            .buffer_unordered(AT_ONCE)
            .try_fold(self.rollout.entering, async |sum, units| Ok(sum.saturating_add(units)))
            .await
    }

    /// Has a shard give so many units, or what it has left. Returns how many it gave, now or earlier.
    async fn give(&self, shard: u8, planned: u32, mut item: Option<Item>) -> Result<u32, Error> {
        loop {
            let missing = || Error::corrupt("shard", "one that is in use is missing");
            let row: ShardRow = from_item("shard", item.ok_or_else(missing)?)?;
            if row.version >= self.version {
                return Ok(row.moved);
            }
            let units = row.giving(planned, self.owner.units);
            let change = match self.owner.units {
                Units::Stock => self.change(shard, ", stock = stock - :units, moved = :units").and("stock >= :units"),
                Units::Coupons => self
                    .change(shard, ", quota = quota - :units, moved = :units")
                    .and("issued <= :rest")
                    .number(":rest", row.quota - units),
            };
            match self.store.update_alone(self.joining(change.number(":units", units)), self.time).await? {
                Condition::Held => return Ok(units),
                Condition::Failed(current) => item = current,
            }
            check_deadline(self.time)?;
        }
    }

    /// Brings shards to the state of the rollout, each with so many units more.
    async fn receive(&self, shards: Vec<(u8, u32)>) -> Result<(), Error> {
        let received = stream::iter(shards).map(|(shard, units)| async move {
            // A failed condition says that it was done.
            self.store.update_alone(self.joining(self.receiving(shard, units)), self.time).await.map(drop)
        });
        received.buffer_unordered(AT_ONCE).try_collect().await
    }

    fn receiving(&self, shard: u8, units: u32) -> Change {
        if self.rollout.moves.is_empty() {
            return self.change(shard, "");
        }
        let change = match self.owner.units {
            Units::Stock => self.change(shard, ", stock = if_not_exists(stock, :none) + :units"),
            Units::Coupons => self
                .change(shard, ", quota = if_not_exists(quota, :none) + :units, issued = if_not_exists(issued, :none)"),
        };
        let change = change.number(":units", units).number(":none", 0);
        // Units from outside are counted once, whichever shards they come to.
        let entering = self.rollout.entering;
        if entering > 0 && self.rollout.moves.receivers(0).first().is_some_and(|(first, _)| *first == shard) {
            return change.entering(entering);
        }
        change
    }

    /// The change of a shard to the rollout's version, if it is of an older one.
    fn change(&self, shard: u8, update: &str) -> Change {
        let key = self.owner.shard_key(shard);
        let mut change = Change::to(self.owner.table, key, format!("SET version = :version{update}"))
            .when("(attribute_not_exists(version) OR version < :version)")
            .number(":version", self.version);
        if let Some(Offer { price, active, product_version }) = self.rollout.offer {
            change = change.also(", price = :price, active = :active").number(":price", price);
            change = change.value(":active", AttributeValue::Bool(active));
            if !product_version.is_first() {
                let set = ", product_version = :product_version";
                change = change.also(set).number(":product_version", product_version.get());
            }
        }
        if let Some(ended_at) = self.rollout.ended_at {
            change = change.also(", ended_at = :ended").number(":ended", ended_at);
        }
        change
    }

    /// Moves the shard to the rollout's generation. An owner that was never split has none.
    fn joining(&self, change: Change) -> Change {
        if self.rollout.member == Membership::default() { change } else { change.joining(self.rollout.member) }
    }
}
