//! Splitting the counter of a campaign into shards.

use sijang_domain::{Command, CouponId, CouponShards, Error, Idempotent, Rejection, ResponseBody, ShardCount};

use super::counter::{CounterRow, counter_key};
use crate::{
    Store,
    deadline::check_deadline,
    dynamodb::transaction::{Transaction, to_item},
    idempotency::Commit,
};

impl Store {
    /// Splits the coupons left of a campaign into this number of equal shards, while they are issued.
    pub async fn reshard_coupon(
        &self,
        command: &Command,
        coupon_id: CouponId,
        shards: ShardCount,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let answer = ResponseBody::of(&CouponShards { coupon_id, shards })?;
        let attempts = async {
            loop {
                let transaction = self.counter_resharding(command, coupon_id, shards, &answer).await?;
                if let Commit::Done(answer) = self.commit_command(transaction, command, answer.clone()).await? {
                    return Ok(answer);
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, attempts).await
    }

    async fn counter_resharding(
        &self,
        command: &Command,
        coupon_id: CouponId,
        shards: ShardCount,
        answer: &ResponseBody,
    ) -> Result<Transaction, Error> {
        let rows = self.counter_rows(coupon_id, ShardCount::ALL).await?;
        let first = rows.first().ok_or(Rejection::CouponNotFound)?;
        let next = first.member.next(shards);
        let left = rows.iter().map(CounterRow::left).sum();
        let mut transaction = Transaction::with_answer(&self.tables.events, command, "campaign.resharded.v1", answer)?;
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
        Ok(transaction)
    }
}
