//! Counters: `COUNTER#0`, `COUNTER#1`, ... of a campaign, each with its share of the total and how much of it is issued.
//!
//! A counter is the hot key of a first-come campaign, so it is a small item and can be split (see
//! [`sijang_domain::Shards`]). An issued coupon is never given back: sold out is final, and may be cached.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sijang_domain::{Counter, CouponId, Error, ShardCount, ShardSnapshot, Shards, Timestamp};

use crate::{
    Item, Store,
    aged::{Aged, VIEW_CACHED},
    dynamodb::{
        rollout::{Owner, Units},
        shards::{Membership, owner, shard_key, sort_key},
        transaction::{Change, Transaction, from_item},
    },
};

/// The sort key of the terms of a campaign.
pub(super) const CAMPAIGN: &str = "CAMPAIGN";
const COUNTER: &str = "COUNTER#";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CounterRow {
    #[serde(deserialize_with = "owner")]
    pub(crate) coupon_id: CouponId,
    pub(super) sk: String,
    /// This shard's part of the campaign's total.
    pub(super) quota: u32,
    pub(super) issued: u32,
    /// Present once the campaign was ended: milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended_at: Option<i64>,
    #[serde(flatten)]
    pub(crate) member: Membership,
}

impl CounterRow {
    /// The first shard of a new campaign.
    pub(crate) fn first(coupon_id: CouponId, total: u32) -> Self {
        let (sk, member) = (sort_key(COUNTER, 0), Membership::default());
        Self { coupon_id, sk, quota: total, issued: 0, ended_at: None, member }
    }

    pub(crate) fn read(item: Item) -> Result<Self, Error> {
        from_item("counter", item)
    }

    /// The counter as reconciliation checks it.
    pub(crate) fn counter(&self) -> Counter {
        Counter { quota: self.quota, issued: self.issued }
    }

    /// Coupons that it can still issue.
    pub(crate) fn left(&self) -> u32 {
        self.quota.saturating_sub(self.issued)
    }

    pub(crate) fn shard_snapshot(&self) -> Result<ShardSnapshot, Error> {
        self.member.shard_snapshot(&self.sk, self.left())
    }
}

/// A campaign as the owner of its counters.
pub(crate) fn counters_of(table: &str, coupon_id: CouponId) -> Owner<'_> {
    let id = coupon_id.to_string();
    Owner { table, hash: "coupon_id", id, sk: CAMPAIGN, kind: COUNTER, units: Units::Coupons }
}

pub(crate) fn counter_key(coupon_id: CouponId, shard: u8) -> Item {
    shard_key("coupon_id", coupon_id, sort_key(COUNTER, shard))
}

impl Transaction {
    /// Counts one coupon in a shard that has one left, unless the campaign was ended.
    pub(crate) fn count(
        &mut self,
        table: &str,
        coupon_id: CouponId,
        shard: u8,
        known: Membership,
    ) -> Result<(), Error> {
        let count = Change::to(table, counter_key(coupon_id, shard), "SET issued = issued + :one")
            .when("issued < quota AND attribute_not_exists(ended_at)")
            .number(":one", 1)
            .known_in(known);
        self.update(count)
    }
}

impl Store {
    /// The first so many shards of a campaign's counter, the first one first.
    pub(crate) async fn counter_rows(&self, coupon_id: CouponId, count: ShardCount) -> Result<Vec<CounterRow>, Error> {
        let items = self.shards(&self.tables.coupons, |shard| counter_key(coupon_id, shard), count).await?;
        let rows = items.into_iter().map(CounterRow::read);
        let mut numbered = rows
            .map(|row| row.and_then(|row| Ok((row.shard_snapshot()?.shard, row))))
            .collect::<Result<Vec<_>, Error>>()?;
        numbered.sort_by_key(|(number, _)| *number);
        Ok(numbered.into_iter().map(|(_, row)| row).collect())
    }

    /// The coupons left, learned from the shard that failed and, if there are others, from reading all of them. They are
    /// not read when each was observed before and `try_other_shard` allows another attempt first.
    pub(super) async fn observe_counters(
        &self,
        mut known: Shards,
        failed: &CounterRow,
        try_other_shard: bool,
    ) -> Result<Shards, Error> {
        known.observe(failed.shard_snapshot()?);
        let counted = known.most().is_some_and(|most| try_other_shard || most == 0);
        if known.count() != ShardCount::ONE && !counted {
            let count = known.count();
            known = Shards::default();
            for row in self.counter_rows(failed.coupon_id, count).await? {
                known.observe(row.shard_snapshot()?);
            }
        }
        self.cache.counters.insert(failed.coupon_id, known.clone());
        Ok(known)
    }

    /// The coupons left of these campaigns, by eventually consistent reads. The sum of a split campaign is cached for a
    /// second, because reading it costs half a read unit for each shard.
    pub(crate) async fn remaining(
        &self,
        campaigns: &[CouponId],
        now: Timestamp,
    ) -> Result<HashMap<CouponId, u32>, Error> {
        let cached =
            |coupon_id: &CouponId| Some((*coupon_id, self.cache.remaining.get(coupon_id)?.fresh(now, VIEW_CACHED)?));
        let mut remaining: HashMap<CouponId, u32> = campaigns.iter().filter_map(cached).collect();
        let missing = campaigns.iter().filter(|coupon_id| !remaining.contains_key(coupon_id));
        let firsts = missing.map(|coupon_id| counter_key(*coupon_id, 0)).collect();
        let firsts = self.get_all(&self.tables.coupons, firsts, false).await?;
        remaining.extend(self.remaining_beside(firsts.into_iter().map(CounterRow::read), now).await?);
        Ok(remaining)
    }

    /// The same from the first shards, to which the others are added.
    pub(super) async fn remaining_beside(
        &self,
        firsts: impl Iterator<Item = Result<CounterRow, Error>>,
        now: Timestamp,
    ) -> Result<HashMap<CouponId, u32>, Error> {
        let (mut remaining, mut split, mut others) = (HashMap::new(), Vec::new(), Vec::new());
        for row in firsts {
            let row = row?;
            remaining.insert(row.coupon_id, row.left());
            let shards = row.member.shards;
            split.extend((shards != ShardCount::ONE).then_some(row.coupon_id));
            others.extend((1..shards.get()).map(|shard| counter_key(row.coupon_id, shard)));
        }
        for item in self.get_all(&self.tables.coupons, others, false).await? {
            let row = CounterRow::read(item)?;
            *remaining.entry(row.coupon_id).or_default() += row.left();
        }
        for coupon_id in split {
            let left = remaining.get(&coupon_id).copied().unwrap_or_default();
            self.cache.remaining.insert(coupon_id, Aged::new(left, now));
        }
        Ok(remaining)
    }
}
