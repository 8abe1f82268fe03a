//! Sales: `FACT#<day>#<k>` for each order event, `DAY#<day>` for each product's totals, `DAYS` for the totals of each day,
//! `RANKING#3D` for the snapshots, `OUTDATED` for the days that the next daily run has to count again, `COUPON_USES` for
//! how often coupons were used.
//!
//! A fact's key is its event's identity and its content follows from the event, so that writing it again changes
//! nothing. Totals and rankings say how many facts they count; one that counts fewer never replaces one that counts more.

mod coupon_uses;
mod outdated;
mod recorded;

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{PutRequest, WriteRequest},
};
use futures::{StreamExt, TryStreamExt, stream};
use metrics::counter;
use serde::{Deserialize, Serialize};
use sijang_domain::{
    CouponId, Day, DayRange, DayTotals, Error, FactDetails, Money, OrderId, Page, PlacedFact, Position, Product,
    ProductId, ProductSales, ProductStatus, RankedProduct, Ranking, RequestTime, SaleFact, SaleKind, SaleLine,
    Timestamp, UserId, metric::AGGREGATION_DRIFT,
};
use tokio::time::sleep;

pub(crate) use self::outdated::OutdatedDay;

use crate::{
    AttributeValue, Item, Store,
    dynamodb::error::failed,
    dynamodb::query::Query,
    dynamodb::transaction::{backoff, from_item, key, to_item},
    order_record::LineVersions,
};

const RANKING: &str = "RANKING#3D";
const DAYS: &str = "DAYS";
/// How many writes are under way at once.
const WRITES: usize = 16;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FactRow {
    pk: String,
    /// The event's identity.
    sk: String,
    pub(crate) order_id: OrderId,
    /// Whose order it is: by which the reconciler finds it. The first release did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    cancelled: bool,
    lines: Vec<FactLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    versions: Option<LineVersions>,
    /// The first release did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    details: Option<DetailsRow>,
}

/// Discount in KRW minor units, coupon, milliseconds since the Unix epoch.
#[derive(Debug, Serialize, Deserialize)]
struct DetailsRow {
    discount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<CouponId>,
    at: i64,
}

impl DetailsRow {
    fn of(details: &FactDetails) -> Self {
        let FactDetails { discount, coupon_id, occurred_at } = details;
        Self { discount: discount.minor(), coupon: *coupon_id, at: occurred_at.millis() }
    }

    fn details(self) -> Result<FactDetails, Error> {
        let corrupt = |_| Error::corrupt("fact", "discount or time out of range");
        let (discount, occurred_at) = (Money::new(self.discount), Timestamp::from_millis(self.at));
        Ok(FactDetails {
            discount: discount.map_err(corrupt)?,
            coupon_id: self.coupon,
            occurred_at: occurred_at.map_err(corrupt)?,
        })
    }
}

/// Product, quantity, unit price in KRW minor units.
#[derive(Debug, Serialize, Deserialize)]
struct FactLine {
    p: ProductId,
    q: u32,
    u: i64,
}

pub(crate) fn fact_partition(day: Day, shard: u8) -> String {
    format!("FACT#{day}#{shard}")
}

fn day_partition(day: Day) -> String {
    format!("DAY#{day}")
}

impl FactRow {
    fn of(fact: &SaleFact) -> Self {
        let line = |line: &SaleLine| FactLine { p: line.product_id, q: line.units, u: line.unit_price.minor() };
        Self {
            pk: fact_partition(fact.day, fact.shard()),
            sk: fact.id(),
            order_id: fact.order_id,
            user: fact.user_id.clone(),
            cancelled: fact.kind == SaleKind::Cancellation,
            lines: fact.lines.iter().map(line).collect(),
            versions: LineVersions::of(fact.lines.iter().map(|line| line.product_version)),
            details: fact.details.as_ref().map(DetailsRow::of),
        }
    }
    /// The fact as it lies in a shard of a day.
    pub(crate) fn placed(self, day: Day, shard: u8) -> Result<PlacedFact, Error> {
        let (kind, lines) = (kind_of(self.cancelled), lines_of(self.lines, self.versions)?);
        let details = self.details.map(DetailsRow::details).transpose()?;
        let fact = SaleFact { order_id: self.order_id, user_id: self.user, kind, day, lines, details };
        Ok(PlacedFact { fact, name: self.sk, shard })
    }
}

/// The part of a fact that is counted.
#[derive(Debug, Deserialize)]
struct CountedRow {
    cancelled: bool,
    lines: Vec<FactLine>,
    details: Option<DetailsRow>,
}

impl CountedRow {
    const ATTRIBUTES: &[&str] = &["cancelled", "lines", "details"];

