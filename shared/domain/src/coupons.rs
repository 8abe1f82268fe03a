//! Coupons: campaigns that give out a fixed number, first come first served, and the coupons that users hold.
//!
//! The terms of a campaign never change; it can only be ended early, and its coupons can be voided. An issued coupon
//! has a copy of the terms, so a discount is computed from the cache, and only the use of the coupon is checked in the
//! store.

use serde::{Deserialize, Serialize};

use crate::{CouponId, Day, Money, Name, OrderId, Rejection, ShardCount, Timestamp, Violation};

/// The discount of a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Discount {
    /// A fixed amount.
    Fixed {
        /// How much.
        amount: Money,
    },
    /// A percentage, floored to the minor unit, then capped.
    Percent {
        /// 1 to 100.
        #[schema(minimum = 1, maximum = 100)]
        percent: u8,
        /// The most it takes off, if it has a cap.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_amount: Option<Money>,
    },
}

/// The terms under which a coupon is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CouponTerms {
    /// The discount.
    pub discount: Discount,
    /// The smallest list price it is good for.
    pub minimum_order: Money,
}

impl CouponTerms {
    /// The discount on this list price: at most the price itself, zero below the minimum order.
    pub fn discount_on(&self, list_price: Money) -> Option<Money> {
        if list_price < self.minimum_order {
            return None;
        }
        let off = match &self.discount {
            Discount::Fixed { amount } => *amount,
            Discount::Percent { percent, max_amount } => {
                let part = list_price.percent_floor(*percent);
                max_amount.map_or(part, |cap| part.min(cap))
            }
        };
        Some(off.min(list_price))
    }
}

/// A campaign to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CampaignDraft {
    /// Its name.
    pub name: Name,
    /// The terms of its coupons.
    #[serde(flatten)]
    pub terms: CouponTerms,
    /// How many coupons it gives out.
    pub total: u32,
    /// The first instant at which coupons are given out.
    pub opens_at: Timestamp,
    /// The instant from which no more are given out.
    pub closes_at: Timestamp,
    /// How many days after the day of issue a coupon is good.
    pub valid_days: u16,
}

impl CampaignDraft {
    /// The most coupons of one campaign.
    pub const MAX_TOTAL: u32 = 10_000_000;
    /// The most days for which a coupon is good.
    pub const MAX_VALID_DAYS: u16 = 365;

    /// How many coupons; a violation outside 1 to [`Self::MAX_TOTAL`].
    pub fn parse_total(total: i64) -> Result<u32, Violation> {
        let out = Violation::OutOfRange { min: 1, max: Self::MAX_TOTAL.into() };
        u32::try_from(total).ok().filter(|total| (1..=Self::MAX_TOTAL).contains(total)).ok_or(out)
    }

    /// How many days; a violation outside 1 to [`Self::MAX_VALID_DAYS`].
    pub fn parse_valid_days(days: i64) -> Result<u16, Violation> {
        let out = Violation::OutOfRange { min: 1, max: Self::MAX_VALID_DAYS.into() };
        u16::try_from(days).ok().filter(|days| (1..=Self::MAX_VALID_DAYS).contains(days)).ok_or(out)
    }

    /// A percentage; a violation outside 1 to 100.
    pub fn parse_percent(percent: i64) -> Result<u8, Violation> {
        let out = Violation::OutOfRange { min: 1, max: 100 };
        u8::try_from(percent).ok().filter(|percent| (1..=100).contains(percent)).ok_or(out)
    }

    /// The campaign that this draft becomes.
    pub fn created(self, coupon_id: CouponId) -> Campaign {
        let Self { name, terms, total, opens_at, closes_at, valid_days } = self;
        Campaign { coupon_id, name, terms, total, opens_at, closes_at, valid_days, voided_at: None }
    }
}

/// A campaign. Its terms never change; it can be ended early, and its coupons can be voided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Campaign {
    /// Which one.
    pub coupon_id: CouponId,
    /// Its name.
    pub name: Name,
    /// The terms of its coupons.
    #[serde(flatten)]
    pub terms: CouponTerms,
    /// How many coupons it gives out.
    pub total: u32,
    /// The first instant at which coupons are given out.
    pub opens_at: Timestamp,
    /// The instant from which no more are given out.
    pub closes_at: Timestamp,
    /// How many days after the day of issue a coupon is good.
    pub valid_days: u16,
    /// When its coupons were voided, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voided_at: Option<Timestamp>,
}

