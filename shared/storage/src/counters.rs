//! Counters: `COUNTER#0`, `COUNTER#1`, ... of a campaign, each with its part of the total and how much of that is issued.
//!
//! A counter is the hot key of a first-come campaign, so that it is small and can be split (see [`sijang_domain::Shards`]).
//! What is issued is never given back: sold out is final, and is remembered.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sijang_domain::{
    Answered, Command, Counter, CouponId, CouponShards, Error, Refusal, Rendered, ShardCount, Shards, Sighting,
};

use crate::{
    Item, Store,
    command::in_time,
    events::recorded,
    shards::{Membership, owner, shard_key, sort_key},
    transaction::{Change, Condition, Outcome, Transaction, from_item, to_item},
};

const COUNTER: &str = "COUNTER#";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CounterRow {
    #[serde(deserialize_with = "owner")]
    pub(crate) coupon_id: CouponId,
    sk: String,
    /// This shard's part of the campaign's total.
    quota: u32,
    issued: u32,
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

    /// As the books have it.
    pub(crate) fn counter(&self) -> Counter {
        Counter { quota: self.quota, issued: self.issued }
    }

    /// Coupons that it can still give out.
    pub(crate) fn left(&self) -> u32 {
        self.quota.saturating_sub(self.issued)
    }

    pub(crate) fn sighting(&self) -> Result<Sighting, Error> {
        self.member.sighting(&self.sk, self.left())
    }

    /// So many coupons left, in the next generation: its quota cannot change within the one that it was seen in. One that
    /// is no longer in use keeps what it has issued, and must not have issued more in the meantime.
    fn moved(&self, table: &str, share: u32, next: Membership) -> Change {
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
        let mut numbered =
            rows.map(|row| row.and_then(|row| Ok((row.sighting()?.shard, row)))).collect::<Result<Vec<_>, Error>>()?;
        numbered.sort_by_key(|(number, _)| *number);
        Ok(numbered.into_iter().map(|(_, row)| row).collect())
    }

    /// What is left, by the shard that failed and, when there are others, by all of them as they are now: unless they may
    /// be tried first, and each has been seen.
    pub(crate) async fn counted(&self, mut known: Shards, failed: &CounterRow, trying: bool) -> Result<Shards, Error> {
        known.see(failed.sighting()?);
        let counted = known.most().is_some_and(|most| trying || most == 0);
        if known.count() != ShardCount::ONE && !counted {
            let count = known.count();
            known = Shards::default();
            for row in self.counter_rows(failed.coupon_id, count).await? {
                known.see(row.sighting()?);
            }
        }
        self.memory.counters.insert(failed.coupon_id, known.clone());
        Ok(known)
    }

    /// What is left of these campaigns, for pages that may be a moment old.
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

    /// Splits what is left of a campaign into so many shards, the same in each, while it is given out.
    pub async fn reshard_coupon(
        &self,
        command: &Command,
        coupon_id: CouponId,
        shards: ShardCount,
    ) -> Result<Answered<Rendered>, Error> {
        let answer = Rendered::of(&CouponShards { coupon_id, shards })?;
        loop {
            let rows = self.counter_rows(coupon_id, ShardCount::ALL).await?;
            let first = rows.first().ok_or(Refusal::CouponNotFound)?;
            let next = first.member.next(shards);
            let left = rows.iter().map(CounterRow::left).sum();
            let mut transaction =
                Transaction::with_answer(&self.tables.events, command, "campaign.resharded.v1", &answer)?;
            let mut parts = shards.shares(left);
            for row in &rows {
                transaction.update(row.moved(&self.tables.coupons, parts.next().unwrap_or_default(), next))?;
            }
            for (quota, shard) in parts.zip(rows.len()..) {
                let shard = u8::try_from(shard).unwrap_or(ShardCount::MAX);
                let mut item = to_item(&CounterRow { quota, issued: 0, member: next, ..first.clone() })?;
                item.extend(counter_key(coupon_id, shard));
                transaction.put_new_item(&self.tables.coupons, item, "coupon_id")?;
            }
            match self.commit(transaction, command.moment.deadline).await? {
                Outcome::Committed => return Ok(Answered::new(answer)),
                Outcome::Cancelled(conditions) => {
                    if let Some(Condition::Failed(event)) = conditions.into_iter().next() {
                        return Ok(Answered::replay(recorded(event, &command.fingerprint)?.answer()?));
                    }
                }
            }
            in_time(command.moment)?;
        }
    }
}
