//! Coupons: `CAMPAIGN` (its terms, which never change, and whether its coupons were voided), beside its counters
//! (see [`crate::counters`]), and the coupons that users hold.
//!
//! A user's coupon has user and campaign as its key, so that nobody can hold two of one campaign.

use std::{
    collections::{BTreeSet, HashMap},
    iter,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sijang_domain::{
    ActionSubject, Campaign, CampaignDraft, CampaignListing, CampaignReconciliation, CampaignReport, CampaignState,
    Command, CouponCheck, CouponId, CouponStatus, CouponTerms, CouponUse, Discount, Error, FieldChange, Idempotent,
    IssuedCoupon, Money, Name, Order, OrderId, Page, Position, Rejection, RequestTime, ResponseBody, ShardCount,
    Timestamp, UserId,
};

use crate::{
    Item, Store,
    aged::{Aged, CAMPAIGN_CACHED, VIEW_CACHED},
    coupons::counter::{CAMPAIGN, CounterRow},
    dynamodb::query::Query,
    dynamodb::rollout::OwnerState,
    dynamodb::transaction::{Change, Condition, Transaction, from_item, key},
    random::random,
    staff::ActionDetails,
};

/// The index that lists campaigns by the time they close, and its one partition. It has all of them, also those that
/// are over.
const OPEN_CAMPAIGNS: &str = "open-campaigns";
const LISTED: &str = "CAMPAIGN";

/// Coupon terms as the tables have them; amounts in KRW minor units.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TermsRecord {
    percent: Option<u8>,
    /// The fixed amount, or the most that a percentage takes off.
    amount: Option<i64>,
    minimum: i64,
}

impl TermsRecord {
    fn of(terms: &CouponTerms) -> Self {
        let (percent, amount) = match &terms.discount {
            Discount::Fixed { amount } => (None, Some(*amount)),
            Discount::Percent { percent, max_amount } => (Some(*percent), *max_amount),
        };
        Self { percent, amount: amount.map(Money::minor), minimum: terms.minimum_order.minor() }
    }