impl Campaign {
    /// The coupon that a user gets at `now`: good until the end (in Seoul) of the day `valid_days` after today.
    pub fn issue(&self, now: Timestamp) -> IssuedCoupon {
        let expires_at = Day::of(now).plus(i32::from(self.valid_days) + 1).start();
        IssuedCoupon {
            coupon_id: self.coupon_id,
            name: self.name.clone(),
            terms: self.terms.clone(),
            issued_at: now,
            expires_at,
            used: None,
            voided_at: None,
        }
    }

    /// Why no coupon is given out at `now`, if none is, however many are left.
    pub fn rejection(&self, now: Timestamp) -> Option<Rejection> {
        if now < self.opens_at {
            Some(Rejection::CouponNotOpen { opens_at: self.opens_at })
        } else if self.is_open(now) {
            None
        } else {
            Some(Rejection::CouponClosed { closed_at: self.closes_at })
        }
    }

    /// The campaign ended at `now`. The coupons that users hold stay good.
    ///
    /// # Errors
    /// [`Rejection::CouponClosed`] when it was over before.
    pub fn ended(self, now: Timestamp) -> Result<Self, Rejection> {
        if self.closes_at <= now {
            return Err(Rejection::CouponClosed { closed_at: self.closes_at });
        }
        Ok(Self { opens_at: self.opens_at.min(now), closes_at: now, ..self })
    }

    /// The campaign whose coupons were voided at `now`. It is over, too.
    ///
    /// # Errors
    /// [`Rejection::CouponVoided`] when they were voided before.
    pub fn voided(self, now: Timestamp) -> Result<Self, Rejection> {
        if let Some(voided_at) = self.voided_at {
            return Err(Rejection::CouponVoided { voided_at });
        }
        let (opens_at, closes_at) = (self.opens_at.min(now), self.closes_at.min(now));
        Ok(Self { opens_at, closes_at, voided_at: Some(now), ..self })
    }

    /// Whether coupons are given out at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state(now) == CampaignState::Open
    }

    /// Before, in or after its window at `now`.
    pub fn state(&self, now: Timestamp) -> CampaignState {
        if now >= self.closes_at {
            CampaignState::Closed
        } else if now >= self.opens_at {
            CampaignState::Open
        } else {
            CampaignState::Upcoming
        }
    }
}

/// Whether a campaign gives out coupons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CampaignState {
    /// Not yet.
    Upcoming,
    /// As long as there are any left.
    Open,
    /// No more: its window is over, or it was ended.
    Closed,
}

/// A campaign and its remaining coupons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CampaignListing {
    /// The campaign.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// Coupons not given out yet, as they were up to two seconds ago. Whether there is one for a customer is decided when
    /// it is issued.
    pub remaining: u32,
}

/// A campaign as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CampaignReport {
    /// The campaign.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// Its state when it was read.
    pub state: CampaignState,
    /// Coupons given out. While the counter is being split or merged, coupons that are moved between its shards count
    /// as given out.
    pub issued: u32,
    /// Coupons not given out.
    pub remaining: u32,
    /// Coupons used by orders that were paid before `used_until` and are not cancelled. The daily aggregation counts them.
    pub used: u32,
    /// Until when uses are counted: the beginning of the day of the last daily aggregation. Left out before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_until: Option<Timestamp>,
}

/// Into how many shards the counter of a campaign is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CouponShards {
    /// Which campaign.
    pub coupon_id: CouponId,
    /// How many shards.
    pub shards: ShardCount,
}

/// The use of a coupon: by which order, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponUse {
    /// The order.
    pub order_id: OrderId,
    /// When it was paid.
    pub used_at: Timestamp,
}

/// A coupon that a user holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCoupon {
    /// The campaign it came from; a user holds at most one of each.
    pub coupon_id: CouponId,
    /// The campaign's name.
    pub name: Name,
    /// The terms as issued.
    pub terms: CouponTerms,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first instant at which it is no longer good.
    pub expires_at: Timestamp,
    /// Its use, once it is used.
    pub used: Option<CouponUse>,
    /// When staff voided it, if that is known here: the campaign says it.
    pub voided_at: Option<Timestamp>,
}

