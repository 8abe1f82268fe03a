//! Counters: `COUNTER#0`, `COUNTER#1`, ... of a campaign, each with its share of the total and how much of it is issued.
//!
//! A counter is the hot key of a first-come campaign, so it is a small item and can be split (see
//! [`sijang_domain::Shards`]). An issued coupon is never given back: sold out is final, and may be cached.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sijang_domain::{Counter, CouponId, Error, ShardCount, ShardSnapshot, Shards};

use crate::{
    Item, Store,
    dynamodb::{
        shards::{Membership, owner, shard_key, sort_key},
        transaction::{Change, Transaction, from_item},
    },
};

const COUNTER: &str = "COUNTER#";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CounterRow {
    #[serde(deserialize_with = "owner")]
    pub(crate) coupon_id: CouponId,
    pub(super) sk: String,
    /// This shard's part of the campaign's total.
    pub(super) quota: u32,
    pub(super) issued: u32,
    #[serde(flatten)]
    pub(crate) member: Membership,
}

impl CounterRow {
    /// The first shard of a new campaign.
    pub(crate) fn first(coupon_id: CouponId, total: u32) -> Self {
        let (sk, member) = (sort_key(COUNTER, 0), Membership::default());
        Self { coupon_id, sk, quota: total, issued: 0, member }
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

    /// So many coupons left, in the next generation: its quota cannot change within the one that it was seen in. One that
    /// is no longer in use keeps what it has issued, and must not have issued more in the meantime.
    pub(super) fn moved(&self, table: &str, share: u32, next: Membership) -> Change {
        let key = shard_key("coupon_id", self.coupon_id, self.sk.clone());
        Change::to(table, key, "SET quota = :quota")
            .when("issued <= :quota")
            .number(":quota", self.issued + share)
            .in_generation(self.member.generation)
            .joining(next)
    }
}

pub(crate) fn counter_key(coupon_id: CouponId, shard: u8) -> Item {
    shard_key("coupon_id", coupon_id, sort_key(COUNTER, shard))
}

impl Transaction {
    /// Counts one coupon in a shard that has one left.
    pub(crate) fn count(
        &mut self,
        table: &str,
        coupon_id: CouponId,
        shard: u8,
        among: ShardCount,
    ) -> Result<(), Error> {
        let count = Change::to(table, counter_key(coupon_id, shard), "SET issued = issued + :one")
            .when("issued < quota")
            .number(":one", 1)
            .among(among);
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

    /// The coupons left of these campaigns, by eventually consistent reads.
    pub(crate) async fn remaining(&self, campaigns: &[CouponId]) -> Result<HashMap<CouponId, u32>, Error> {
        let firsts = campaigns.iter().map(|coupon_id| counter_key(*coupon_id, 0)).collect();
        let mut remaining = HashMap::with_capacity(campaigns.len());
        let mut others = Vec::new();
        for item in self.get_all(&self.tables.coupons, firsts, false).await? {
            let row = CounterRow::read(item)?;
            remaining.insert(row.coupon_id, row.left());
            others.extend((1..row.member.shards.get()).map(|shard| counter_key(row.coupon_id, shard)));
        }
        for item in self.get_all(&self.tables.coupons, others, false).await? {
            let row = CounterRow::read(item)?;
            *remaining.entry(row.coupon_id).or_default() += row.left();
        }
        Ok(remaining)
    }
}
