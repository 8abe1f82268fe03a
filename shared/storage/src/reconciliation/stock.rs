//! The last reading of each product's stock: items under `BOOKS#STOCK` in the table `sales`, one for each product ever
//! sold.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use sijang_domain::{
    Day, DayFacts, Error, Finding, ProductId, ShardCount, StockReconciliation, Subject, Timestamp, UnitsSold,
};

use super::{AT_ONCE, SETTLING, settled_at};
use crate::{
    Store,
    dynamodb::{
        rollout::OwnerState,
        transaction::{from_item, key},
    },
    products::stocks_of,
};

const STOCK: &str = "BOOKS#STOCK";
/// Readings of a product, until one is not beside a rollout.
const READINGS: usize = 5;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StockReconciliationRow {
    pk: String,
    sk: ProductId,
    /// The day of the first run that it can be compared with.
    since: Day,
    /// Milliseconds since the epoch.
    at: i64,
    #[serde(rename = "gone")]
    net_outflow: i64,
    sold: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bounds: Option<(i64, i64)>,
}

impl StockReconciliationRow {
    fn of(product_id: ProductId, since: Day, reading: &StockReconciliation) -> Self {
        let StockReconciliation { read_at, net_outflow, sold, bounds } = *reading;
        Self { pk: STOCK.to_owned(), sk: product_id, since, at: read_at.millis(), net_outflow, sold, bounds }
    }

    fn reading(&self) -> Result<StockReconciliation, Error> {
        let read_at = Timestamp::from_millis(self.at).map_err(|_| Error::corrupt("reading", "impossible time"))?;
        Ok(StockReconciliation { read_at, net_outflow: self.net_outflow, sold: self.sold, bounds: self.bounds })
    }
}

/// Units sold on the day by product, relative to when the stock was read on that day.
fn sales_since(before: &BTreeMap<ProductId, StockReconciliation>, facts: &DayFacts) -> BTreeMap<ProductId, UnitsSold> {
    let read_at = |product_id| before.get(&product_id).map(|reading| reading.read_at);
    facts.units_sold_by_product(|product_id| read_at(product_id).filter(|read_at| Day::of(*read_at) == facts.day()))
}

impl Store {
    /// Compares the previous reading of each product that was sold with the orders of the day, and reads the stock
    /// again. Returns the readings to keep, and the findings.
    pub(super) async fn reconcile_stock(
        &self,
        facts: &DayFacts,
        since: Day,
        (now, began): (Timestamp, Instant),
    ) -> Result<(Vec<StockReconciliationRow>, BTreeSet<Finding>), Error> {
        let products: Vec<ProductId> = facts.totals().products().map(|(product_id, _)| product_id).collect();
        let before = self.stock_readings_since(&products, since).await?;
        let sales = sales_since(&before, facts);
        let mut readings = Vec::with_capacity(products.len());
        for products in products.chunks(AT_ONCE) {
            readings
                .extend(try_join_all(products.iter().copied().map(|product_id| self.net_outflow(product_id))).await?);
        }
        let elapsed = i64::try_from(began.elapsed().as_millis()).unwrap_or_default();
        let read_at = Timestamp::from_millis(now.millis() + elapsed).unwrap_or(now);
        let (mut rows, mut findings) = (Vec::new(), BTreeSet::new());
        for (product_id, reading) in products.into_iter().zip(readings) {
            let sales: UnitsSold = sales.get(&product_id).copied().unwrap_or_default();
            let settled = before.get(&product_id).map(|reading| (reading.sold, reading.settle(product_id, sales)));
            let known = settled.map(|(sold, (bounds, finding))| {
                findings.extend(finding);
                (sold + sales.all, bounds)
            });
            // Stock that moved during every reading is compared with nothing: it begins again.
            let (reading, rollout_at) = reading;
            if rollout_at.is_some_and(|at| at <= settled_at(now, SETTLING)) {
                findings.insert(Finding::unfinished(Subject::Product(product_id)));
            }
            let (since, net_outflow) = reading.map_or((since.plus(-1), 0), |net_outflow| (since, net_outflow));
            let (sold, bounds) = known.map_or((0, None), |(sold, bounds)| (sold, Some(bounds)));
            rows.push(StockReconciliationRow::of(
                product_id,
                since,
                &StockReconciliation { read_at, net_outflow, sold, bounds },
            ));
        }
        Ok((rows, findings))
    }

    /// The readings of these products since the given day.
    async fn stock_readings_since(
        &self,
        products: &[ProductId],
        since: Day,
    ) -> Result<BTreeMap<ProductId, StockReconciliation>, Error> {
        let keys = products.iter().map(|product_id| key([("pk", STOCK.to_owned()), ("sk", product_id.to_string())]));
        let items = self.get_all(&self.tables.sales, keys.collect(), true).await?;
        let rows = items.into_iter().map(|item| from_item::<StockReconciliationRow>("reading", item));
        let rows = rows.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|row| row.since == since);
        rows.map(|row| Ok((row.sk, row.reading()?))).collect()
    }

    /// Units of a product that entered and are not there; `None` when units moved between shards during every reading.
    /// And when the product's unfinished rollout was accepted.
    async fn net_outflow(&self, product_id: ProductId) -> Result<(Option<i64>, Option<Timestamp>), Error> {
        let mut before = self.product_state(product_id).await?;
        for _ in 0..READINGS {
            let shards = self.entered_and_left(product_id).await?;
            let again = if shards.len() > 1 { self.entered_and_left(product_id).await? } else { shards.clone() };
            let after = self.product_state(product_id).await?;
            // Twice alike, because a transaction becomes visible item by item.
            if shards == again && !before.may_have_moved(&after) {
                return Ok((Some(shards.iter().map(|(entered, stock)| entered - i64::from(*stock)).sum()), None));
            }
            before = after;
        }
        Ok((None, before.rollout_at))
    }

    async fn product_state(&self, product_id: ProductId) -> Result<OwnerState, Error> {
        let items = self.get_all(&self.tables.products, vec![stocks_of("", product_id).key()], true).await?;
        OwnerState::read(items.into_iter().next().unwrap_or_default())
    }

    /// Units that entered and units there of each shard of a product. A retired shard has nothing left, but its entered
    /// units still count.
    async fn entered_and_left(&self, product_id: ProductId) -> Result<Vec<(i64, u32)>, Error> {
        let mut rows = self.stock_rows(product_id, ShardCount::ONE).await?;
        if rows.iter().any(|first| first.member.generation > 0) {
            rows = self.stock_rows(product_id, ShardCount::ALL).await?;
        }
        Ok(rows.into_iter().map(|row| (row.entered, row.stock)).collect())
    }
}
