//! `COUPON_USES`: how often the coupons of a campaign were used, in one item for each campaign with an attribute for each
//! day, and `UNTIL`, the instant up to which the daily runs have counted.
//!
//! The uses of a day are counted from its facts, like the totals of its products and together with them. So they cost an
//! order nothing, and they are as old as the last daily run. Facts of the first release do not name a coupon.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sijang_domain::{CouponId, CouponUses, Day, DayTotals, Error, Timestamp};

use super::WRITES;
use crate::{
    AttributeValue, Item, Store,
    dynamodb::{
        error::failed,
        transaction::{from_item, key, to_item},
    },
};

const USES: &str = "COUPON_USES";
const UNTIL: &str = "UNTIL";

/// The uses of one day.
#[derive(Debug, Serialize, Deserialize)]
struct UsesRow {
    used: i64,
    facts: u64,
}

/// The counts of the daily runs.
#[derive(Debug, Default)]
pub(crate) struct CountedUses {
    /// The uses of each coupon that was asked for, by the day of the order.
    pub(crate) coupons: HashMap<CouponId, BTreeMap<Day, CouponUses>>,
    /// Orders that were paid before this instant are counted.
    pub(crate) until: Option<Timestamp>,
}

impl CountedUses {
    /// The uses of a coupon on all days.
    pub(crate) fn of(&self, coupon_id: CouponId) -> u32 {
        let days = self.coupons.get(&coupon_id).into_iter().flat_map(BTreeMap::values);
        // A cancellation may be counted before its order.
        u32::try_from(days.map(|uses| uses.used).sum::<i64>().max(0)).unwrap_or(u32::MAX)
    }

    fn add(&mut self, item: Item) -> Result<(), Error> {
        let name = item.get("sk").and_then(|name| name.as_s().ok()).cloned().unwrap_or_default();
        if name == UNTIL {
            let millis = item.get("until").and_then(|until| until.as_n().ok()?.parse().ok());
            self.until = millis.and_then(|millis| Timestamp::from_millis(millis).ok());
            return Ok(());
        }
        let coupon_id = name.parse().map_err(|_| Error::corrupt("coupon uses", "not of a coupon"))?;
        let days = self.coupons.entry(coupon_id).or_default();
        for (name, value) in item {
            // The key's attributes are no days.
            let (Ok(day), AttributeValue::M(uses)) = (name.parse(), value) else { continue };
            let UsesRow { used, facts } = from_item("coupon uses", uses)?;
            days.insert(day, CouponUses { used, facts });
        }
        Ok(())
    }
}

fn uses_key(name: &impl ToString) -> Item {
    key([("pk", USES.to_owned()), ("sk", name.to_string())])
}

impl Store {
    /// Stores the uses of a day, unless those that are stored count more facts.
    pub(super) async fn store_coupon_uses(&self, day: Day, totals: &DayTotals) -> Result<(), Error> {
        let update = |(coupon_id, CouponUses { used, facts })| async move {
            let update = self
                .db
                .update_item()
                .set_key(Some(uses_key(&coupon_id)))
                .update_expression("SET #day = :uses")
                .condition_expression("attribute_not_exists(#day) OR #day.#facts <= :facts")
                .expression_attribute_names("#day", day.to_string())
                .expression_attribute_names("#facts", "facts")
                .expression_attribute_values(":uses", AttributeValue::M(to_item(&UsesRow { used, facts })?))
                .expression_attribute_values(":facts", AttributeValue::N(facts.to_string()));
            self.update_if_later(update).await
        };
        stream::iter(totals.coupons()).map(update).buffer_unordered(WRITES).try_collect().await
    }

    /// Notes that the uses of all orders that were paid before this instant are counted.
    pub(super) async fn note_counted_until(&self, until: Timestamp) -> Result<(), Error> {
        let update = self
            .db
            .update_item()
            .set_key(Some(uses_key(&UNTIL)))
            .update_expression("SET #until = :until")
            .condition_expression("attribute_not_exists(#until) OR #until < :until")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", AttributeValue::N(until.millis().to_string()));
        self.update_if_later(update).await
    }

    async fn update_if_later(&self, update: UpdateItemFluentBuilder) -> Result<(), Error> {
        match update.table_name(&self.tables.sales).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// How often coupons of these campaigns were used.
    pub(crate) async fn coupon_uses(&self, coupons: &[CouponId], consistent: bool) -> Result<CountedUses, Error> {
        let mut counted = CountedUses::default();
        if coupons.is_empty() {
            return Ok(counted);
        }
        let keys = coupons.iter().map(uses_key).chain([uses_key(&UNTIL)]).collect();
        for item in self.get_all(&self.tables.sales, keys, consistent).await? {
            counted.add(item)?;
        }
        Ok(counted)
    }
}
