//! Changing a campaign while its coupons are issued: splitting its counter into shards, ending it, voiding its coupons.

use sijang_domain::{
    ActionSubject, Campaign, Command, CouponId, CouponShards, Error, FieldChange, Idempotent, Redistribution,
    Rejection, ResponseBody, ShardCount, Timestamp,
};

use super::{
    campaign::{CampaignRow, listing_key},
    counter::{CounterRow, counters_of},
};
use crate::{
    Item, Store,
    deadline::check_deadline,
    dynamodb::{
        rollout::{Owner, Rollout},
        transaction::{Change, Transaction, from_item},
    },
    idempotency::Commit,
    staff::ActionDetails,
};

/// A change of a campaign that is to be accepted.
struct CampaignChange {
    kind: &'static str,
    answer: ResponseBody,
    rollout: Rollout,
    /// The campaign as it is afterwards, if that changes.
    campaign: Option<Campaign>,
    /// For the history of staff.
    changes: Vec<FieldChange>,
}

impl CampaignChange {
    /// The change of the campaign's item, which is of the version `seen`, at this time.
    fn accepting(&self, owner: &Owner<'_>, seen: (i64, Timestamp)) -> Result<Change, Error> {
        let Some(campaign) = &self.campaign else { return owner.accepting(&self.rollout, seen, "") };
        let update = ", opens_at = :opens, closes_at = :closes, listing_key = :listing_key";
        let change = owner
            .accepting(&self.rollout, seen, update)?
            .number(":opens", campaign.opens_at.millis())
            .number(":closes", campaign.closes_at.millis())
            .text(":listing_key", listing_key(campaign));
        Ok(match campaign.voided_at {
            Some(voided_at) => change.also(", voided_at = :voided").number(":voided", voided_at.millis()),
            None => change,
        })
    }
}

impl Store {
    /// Splits the coupons left of a campaign into this number of equal shards, while they are issued.
    pub async fn reshard_coupon(
        &self,
        command: &Command,
        coupon_id: CouponId,
        shards: ShardCount,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let answer = ResponseBody::of(&CouponShards { coupon_id, shards })?;
        self.change_campaign(command, coupon_id, |_, rows| {
            let left: Vec<u32> = rows.iter().map(CounterRow::left).collect();
            let (member, moves) = (rows[0].member.next(shards), Redistribution::plan(&left, shards, 0));
            let rollout = Rollout { member, moves, ended_at: rows[0].ended_at, ..Rollout::default() };
            let changes = vec![FieldChange::from_to("shards", rows[0].member.shards.get(), shards.get())];
            Ok(CampaignChange {
                kind: "campaign.resharded.v1",
                answer: answer.clone(),
                rollout,
                campaign: None,
                changes,
            })
        })
        .await
    }

    /// Ends a campaign now. The end reaches one counter after the other, and all of them before the answer. Coupons that
    /// users hold stay good.
    pub async fn end_campaign(
        &self,
        command: &Command,
        coupon_id: CouponId,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        command.required_reason()?;
        self.close_campaign(command, coupon_id, "campaign.ended.v1", |campaign| campaign.ended(command.time.now)).await
    }

    /// Voids the coupons of a campaign, and ends it. Every environment rejects orders with these coupons within a minute.
    pub async fn void_campaign(
        &self,
        command: &Command,
        coupon_id: CouponId,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        command.required_reason()?;
        self.close_campaign(command, coupon_id, "campaign.voided.v1", |campaign| campaign.voided(command.time.now))
            .await
    }

    /// Changes a campaign to one that is over, which `closed` makes of it.
    async fn close_campaign(
        &self,
        command: &Command,
        coupon_id: CouponId,
        kind: &'static str,
        closed: impl Fn(Campaign) -> Result<Campaign, Rejection>,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        self.change_campaign(command, coupon_id, |item, rows| {
            let before = from_item::<CampaignRow>("campaign", item)?.campaign()?;
            let closes_at = before.closes_at;
            let campaign = closed(before)?;
            let mut changes = vec![FieldChange::from_to("closes_at", closes_at, campaign.closes_at)];
            changes.extend(campaign.voided_at.map(|voided_at| FieldChange::to("voided_at", voided_at)));
            let ended_at = Some(campaign.closes_at.millis());
            let rollout = Rollout { member: rows[0].member, ended_at, ..Rollout::default() };
            let answer = ResponseBody::of(&campaign)?;
            Ok(CampaignChange { kind, answer, rollout, campaign: Some(campaign), changes })
        })
        .await
    }

    /// Changes a campaign and its counters by a rollout. `change` makes the change from the campaign and its counters in
    /// use, of which there is one at least, when the campaign has no other rollout.
    async fn change_campaign(
        &self,
        command: &Command,
        coupon_id: CouponId,
        change: impl Fn(Item, &[CounterRow]) -> Result<CampaignChange, Error>,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let owner = counters_of(&self.tables.coupons, coupon_id);
        let attempts = async {
            loop {
                let found = self.finish_rollout(&owner, command.time).await?;
                let settled = found.ok_or(Rejection::CouponNotFound)?;
                let first = CounterRow::read(settled.first)?;
                let change = change(settled.item, &self.counter_rows(coupon_id, first.member.shards).await?)?;
                let mut transaction =
                    Transaction::with_answer(&self.tables.events, command, change.kind, &change.answer)?;
                transaction.update(change.accepting(&owner, (settled.version, command.time.now))?)?;
                let details = ActionDetails { subject: ActionSubject::campaign(coupon_id), changes: change.changes };
                transaction.record_action(&self.tables.staff_actions, command, &details)?;
                if let Commit::Done(answer) = self.commit_command(transaction, command, change.answer).await? {
                    self.finish_rollout(&owner, command.time).await?;
                    return Ok(answer);
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, Box::pin(attempts)).await
    }
}
