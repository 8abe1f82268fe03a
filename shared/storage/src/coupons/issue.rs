//! Issuing coupons: first come, first served, one for each user, never over the total.

use sijang_domain::{
    Allocation, Campaign, CouponId, Error, IdempotencyKey, Idempotent, IssuedCoupon, Rejection, RequestTime,
    ShardCount, Shards, Timestamp, UserId,
};
use tokio::time::sleep;
use ulid::Ulid;

use super::{
    campaign::{UserCouponRow, user_coupon_key},
    counter::CounterRow,
};
use crate::{
    Item, Store,
    deadline::check_deadline,
    dynamodb::shards::Membership,
    dynamodb::transaction::{Backoff, Condition, Outcome, Transaction, backoff, from_item},
    random::random,
};

/// One request for a coupon.
struct Issue<'a> {
    store: &'a Store,
    user: &'a UserId,
    campaign: &'a Campaign,
    coupon: IssuedCoupon,
    /// The client's key, or a name of our own. The user's coupon stores it, and so recognises a copy of the request.
    request: String,
    keyed: bool,
    time: RequestTime,
    counters: Shards,
    waits: Backoff,
    /// Whether the next failure may choose another shard before all of them are read.
    try_other_shard: bool,
}

impl Store {
    /// Issues a coupon of a campaign to a user.
    ///
    /// The user's coupon is its own record of the request, so no event is needed: a copy of the request finds the coupon.
    /// In a warm environment this is one call. Where the campaign is closed or sold out, the call is a transactional read
    /// of the user's coupon, which conflicts with a copy in flight instead of overlooking it.
    pub async fn issue_coupon(
        &self,
        user: &UserId,
        coupon_id: CouponId,
        key: Option<&IdempotencyKey>,
        time: RequestTime,
    ) -> Result<Idempotent<IssuedCoupon>, Error> {
        let campaign = self.campaign(coupon_id, time.now).await?.ok_or(Rejection::CouponNotFound)?;
        let own_name = || format!("~{}", Ulid::generate());
        let mut issue = Issue {
            store: self,
            user,
            campaign: &campaign,
            coupon: campaign.issue(time.now),
            request: key.map_or_else(own_name, |key| key.as_str().to_owned()),
            keyed: key.is_some(),
            time,
            counters: self.cache.counters.get(&coupon_id).unwrap_or_default(),
            waits: backoff(),
            try_other_shard: true,
        };
        loop {
            if let Some(coupon) = issue.attempt().await? {
                return Ok(coupon);
            }
            check_deadline(time)?;
        }
    }
}

impl Issue<'_> {
    /// Makes one attempt. Returns nothing when another one is to follow.
    async fn attempt(&mut self) -> Result<Option<Idempotent<IssuedCoupon>>, Error> {
        if let Some(rejection) = self.campaign.rejection(self.time.now) {
            return self.held_or_reject(rejection).await.map(Some);
        }
        let Some(&Allocation { shard, .. }) = self.counters.allocate(1, random()).as_deref().and_then(<[_]>::first)
        else {
            return self.held_or_reject(Rejection::CouponSoldOut).await.map(Some);
        };
        let tables = &self.store.tables;
        let row = UserCouponRow::issued(self.user, &self.coupon, &self.request);
        let mut transaction = Transaction::default();
        transaction.put_new(&tables.user_coupons, &row, "user_id")?;
        transaction.count(&tables.coupons, self.coupon.coupon_id, shard, Membership::known_of(&self.counters))?;
        match self.store.try_commit_once(transaction, &mut self.waits, self.time.deadline).await? {
            Some(Outcome::Committed) => Ok(Some(Idempotent::new(self.coupon.clone()))),
            Some(Outcome::Cancelled(conditions)) => self.learn(conditions).await,
            // Another transaction held an item. Other shards may be free.
            None => Ok(None),
        }
    }

    /// Learns from the failed conditions of a transaction: the user holds the coupon, or the shard has none left.
    async fn learn(&mut self, conditions: Vec<Condition>) -> Result<Option<Idempotent<IssuedCoupon>>, Error> {
        let mut conditions = conditions.into_iter();
        if let Some(Condition::Failed(item)) = conditions.next() {
            let item = item.ok_or_else(|| Error::corrupt("user coupon", "the engine did not return it"))?;
            return self.held(item).map(Some);
        }
        let Some(Condition::Failed(counter)) = conditions.next() else {
            return Err(Error::corrupt("campaign", "a transaction was cancelled for no reason"));
        };
        let Some(counter) = counter else { return self.await_shard().await.map(|()| None) };
        let failed = CounterRow::read(counter)?;
        if let Some(ended_at) = failed.ended_at {
            self.store.cache.campaigns.remove(&failed.coupon_id);
            let closed_at =
                Timestamp::from_millis(ended_at).map_err(|_| Error::corrupt("counter", "impossible time"))?;
            return self.held_or_reject(Rejection::CouponClosed { closed_at }).await.map(Some);
        }
        let counters = std::mem::take(&mut self.counters);
        self.counters = self.store.observe_counters(counters, &failed, self.try_other_shard).await?;
        self.try_other_shard = !self.try_other_shard;
        if failed.member.shards == ShardCount::ONE && self.counters.most() == Some(0) {
            // The same transaction has shown that the user does not hold the coupon.
            return Err(Rejection::CouponSoldOut.into());
        }
        Ok(None)
    }

    /// Waits a little for a shard that a rollout under way has not written yet. The first shard is always there.
    async fn await_shard(&mut self) -> Result<(), Error> {
        if self.counters.count() == ShardCount::ONE {
            return Err(Error::corrupt("campaign", "it has no counter"));
        }
        sleep(self.waits.next().unwrap_or_default()).await;
        Ok(())
    }

    /// The coupon if the user holds it, or else the rejection.
    async fn held_or_reject(&self, rejection: Rejection) -> Result<Idempotent<IssuedCoupon>, Error> {
        let key = user_coupon_key(self.user, self.coupon.coupon_id);
        let item = self.store.get_in_transaction(&self.store.tables.user_coupons, key, self.time).await?;
        item.map_or(Err(rejection.into()), |item| self.held(item))
    }

    /// The answer for a user who holds the coupon: a replay when a copy of this request got it.
    fn held(&self, item: Item) -> Result<Idempotent<IssuedCoupon>, Error> {
        let row: UserCouponRow = from_item("user coupon", item)?;
        let is_copy = row.request == self.request;
        let coupon = IssuedCoupon { voided_at: self.campaign.voided_at, ..row.coupon()? };
        if is_copy {
            Ok(Idempotent { value: coupon, replayed: self.keyed })
        } else {
            Err(Rejection::CouponAlreadyIssued { coupon: Box::new(coupon) }.into())
        }
    }
}