    fn count_in(self, totals: &mut DayTotals) -> Result<(), Error> {
        let coupon_id = self.details.and_then(|details| details.coupon);
        totals.count(kind_of(self.cancelled), &lines_of(self.lines, None)?, coupon_id);
        Ok(())
    }
}

fn kind_of(cancelled: bool) -> SaleKind {
    if cancelled { SaleKind::Cancellation } else { SaleKind::Sale }
}

fn lines_of(lines: Vec<FactLine>, versions: Option<LineVersions>) -> Result<Vec<SaleLine>, Error> {
    let versions = LineVersions::each(versions, lines.len())?;
    let line = |(line, product_version): (FactLine, _)| {
        let unit_price = Money::new(line.u).map_err(|_| Error::corrupt("fact", "price out of range"))?;
        Ok(SaleLine { product_id: line.p, units: line.q, unit_price, product_version })
    };
    lines.into_iter().zip(versions).map(line).collect()
}

/// Totals of a product on a day (`DAY#<day>`), or of a day (`DAYS`).
#[derive(Debug, Serialize, Deserialize)]
struct TotalsRow<K> {
    pk: String,
    sk: K,
    units: i64,
    orders: i64,
    /// KRW minor units.
    revenue: i64,
    facts: u64,
}

impl<K> TotalsRow<K> {
    fn new(pk: String, sk: K, sales: ProductSales) -> Self {
        let ProductSales { units, orders, revenue, facts } = sales;
        Self { pk, sk, units, orders, revenue, facts }
    }