    fn terms(&self) -> Result<CouponTerms, Error> {
        let corrupt = |_| Error::corrupt("coupon terms", "an amount is out of range");
        let amount = self.amount.map(Money::new).transpose().map_err(corrupt)?;
        let discount = match (self.percent, amount) {
            (None, Some(amount)) => Discount::Fixed { amount },
            (Some(percent), max_amount) => Discount::Percent { percent, max_amount },
            (None, None) => return Err(Error::corrupt("coupon terms", "neither amount nor percentage")),
        };
        Ok(CouponTerms { discount, minimum_order: Money::new(self.minimum).map_err(corrupt)? })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CampaignRow {
    coupon_id: CouponId,
    sk: String,
    name: Name,
    terms: TermsRecord,
    total: u32,
    /// Milliseconds since the epoch, as all times here.
    opens_at: i64,
    closes_at: i64,
    valid_days: u16,
    listing: String,
    /// `closing time#coupon`: the open campaigns are one range of the index.
    listing_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    voided_at: Option<i64>,
}

impl CampaignRow {
    fn new(campaign: &Campaign) -> Self {
        Self {
            coupon_id: campaign.coupon_id,
            sk: CAMPAIGN.to_owned(),
            name: campaign.name.clone(),
            terms: TermsRecord::of(&campaign.terms),
            total: campaign.total,
            opens_at: campaign.opens_at.millis(),
            closes_at: campaign.closes_at.millis(),
            valid_days: campaign.valid_days,
            listing: LISTED.to_owned(),
            listing_key: listing_key(campaign),
            voided_at: campaign.voided_at.map(Timestamp::millis),
        }
    }

    pub(super) fn campaign(self) -> Result<Campaign, Error> {
        let corrupt = |_| Error::corrupt("campaign", "impossible time");
        Ok(Campaign {
            coupon_id: self.coupon_id,
            name: self.name,
            terms: self.terms.terms()?,
            total: self.total,
            opens_at: Timestamp::from_millis(self.opens_at).map_err(corrupt)?,
            closes_at: Timestamp::from_millis(self.closes_at).map_err(corrupt)?,
            valid_days: self.valid_days,
            voided_at: self.voided_at.map(Timestamp::from_millis).transpose().map_err(corrupt)?,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserCouponRow {
    user_id: String,
    coupon_id: CouponId,
    name: Name,
    terms: TermsRecord,
    issued_at: i64,
    expires_at: i64,
    /// Names the request that got the coupon: the client's key, or a name of our own. A second look at the same request
    /// finds its own name here, and knows that it succeeded.
    pub(super) request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<i64>,
}

impl UserCouponRow {
    pub(super) fn issued(user: &UserId, coupon: &IssuedCoupon, request: &str) -> Self {
        Self {
            user_id: user.to_string(),
            coupon_id: coupon.coupon_id,
            name: coupon.name.clone(),
            terms: TermsRecord::of(&coupon.terms),
            issued_at: coupon.issued_at.millis(),
            expires_at: coupon.expires_at.millis(),
            request: request.to_owned(),
            order_id: None,
            used_at: None,
        }
    }

    pub(super) fn coupon(self) -> Result<IssuedCoupon, Error> {
        let corrupt = |_| Error::corrupt("user coupon", "impossible time");
        let used = match (self.order_id, self.used_at) {
            (Some(order_id), Some(at)) => {
                Some(CouponUse { order_id, used_at: Timestamp::from_millis(at).map_err(corrupt)? })
            }
            (None, None) => None,
            _ => return Err(Error::corrupt("user coupon", "half used")),
        };
        Ok(IssuedCoupon {
            coupon_id: self.coupon_id,
            name: self.name,
            terms: self.terms.terms()?,
            issued_at: Timestamp::from_millis(self.issued_at).map_err(corrupt)?,
            expires_at: Timestamp::from_millis(self.expires_at).map_err(corrupt)?,
            used,
            voided_at: None,
        })
    }
}

fn campaign_key(coupon_id: CouponId) -> Item {
    key([("coupon_id", coupon_id.to_string()), ("sk", CAMPAIGN.to_owned())])
}

pub(super) fn user_coupon_key(user: &UserId, coupon_id: CouponId) -> Item {
    key([("user_id", user.to_string()), ("coupon_id", coupon_id.to_string())])
}

/// The coupon of an item.
pub(crate) fn coupon_of(item: Item) -> Result<IssuedCoupon, Error> {
    from_item::<UserCouponRow>("user coupon", item)?.coupon()
}

/// The coupon as the failed condition of its use returned it.
pub(crate) fn coupon_check(condition: Condition) -> Result<CouponCheck, Error> {
    match condition {
        Condition::Held => Ok(CouponCheck::Held),
        Condition::Failed(None) => Ok(CouponCheck::Absent),
        Condition::Failed(Some(item)) => {
            let coupon = coupon_of(item)?;
            Ok(CouponCheck::Found { used: coupon.used.is_some(), expires_at: coupon.expires_at })
        }
    }
}

impl Transaction {
    /// Uses a coupon: the user must hold it, unused and not expired.
    pub(crate) fn use_coupon(
        &mut self,
        table: &str,
        user: &UserId,
        coupon_id: CouponId,
        order: &Order,
    ) -> Result<(), Error> {
        let change = Change::to(table, user_coupon_key(user, coupon_id), "SET order_id = :order, used_at = :now")
            .when("attribute_exists(user_id) AND attribute_not_exists(order_id) AND expires_at > :now")
            .text(":order", order.order_id)
            .number(":now", order.paid_at.millis());
        self.update(change)
    }

    /// Makes the coupon of a cancelled order usable again, until the same day as before.
    pub(crate) fn return_coupon(
        &mut self,
        table: &str,
        user: &UserId,
        coupon_id: CouponId,
        order: &Order,
    ) -> Result<(), Error> {
        let change = Change::to(table, user_coupon_key(user, coupon_id), "REMOVE order_id, used_at")
            .when("order_id = :order")
            .text(":order", order.order_id);
        self.update(change)
    }
}

impl Store {
    /// A campaign, as cached for half a minute or as it is; nothing when there is none.
    pub(crate) async fn campaign(&self, coupon_id: CouponId, now: Timestamp) -> Result<Option<Arc<Campaign>>, Error> {
        if let Some(campaign) = self.cached_campaign(coupon_id, now) {
            return Ok(Some(campaign));
        }
        let item = self.get(&self.tables.coupons, campaign_key(coupon_id), true).await?;
        item.map(|item| self.cache_campaign(item, now)).transpose()
    }

    fn cached_campaign(&self, coupon_id: CouponId, now: Timestamp) -> Option<Arc<Campaign>> {
        self.cache.campaigns.get(&coupon_id)?.fresh(now, CAMPAIGN_CACHED)
    }

    fn cache_campaign(&self, item: Item, now: Timestamp) -> Result<Arc<Campaign>, Error> {
        let campaign = Arc::new(from_item::<CampaignRow>("campaign", item)?.campaign()?);
        self.cache.campaigns.insert(campaign.coupon_id, Aged::new(Arc::clone(&campaign), now));
        Ok(campaign)
    }

    /// Marks the coupons whose campaign was voided. Only the campaigns of those that could be used are looked up.
    async fn mark_voided(&self, coupons: &mut [IssuedCoupon], now: Timestamp) -> Result<(), Error> {
        let usable = coupons.iter_mut().filter(|coupon| coupon.status(now) == CouponStatus::Usable);
        let mut unknown = HashMap::new();
        for coupon in usable {
            match self.cached_campaign(coupon.coupon_id, now) {
                Some(campaign) => coupon.voided_at = campaign.voided_at,
                None => drop(unknown.insert(coupon.coupon_id, coupon)),
            }
        }
        let keys = unknown.keys().map(|coupon_id| campaign_key(*coupon_id)).collect();
        for item in self.get_all(&self.tables.coupons, keys, true).await? {
            let campaign = self.cache_campaign(item, now)?;
            if let Some(coupon) = unknown.get_mut(&campaign.coupon_id) {
                coupon.voided_at = campaign.voided_at;
            }
        }
        Ok(())
    }

    /// Creates a campaign.
    pub async fn create_campaign(
        &self,
        command: &Command,
        draft: CampaignDraft,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let campaign = draft.created(CouponId::new(command.time.now, random()));
        let answer = ResponseBody::of(&campaign)?;
        let mut transaction = Transaction::with_answer(&self.tables.events, command, "campaign.created.v1", &answer)?;
        transaction.put_new(&self.tables.coupons, &CampaignRow::new(&campaign), "coupon_id")?;
        let counter = CounterRow::first(campaign.coupon_id, campaign.total);
        transaction.put_new(&self.tables.coupons, &counter, "coupon_id")?;
        let changes = vec![FieldChange::to("total", campaign.total), FieldChange::to("closes_at", campaign.closes_at)];
        let details = ActionDetails { subject: ActionSubject::campaign(campaign.coupon_id), changes };
        transaction.record_action(&self.tables.staff_actions, command, &details)?;
        self.commit_new(transaction, command, answer).await
    }

    /// A campaign and its counters as they are now, to be compared with the customers who were found to hold its
    /// coupons.
    pub(crate) async fn campaign_reconciliation(
        &self,
        coupon_id: CouponId,
        holders: BTreeSet<UserId>,
    ) -> Result<(CampaignReconciliation, Option<Timestamp>), Error> {
        let before = OwnerState::read(self.campaign_item(coupon_id).await?)?;
        let mut counters = self.counter_rows(coupon_id, ShardCount::ONE).await?;
        if counters.iter().any(|first| first.member.generation > 0) {
            // Coupons that a retired counter has issued still count.
            counters = self.counter_rows(coupon_id, ShardCount::ALL).await?;
        }
        let campaign = self.campaign_item(coupon_id).await?;
        let after = OwnerState::read(campaign.clone())?;
        let total = if campaign.is_empty() { 0 } else { from_item::<CampaignRow>("campaign", campaign)?.total };
        let (moving, counters) = (before.may_have_moved(&after), counters.iter().map(CounterRow::counter).collect());
        Ok((CampaignReconciliation { coupon_id, total, moving, counters, holders }, after.rollout_at))
    }

    /// The item of a campaign; an empty one when there is none.
    async fn campaign_item(&self, coupon_id: CouponId) -> Result<Item, Error> {
        let mut items = self.get_all(&self.tables.coupons, vec![campaign_key(coupon_id)], true).await?;
        Ok(items.pop().unwrap_or_default())
    }

    /// One campaign and what is left of it, also before it opens and when it is over. That of a split counter is up to
    /// a second old.
    pub async fn campaign_listing(&self, coupon_id: CouponId, now: Timestamp) -> Result<CampaignListing, Error> {
        let cached = self.cache.campaigns.get(&coupon_id).and_then(|campaign| campaign.fresh(now, VIEW_CACHED));
        let sum = self.cache.remaining.get(&coupon_id).and_then(|remaining| remaining.fresh(now, VIEW_CACHED));
        if let Some((campaign, remaining)) = cached.zip(sum) {
            return Ok(CampaignListing { campaign: Campaign::clone(&campaign), remaining });
        }
        let query = Query {
            table: &self.tables.coupons,
            condition: "coupon_id = :coupon",
            values: vec![(":coupon", coupon_id.to_string())],
            ..Query::default()
        };
        let mut items = self.query(query, 2).await?.into_iter();
        let (campaign, first) = items.next().zip(items.next()).ok_or(Rejection::CouponNotFound)?;
        let campaign = Campaign::clone(&*self.cache_campaign(campaign, now)?);
        let remaining = self.remaining_beside(iter::once(CounterRow::read(first)), now).await?;
        Ok(CampaignListing { campaign, remaining: remaining.get(&coupon_id).copied().unwrap_or_default() })
    }

    /// The campaigns that are open now, the next to close first, and what is left of each. A page may end early.
    pub async fn open_campaigns(
        &self,
        limit: usize,
        after: Option<Position>,
        time: RequestTime,
    ) -> Result<Page<CampaignListing>, Error> {
        let page = self.campaigns_and_remaining(CampaignState::Open, limit, after, time).await?;
        Ok(page.map(|(campaign, remaining)| CampaignListing { campaign, remaining }))
    }

    /// The campaigns that are in this state now. Closed ones come with the last to close first, others with the next to
    /// close first. A page may end early.
    pub async fn campaigns(
        &self,
        state: CampaignState,
        limit: usize,
        after: Option<Position>,
        time: RequestTime,
    ) -> Result<Page<CampaignReport>, Error> {
        let page = self.campaigns_and_remaining(state, limit, after, time).await?;
        let ids: Vec<CouponId> = page.data.iter().map(|(campaign, _)| campaign.coupon_id).collect();
        let counted = self.coupon_uses(&ids, false).await?;
        Ok(page.map(|(campaign, remaining)| {
            let issued = campaign.total.saturating_sub(remaining);
            let (used, used_until) = (counted.of(campaign.coupon_id), counted.until);
            CampaignReport { campaign, state, issued, remaining, used, used_until }
        }))
    }

    async fn campaigns_and_remaining(
        &self,
        state: CampaignState,
        limit: usize,
        after: Option<Position>,
        time: RequestTime,
    ) -> Result<Page<(Campaign, u32)>, Error> {
        let now = time.now;
        // Keys begin with a time and go on with `#`, which sorts below `$`: what closes now is closed.
        let bound = format!("{now}$");
        let is_closed = state == CampaignState::Closed;
        // A campaign may close while its page is read, and clocks differ: the engine would not begin after what is out
        // of the range.
        let after = after.filter(|position| (position.0 < bound) == is_closed);
        let query = Query {
            table: &self.tables.coupons,
            index: Some(OPEN_CAMPAIGNS),
            condition: if is_closed {
                "listing = :listed AND listing_key < :bound"
            } else {
                "listing = :listed AND listing_key > :bound"
            },
            values: vec![(":listed", LISTED.to_owned()), (":bound", bound)],
            after: after.map(campaign_position).transpose()?,
            newest_first: is_closed,
            ..Query::default()
        };
        // Open campaigns and those to come lie in the same range.
        let in_state = |item| {
            let campaign = from_item::<CampaignRow>("campaign", item)?.campaign()?;
            Ok((campaign.state(now) == state).then_some(campaign))
        };
        let page = self.select_page(query, (limit, time), ("listing_key", position_of), in_state).await?;
        let ids: Vec<CouponId> = page.data.iter().map(|campaign| campaign.coupon_id).collect();
        let remaining = self.remaining(&ids, now).await?;
        Ok(page.map(|campaign| {
            let remaining = remaining.get(&campaign.coupon_id).copied().unwrap_or_default();
            (campaign, remaining)
        }))
    }

    /// The coupons that a user holds, oldest campaign first; with a status, only those. A page may end early.
    pub async fn coupons_of(
        &self,
        user: &UserId,
        status: Option<CouponStatus>,
        limit: usize,
        after: Option<Position>,
        time: RequestTime,
    ) -> Result<Page<IssuedCoupon>, Error> {
        let query = Query {
            table: &self.tables.user_coupons,
            condition: "user_id = :user",
            values: vec![(":user", user.to_string())],
            after: after.map(|after| key([("user_id", user.to_string()), ("coupon_id", after.0)])),
            consistent: true,
            ..Query::default()
        };
        let position = |coupon: &IssuedCoupon| Position(coupon.coupon_id.to_string());
        // The item does not say whether it was voided.
        let stored = if status == Some(CouponStatus::Voided) { Some(CouponStatus::Usable) } else { status };
        let mut page = self
            .select_page(query, (limit, time), ("coupon_id", position), |item| {
                let coupon = coupon_of(item)?;
                Ok(stored.is_none_or(|stored| coupon.status(time.now) == stored).then_some(coupon))
            })
            .await?;
        self.mark_voided(&mut page.data, time.now).await?;
        page.data.retain(|coupon| status.is_none_or(|status| coupon.status(time.now) == status));
        Ok(page)
    }
}

pub(super) fn listing_key(campaign: &Campaign) -> String {
    format!("{}#{}", campaign.closes_at, campaign.coupon_id)
}

fn position_of(campaign: &Campaign) -> Position {
    Position(listing_key(campaign))
}

/// The index's key after which the next page begins.
fn campaign_position(position: Position) -> Result<Item, Error> {
    let corrupt = || Error::corrupt("position", "not of the campaigns");
    let (_, coupon_id) = position.0.split_once('#').ok_or_else(corrupt)?;
    let coupon_id: CouponId = coupon_id.parse().map_err(|_| corrupt())?;
    let mut start = campaign_key(coupon_id);
    start.extend(key([("listing", LISTED.to_owned()), ("listing_key", position.0)]));
    Ok(start)
}