impl IssuedCoupon {
    /// The status of the coupon at `now`. A used coupon stays used when it expires, and an expired one stays
    /// expired when it is voided.
    pub fn status(&self, now: Timestamp) -> CouponStatus {
        if self.used.is_some() {
            CouponStatus::Used
        } else if now >= self.expires_at {
            CouponStatus::Expired
        } else if self.voided_at.is_some() {
            CouponStatus::Voided
        } else {
            CouponStatus::Usable
        }
    }

    /// The coupon as its holder sees it at `now`.
    pub fn viewed_at(self, now: Timestamp) -> IssuedCouponView {
        IssuedCouponView {
            coupon_id: self.coupon_id,
            status: self.status(now),
            name: self.name,
            terms: self.terms,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            used_at: self.used.as_ref().map(|used| used.used_at),
            order_id: self.used.map(|used| used.order_id),
        }
    }
}

/// The status of an issued coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponStatus {
    /// It can be used.
    Usable,
    /// It was used.
    Used,
    /// It was not used in time.
    Expired,
    /// The shop has voided it. No order accepts it.
    Voided,
}

/// A coupon as its holder sees it at some instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = IssuedCoupon)]
pub struct IssuedCouponView {
    /// The campaign it came from.
    pub coupon_id: CouponId,
    /// The campaign's name.
    pub name: Name,
    /// The terms as issued.
    #[serde(flatten)]
    pub terms: CouponTerms,
    /// Its status.
    pub status: CouponStatus,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first instant at which it is no longer good.
    pub expires_at: Timestamp,
    /// When it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// The order that used it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(minor: i64) -> Money {
        Money::new(minor).unwrap()
    }

    fn fixed(amount: i64, minimum: i64) -> CouponTerms {
        CouponTerms { discount: Discount::Fixed { amount: money(amount) }, minimum_order: money(minimum) }
    }

    fn percent(percent: u8, cap: Option<i64>) -> CouponTerms {
        let max_amount = cap.map(money);
        CouponTerms { discount: Discount::Percent { percent, max_amount }, minimum_order: Money::ZERO }
    }

    fn campaign() -> Campaign {
        let at = |text: &str| text.parse().unwrap();
        let draft = CampaignDraft {
            name: Name::parse("welcome").unwrap(),
            terms: fixed(3_000, 0),
            total: 50,
            opens_at: at("2026-11-21T00:00:00Z"),
            closes_at: at("2026-11-22T00:00:00Z"),
            valid_days: 30,
        };
        draft.created(CouponId::new(at("2026-11-20T00:00:00Z"), 7))
    }

    #[test]
    fn a_percent_discount_is_floored_then_capped() {
        assert_eq!(percent(10, None).discount_on(money(999)), Some(money(99)));
        assert_eq!(percent(10, Some(50)).discount_on(money(999)), Some(money(50)));
        assert_eq!(percent(100, None).discount_on(money(999)), Some(money(999)));
    }

    #[test]
    fn a_discount_is_never_above_the_list_price() {
        assert_eq!(fixed(3_000, 0).discount_on(money(2_999)), Some(money(2_999)));
        assert_eq!(fixed(3_000, 0).discount_on(Money::ZERO), Some(Money::ZERO));
    }

    #[test]
    fn below_the_minimum_order_a_coupon_is_not_good() {
        assert_eq!(fixed(3_000, 10_000).discount_on(money(9_999)), None);
        assert_eq!(fixed(3_000, 10_000).discount_on(money(10_000)), Some(money(3_000)));
    }

    #[test]
    fn a_coupon_expires_at_the_end_of_its_last_day_in_seoul() {
        // 23:59 and 00:01 in Seoul are different days of issue.
        let issued = campaign().issue("2026-11-21T14:59:00Z".parse().unwrap());
        assert_eq!(issued.expires_at.to_string(), "2026-12-21T15:00:00.000Z");
        let issued = campaign().issue("2026-11-21T15:01:00Z".parse().unwrap());
        assert_eq!(issued.expires_at.to_string(), "2026-12-22T15:00:00.000Z");
    }

    #[test]
    fn a_coupon_is_usable_until_it_expires_and_used_for_ever() {
        let mut coupon = campaign().issue("2026-11-21T00:00:00Z".parse().unwrap());
        let last = Timestamp::from_millis(coupon.expires_at.millis() - 1).unwrap();
        assert_eq!(coupon.status(last), CouponStatus::Usable);
        assert_eq!(coupon.status(coupon.expires_at), CouponStatus::Expired);
        coupon.used = Some(CouponUse { order_id: OrderId::new(last, 1), used_at: last });
        assert_eq!(coupon.status(coupon.expires_at), CouponStatus::Used);
    }

    #[test]
    fn a_campaign_is_open_from_its_first_instant_to_before_its_last() {
        let campaign = campaign();
        let before = |at: Timestamp| Timestamp::from_millis(at.millis() - 1).unwrap();
        assert!(!campaign.is_open(before(campaign.opens_at)));
        assert!(campaign.is_open(campaign.opens_at));
        assert!(campaign.is_open(before(campaign.closes_at)));
        assert!(!campaign.is_open(campaign.closes_at));
    }

    #[test]
    fn voided_campaign_is_over_and_is_voided_once() {
        let campaign = campaign();
        let (before, during) = ("2026-11-20T00:00:00Z".parse().unwrap(), "2026-11-21T09:00:00Z".parse().unwrap());
        for now in [before, during] {
            let voided = campaign.clone().voided(now).unwrap();
            assert_eq!((voided.voided_at, voided.is_open(now)), (Some(now), false));
            assert_eq!(voided.voided(now), Err(Rejection::CouponVoided { voided_at: now }));
        }
        let after = "2026-11-23T00:00:00Z".parse().unwrap();
        assert_eq!(campaign.clone().voided(after).unwrap().closes_at, campaign.closes_at, "it was over before");
    }

    #[test]
    fn voided_coupon_is_shown_as_used_or_expired_if_it_is() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let coupon = IssuedCoupon { voided_at: Some(now), ..campaign().issue(now) };
        assert_eq!(coupon.status(now), CouponStatus::Voided);
        assert_eq!(coupon.status(coupon.expires_at), CouponStatus::Expired);
        let used = Some(CouponUse { order_id: OrderId::new(now, 1), used_at: now });
        assert_eq!(IssuedCoupon { used, ..coupon }.status(now), CouponStatus::Used);
    }

    #[test]
    fn a_closed_campaign_says_when_it_opens_or_that_it_is_over() {
        let campaign = campaign();
        let before = Timestamp::from_millis(campaign.opens_at.millis() - 1).unwrap();
        let (opens_at, closed_at) = (campaign.opens_at, campaign.closes_at);
        assert_eq!(campaign.rejection(before), Some(Rejection::CouponNotOpen { opens_at }));
        assert_eq!(campaign.rejection(opens_at), None);
        assert_eq!(campaign.rejection(closed_at), Some(Rejection::CouponClosed { closed_at }));
    }

    #[test]
    fn campaign_figures_have_both_ends() {
        assert!(CampaignDraft::parse_total(0).is_err() && CampaignDraft::parse_total(1).is_ok());
        assert!(CampaignDraft::parse_total(10_000_000).is_ok() && CampaignDraft::parse_total(10_000_001).is_err());
        assert!(CampaignDraft::parse_valid_days(0).is_err() && CampaignDraft::parse_valid_days(1).is_ok());
        assert!(CampaignDraft::parse_valid_days(365).is_ok() && CampaignDraft::parse_valid_days(366).is_err());
        assert!(CampaignDraft::parse_percent(0).is_err() && CampaignDraft::parse_percent(1).is_ok());
        assert!(CampaignDraft::parse_percent(100).is_ok() && CampaignDraft::parse_percent(101).is_err());
    }

    proptest! {
        #[test]
        fn whatever_the_terms_a_discount_stays_between_nothing_and_the_price(
            list in 0..=999_999_999_999_i64,
            amount in 0..=999_999_999_999_i64,
            hundredths in 1..=100_u8,
            cap in proptest::option::of(0..=1_000_000_i64),
        ) {
            for terms in [fixed(amount, 0), percent(hundredths, cap)] {
                let off = terms.discount_on(money(list)).unwrap();
                prop_assert!(off <= money(list));
                if let (Discount::Percent { .. }, Some(cap)) = (&terms.discount, cap) {
                    prop_assert!(off <= money(cap));
                }
            }
        }
    }
}