    fn sales(&self) -> ProductSales {
        ProductSales { units: self.units, orders: self.orders, revenue: self.revenue, facts: self.facts }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct RankingRow {
    pk: String,
    /// The day for which the ranking holds: the newest snapshot is the last of its partition.
    sk: Day,
    products: Vec<RankedRow>,
    facts: u64,
}

impl RankingRow {
    fn ranking(self) -> Ranking {
        let ranked = |row: RankedRow| RankedProduct { product_id: row.p, units_sold: row.units, revenue: row.revenue };
        Ranking { day: self.sk, products: self.products.into_iter().map(ranked).collect(), facts: self.facts }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct RankedRow {
    p: ProductId,
    units: i64,
    revenue: i64,
}

impl Store {
    /// Writes the facts, each once however often it comes, and marks their days if the next daily run does not count them
    /// anyway. Returns the identities of the facts that could not be written.
    pub async fn record_facts(&self, facts: &[SaleFact], time: RequestTime) -> Result<Vec<String>, Error> {
        // One batch must not have the same key twice, and a queue may deliver an event twice in one batch.
        let unique: HashMap<String, &SaleFact> = facts.iter().map(|fact| (fact.id(), fact)).collect();
        let mut unwritten = Vec::new();
        for chunk in unique.into_values().collect::<Vec<_>>().chunks(25) {
            let mut pending = chunk.iter().map(|fact| write_request(fact)).collect::<Result<Vec<_>, _>>()?;
            for wait in backoff() {
                let sent = self.db.batch_write_item().request_items(&self.tables.sales, pending).send().await;
                pending = sent
                    .map_err(failed)?
                    .unprocessed_items
                    .unwrap_or_default()
                    .remove(&self.tables.sales)
                    .unwrap_or_default();
                if pending.is_empty() || Instant::now() + wait >= time.deadline {
                    break;
                }
                sleep(wait).await;
            }
            let identity = |left: &WriteRequest| left.put_request()?.item.get("sk")?.as_s().ok().cloned();
            unwritten.extend(pending.iter().filter_map(identity));
        }
        let today = Day::of(time.now);
        let outdated: BTreeSet<Day> =
            facts.iter().map(|fact| fact.day).filter(|day| !day.is_counted_by_the_next_run(today)).collect();
        self.mark_outdated(&outdated, time.now).await?;
        Ok(unwritten)
    }

    /// Counts the three days before the day (in Seoul) of `scheduled_at` anew, and stores their totals and the ranking
    /// that holds on that day. Then it counts the earlier days that are marked. Doing it again, or twice at once, changes
    /// nothing.
    ///
    /// # Errors
    /// For a day after tomorrow: its ranking would count nothing, and would be the newest until that day.
    pub async fn aggregate(&self, scheduled_at: Timestamp, now: Timestamp) -> Result<Ranking, Error> {
        let day = taken(Day::of(scheduled_at), now)?;
        let outdated = self.outdated_days().await?;
        let window = day.ranking_window();
        let ranking = self.rank(day).await?;
        for outdated in outdated {
            if !window.contains(&outdated.day) {
                self.recount(outdated.day, now).await?;
                tracing::info!(day = %outdated.day, "an earlier day was counted again");
            }
            self.remove_mark(&outdated).await?;
        }
        self.note_counted_until(day.start().min(now)).await?;
        Ok(ranking)
    }

    /// Counts the window of a day, and stores its totals and the ranking.
    async fn rank(&self, day: Day) -> Result<Ranking, Error> {
        let mut window = DayTotals::default();
        for day in day.ranking_window() {
            let totals = self.count_day(day).await?;
            self.store_totals(day, &totals).await?;
            window.merge(&totals);
        }
        let ranking = Ranking::of(day, &window);
        let ranked = |ranked: &RankedProduct| RankedRow {
            p: ranked.product_id,
            units: ranked.units_sold,
            revenue: ranked.revenue,
        };
        let row = RankingRow {
            pk: RANKING.to_owned(),
            sk: day,
            products: ranking.products.iter().map(ranked).collect(),
            facts: ranking.facts,
        };
        self.put_if_not_older(to_item(&row)?, row.facts).await?;
        Ok(ranking)
    }

    /// The totals of a day, from its facts. Each shard is a partition, read by itself.
    pub(crate) async fn count_day(&self, day: Day) -> Result<DayTotals, Error> {
        let shards = stream::iter(0..SaleFact::SHARDS).map(|shard| self.count_shard(day, shard));
        let merge = |mut totals: DayTotals, shard: DayTotals| async move {
            totals.merge(&shard);
            Ok(totals)
        };
        shards.buffer_unordered(SaleFact::SHARDS.into()).try_fold(DayTotals::default(), merge).await
    }

    /// The totals of one shard of a day's facts. A page is counted before the next one is read: a day does not have to
    /// fit into memory.
    async fn count_shard(&self, day: Day, shard: u8) -> Result<DayTotals, Error> {
        let query = Query {
            table: &self.tables.sales,
            condition: "pk = :pk",
            values: vec![(":pk", fact_partition(day, shard))],
            consistent: true,
            only: CountedRow::ATTRIBUTES,
            ..Query::default()
        };
        let mut totals = DayTotals::default();
        let count = |item| from_item::<CountedRow>("fact", item)?.count_in(&mut totals).map(|()| None::<()>);
        self.select(query, usize::MAX, count).await?;
        Ok(totals)
    }

    /// Passes on the facts of one shard of a day, in the order of their event ids.
    pub async fn read_facts(
        &self,
        day: Day,
        shard: u8,
        mut each: impl FnMut(SaleFact) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.read_placed_facts(day, shard, |placed| each(placed.fact)).await
    }

    /// The same, with where they were found. A page is done with before the next one is read: a day does not have to fit
    /// into memory.
    pub(crate) async fn read_placed_facts(
        &self,
        day: Day,
        shard: u8,
        mut each: impl FnMut(PlacedFact) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let query = Query {
            table: &self.tables.sales,
            condition: "pk = :pk",
            values: vec![(":pk", fact_partition(day, shard))],
            consistent: true,
            ..Query::default()
        };
        let pass = |item| each(from_item::<FactRow>("fact", item)?.placed(day, shard)?).map(|()| None::<()>);
        self.select(query, usize::MAX, pass).await.map(drop)
    }

    /// Writes the total of a day, and those of its products' totals that have changed.
    async fn store_totals(&self, day: Day, totals: &DayTotals) -> Result<(), Error> {
        let stored: HashMap<_, _> = self.day_totals(day).await?.into_iter().collect();
        let changed = totals.products().filter(|(product_id, sales)| stored.get(product_id) != Some(sales));
        let row = |(product_id, sales)| TotalsRow::new(day_partition(day), product_id, sales);
        let rows: Vec<TotalsRow<ProductId>> = changed.map(row).collect();
        if !stored.is_empty() {
            counter!(AGGREGATION_DRIFT.name).increment(rows.len() as u64);
        }
        let sum = totals.sum();
        if sum.facts > 0 {
            // Before the totals of the products: reconciliation finds those when they are older than the facts, and so this
            // one is never the only one that is.
            let row = TotalsRow::new(DAYS.to_owned(), day, sum);
            self.put_if_not_older(to_item(&row)?, row.facts).await?;
        }
        // Before the totals of the products, for the same reason.
        self.store_coupon_uses(day, totals).await?;
        stream::iter(rows)
            .map(|row| async move { self.put_if_not_older(to_item(&row)?, row.facts).await })
            .buffer_unordered(WRITES)
            .try_collect()
            .await
    }

    /// Counts one day anew and stores its totals. Returns how many facts it has.
    ///
    /// # Errors
    /// For a day after tomorrow.
    pub async fn recount(&self, day: Day, now: Timestamp) -> Result<u64, Error> {
        let day = taken(day, now)?;
        let totals = self.count_day(day).await?;
        self.store_totals(day, &totals).await?;
        Ok(totals.facts())
    }

    /// A page of the stored totals of a day, by product.
    pub async fn daily_sales(
        &self,
        day: Day,
        limit: usize,
        after: Option<Position>,
    ) -> Result<Page<(ProductId, ProductSales)>, Error> {
        let query = Query {
            table: &self.tables.sales,
            condition: "pk = :pk",
            values: vec![(":pk", day_partition(day))],
            after: after.map(|after| key([("pk", day_partition(day)), ("sk", after.0)])),
            ..Query::default()
        };
        let rows = self
            .select(query, limit + 1, |item| from_item::<TotalsRow<ProductId>>("day total", item).map(Some))
            .await?;
        let page = Page::cut(rows, limit, |row| Position(row.sk.to_string()));
        Ok(page.map(|row| (row.sk, row.sales())))
    }

    /// The stored totals of a day, by product.
    pub async fn day_totals(&self, day: Day) -> Result<Vec<(ProductId, ProductSales)>, Error> {
        let query = Query {
            table: &self.tables.sales,
            condition: "pk = :pk",
            values: vec![(":pk", day_partition(day))],
            consistent: true,
            ..Query::default()
        };
        let rows = self.query_all(query).await?.into_iter();
        let rows = rows.map(|item| from_item::<TotalsRow<ProductId>>("day total", item));
        rows.map(|row| row.map(|row| (row.sk, row.sales()))).collect()
    }

    /// The stored totals of each of these days: zeros of a day without sales.
    pub async fn totals_of_days(&self, range: DayRange) -> Result<Vec<(Day, ProductSales)>, Error> {
        let query = Query {
            table: &self.tables.sales,
            condition: "pk = :pk AND sk BETWEEN :from AND :to",
            values: vec![
                (":pk", DAYS.to_owned()),
                (":from", range.from().to_string()),
                (":to", range.to().to_string()),
            ],
            // The reconciliation compares them with the facts.
            consistent: true,
            ..Query::default()
        };
        let mut stored = HashMap::new();
        for item in self.query_all(query).await? {
            let row: TotalsRow<Day> = from_item("total of a day", item)?;
            stored.insert(row.sk, row.sales());
        }
        Ok(range.days().map(|day| (day, stored.remove(&day).unwrap_or_default())).collect())
    }

    async fn put_if_not_older(&self, item: Item, facts: u64) -> Result<(), Error> {
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.sales)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR facts <= :facts")
            .expression_attribute_values(":facts", AttributeValue::N(facts.to_string()));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(())
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The ranking of a day, if there is one.
    pub(crate) async fn ranking_of(&self, day: Day) -> Result<Option<Ranking>, Error> {
        let key = key([("pk", RANKING.to_owned()), ("sk", day.to_string())]);
        let found = self.get_all(&self.tables.sales, vec![key], true).await?.pop();
        found.map(|item| from_item::<RankingRow>("ranking", item).map(RankingRow::ranking)).transpose()
    }

    /// The newest ranking, if there is one yet. One for a day after tomorrow is none.
    pub async fn newest_ranking(&self, now: Timestamp) -> Result<Option<Ranking>, Error> {
        let query = Query {
            table: &self.tables.sales,
            condition: "pk = :pk AND sk <= :tomorrow",
            values: vec![(":pk", RANKING.to_owned()), (":tomorrow", Day::tomorrow(now).to_string())],
            newest_first: true,
            ..Query::default()
        };
        let Some(item) = self.query(query, 1).await?.pop() else { return Ok(None) };
        Ok(Some(from_item::<RankingRow>("ranking", item)?.ranking()))
    }

    /// The first products of a ranking that are on sale now, in its order: at most [`Ranking::SHOWN`].
    pub async fn popular_products(
        &self,
        ranking: &Ranking,
        now: Timestamp,
    ) -> Result<Vec<(RankedProduct, Product)>, Error> {
        let mut popular = Vec::new();
        for group in ranking.products.chunks(Ranking::SHOWN) {
            let ids: Vec<ProductId> = group.iter().map(|ranked| ranked.product_id).collect();
            let mut products = self.products(&ids, now).await?;
            popular.extend(group.iter().filter_map(|ranked| {
                let product = products.remove(&ranked.product_id)?;
                (product.status == ProductStatus::Active).then(|| (ranked.clone(), product))
            }));
            if popular.len() >= Ranking::SHOWN {
                break;
            }
        }
        popular.truncate(Ranking::SHOWN);
        Ok(popular)
    }
}

fn taken(day: Day, now: Timestamp) -> Result<Day, Error> {
    day.until_tomorrow(now).map_err(|_| Error::Internal(format!("{day} is after tomorrow, and is not counted")))
}

fn write_request(fact: &SaleFact) -> Result<WriteRequest, Error> {
    let put = PutRequest::builder().set_item(Some(to_item(&FactRow::of(fact))?)).build();
    let put = put.map_err(|error| Error::Internal(error.to_string()))?;
    Ok(WriteRequest::builder().put_request(put).build())
}
