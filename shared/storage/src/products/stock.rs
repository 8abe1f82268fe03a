//! Stock: `STOCK#0`, `STOCK#1`, ... of a product, each with units, price, and whether it is sold.
//!
//! Stock is an item apart from `INFO` because it is the hot key, and a write is charged by the size of its item. The
//! price is beside it so that one condition checks everything that a sale depends on. A product has one shard unless an
//! administrator gives it more; when a rejection is definite then, is told at [`sijang_domain::Shards`].

use std::{collections::HashMap, iter, time::Duration};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use sijang_domain::{
    Allocation, Cart, Error, LineCheck, Money, Order, OrderLine, PricedVersion, Prices, ProductId, ProductVersion,
    Quantity, RequestTime, ShardCount, ShardSnapshot, Shards, SoldOut, Timestamp,
};

use crate::{
    Item, Store,
    aged::{Aged, VIEW_CACHED},
    deadline::check_deadline,
    dynamodb::rollout::{Owner, Units},
    dynamodb::shards::{Membership, owner, shard_key, sort_key},
    dynamodb::transaction::{Change, Condition, Transaction, backoff, from_item},
    products::catalogue::InfoRow,
    random::random,
};

/// The sort key of a product's description.
pub(crate) const INFO: &str = "INFO";
const STOCK: &str = "STOCK#";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StockRow {
    #[serde(deserialize_with = "owner")]
    pub(crate) product_id: ProductId,
    pub(crate) sk: String,
    /// Units on hand.
    pub(crate) stock: u32,
    /// KRW minor units for one.
    pub(crate) price: i64,
    pub(crate) active: bool,
    /// Units that ever came in here from outside: stocked, adjusted, given back. What is not there was sold, or moved
    /// to another shard (see [`sijang_domain::StockReconciliation`]).
    #[serde(default)]
    pub(crate) entered: i64,
    /// The version of the product that this shard has (see [`crate::dynamodb::rollout`]). The first release had none.
    #[serde(default)]
    pub(crate) version: i64,
    /// Which name of the product is sold.
    #[serde(default, skip_serializing_if = "ProductVersion::is_first")]
    pub(crate) product_version: ProductVersion,
    #[serde(flatten)]
    pub(crate) member: Membership,
}

/// Counts units that come in from outside, or go there: to be said after what is set. The first release did not count.
const ENTERS: &str = ", entered = if_not_exists(entered, :none) + :entering";

impl Change {
    /// Of units that come in from outside, or go there when negative.
    pub(crate) fn entering(self, units: impl Into<i64>) -> Self {
        self.also(ENTERS).number(":none", 0).number(":entering", units)
    }
}

impl StockRow {
    /// The first shard of a new product.
    pub(crate) fn first(product_id: ProductId, stock: u32, price: Money) -> Self {
        Self {
            product_id,
            sk: sort_key(STOCK, 0),
            stock,
            price: price.minor(),
            active: true,
            entered: stock.into(),
            version: 1,
            product_version: ProductVersion::FIRST,
            member: Membership::default(),
        }
    }

    pub(crate) fn read(item: Item) -> Result<Self, Error> {
        from_item("stock", item)
    }

    /// Shards of different products, by product.
    pub(crate) fn by_product(items: Vec<Item>) -> Result<HashMap<ProductId, Self>, Error> {
        items.into_iter().map(|item| Self::read(item).map(|row| (row.product_id, row))).collect()
    }

    pub(crate) fn price(&self) -> Result<Money, Error> {
        Money::new(self.price).map_err(|_| Error::corrupt("stock", "price out of range"))
    }

    pub(crate) fn priced_version(&self) -> Result<PricedVersion, Error> {
        Ok(PricedVersion { price: self.price()?, version: self.product_version })
    }

    pub(crate) fn shard_snapshot(&self) -> Result<ShardSnapshot, Error> {
        self.member.shard_snapshot(&self.sk, self.stock)
    }

    /// The product as it is, if it has so many units.
    fn found(&self, stock: u32) -> Result<LineCheck, Error> {
        Ok(LineCheck::Found { price: self.price()?, version: self.product_version, stock, active: self.active })
    }
}

/// A product as the owner of its shards.
pub(crate) fn stocks_of(table: &str, product_id: ProductId) -> Owner<'_> {
    let id = product_id.to_string();
    Owner { table, hash: "product_id", id, sk: INFO, kind: STOCK, units: Units::Stock }
}

pub(crate) fn stock_key(product_id: ProductId, shard: u8) -> Item {
    shard_key("product_id", product_id, sort_key(STOCK, shard))
}

/// A product as pages show it.
#[derive(Debug, Clone)]
pub(crate) struct ProductView {
    /// As one row, with the sum of the shards.
    pub(super) stock: StockRow,
    /// Nothing when only lists have shown it.
    pub(super) info: Option<InfoRow>,
}

/// From where the units of one line are to be taken.
#[derive(Debug, Clone)]
pub(crate) struct Sale {
    pub(crate) product_id: ProductId,
    /// The generation that is known of the product.
    pub(crate) known: Membership,
    pub(crate) allocations: Vec<Allocation>,
}

impl Sale {
    pub(crate) fn units(&self) -> u32 {
        self.allocations.iter().map(|allocation| allocation.units).sum()
    }
}

impl Transaction {
    /// Takes the units of a line: the product must be sold, at this price and in this version, and have as many.
    pub(crate) fn sell(&mut self, table: &str, sale: &Sale, line: &OrderLine) -> Result<(), Error> {
        let version = line.product_version.unwrap_or_default();
        self.take(table, sale, |change, _| {
            let change = change
                .and("active = :yes AND price = :price")
                .number(":price", line.unit_price.minor())
                .value(":yes", crate::AttributeValue::Bool(true));
            if version.is_first() {
                change.and("attribute_not_exists(product_version)")
            } else {
                change.and("product_version = :product_version").number(":product_version", version.get())
            }
        })
    }

    /// Takes units of a product from its shards, if each has as many.
    pub(crate) fn take(&mut self, table: &str, sale: &Sale, also: impl Fn(Change, u32) -> Change) -> Result<(), Error> {
        for Allocation { shard, units } in &sale.allocations {
            let change = Change::to(table, stock_key(sale.product_id, *shard), "SET stock = stock - :units")
                .when("stock >= :units")
                .number(":units", *units)
                .known_in(sale.known);
            self.update(also(change, *units))?;
        }
        Ok(())
    }

    /// Gives units of a product back, at whatever price it is sold now: to the first shard, as the rule of rejections
    /// wants.
    pub(crate) fn restock(&mut self, table: &str, product_id: ProductId, quantity: Quantity) -> Result<(), Error> {
        let back = Change::to(table, stock_key(product_id, 0), "SET stock = stock + :units")
            .when("attribute_exists(product_id)")
            .number(":units", quantity.units())
            .entering(quantity.units());
        self.update(back)
    }
}

impl Store {
    /// The shards from which to take these units of a product; `None` when by the cache it has too few, which is no
    /// rejection yet.
    pub(crate) fn sale(&self, product_id: ProductId, units: u32) -> Option<Sale> {
        let shards = self.cache.stocks.get(&product_id).unwrap_or_default();
        Some(Sale { product_id, known: Membership::known_of(&shards), allocations: shards.allocate(units, random())? })
    }

    /// The same for each line of a cart.
    pub(crate) fn sales(&self, cart: &Cart) -> Option<Vec<Sale>> {
        cart.lines().iter().map(|line| self.sale(line.product_id, line.quantity.units())).collect()
    }

    /// Caches the prices of an order that was accepted.
    pub(crate) fn cache_prices(&self, order: &Order) {
        for line in &order.lines {
            let version = line.product_version.unwrap_or_default();
            self.cache.prices.insert(line.product_id, PricedVersion { price: line.unit_price, version });
        }
    }

    /// The version of a product whose price was quoted: the cached one, or else the first. The transaction checks it.
    pub(crate) fn assumed_version(&self, product_id: ProductId) -> ProductVersion {
        self.cache.prices.get(&product_id).map(|priced| priced.version).unwrap_or_default()
    }

    /// Caches a shard as it was read. A shard with units proves that the product is not sold out.
    pub(crate) fn observe(&self, row: &StockRow) -> Result<(), Error> {
        if row.stock > 0 {
            self.cache.sold_out.remove(&row.product_id);
        }
        self.cache.prices.insert(row.product_id, row.priced_version()?);
        let mut shards = self.cache.stocks.get(&row.product_id).unwrap_or_default();
        shards.observe(row.shard_snapshot()?);
        self.cache.stocks.insert(row.product_id, shards);
        Ok(())
    }

    /// The count of a product over all shards. A count of no unit is cached (see [`SoldOut`]).
    fn conclude(&self, row: &StockRow, stock: u32, time: RequestTime) -> Result<LineCheck, Error> {
        let check = row.found(stock)?;
        if let Some(sold_out) = SoldOut::counted(check, time.now) {
            self.cache.sold_out.insert(row.product_id, sold_out);
        }
        Ok(check)
    }

    /// Whether the only failed condition of a transaction is that one shard has too few units, while by the cache
    /// others have enough: these are tried before all shards are counted.
    pub(crate) fn other_shard_may_suffice(&self, sales: &[Sale], conditions: &[Condition]) -> Result<bool, Error> {
        let mut failed = conditions.iter().enumerate().filter(|(_, condition)| **condition != Condition::Held);
        let (Some((at, Condition::Failed(Some(item)))), None) = (failed.next(), failed.next()) else {
            return Ok(false);
        };
        let mut allocations =
            sales.iter().flat_map(|sale| sale.allocations.iter().map(move |allocation| (sale, allocation)));
        let Some((sale, allocation)) = allocations.nth(at) else { return Ok(false) };
        let row = StockRow::read(item.clone())?;
        self.observe(&row)?;
        let shards = self.cache.stocks.get(&sale.product_id).unwrap_or_default();
        let another = || shards.allocate(sale.units(), random()).is_some();
        Ok(row.stock < allocation.units && shards.most().is_some() && another())
    }

    /// The checks of a transaction's sales by its failed conditions. The condition of an only shard shows the whole
    /// stock. Of several shards, each shows only itself, so the others are read.
    pub(crate) async fn sale_checks(
        &self,
        sales: &[Sale],
        conditions: &mut impl Iterator<Item = Condition>,
        time: RequestTime,
    ) -> Result<Vec<LineCheck>, Error> {
        let mut checks = Vec::with_capacity(sales.len());
        let mut uncounted = Vec::new();
        for sale in sales {
            let mut check = LineCheck::Held;
            for (allocation, condition) in sale.allocations.iter().zip(conditions.by_ref()) {
                let Condition::Failed(item) = condition else { continue };
                let row = item.map(StockRow::read).transpose()?;
                row.iter().try_for_each(|row| self.observe(row))?;
                check = match row {
                    None if allocation.shard == 0 => LineCheck::Absent,
                    Some(row) if allocation.shard == 0 && row.member.shards == ShardCount::ONE => {
                        self.conclude(&row, row.stock, time)?
                    }
                    _ => {
                        uncounted.push((checks.len(), sale.product_id));
                        LineCheck::Held
                    }
                };
            }
            checks.push(check);
        }
        uncounted.dedup();
        let products: Vec<ProductId> = uncounted.iter().map(|(_, product_id)| *product_id).collect();
        let counted = self.line_checks(&products, time).await?;
        for ((line, _), check) in uncounted.into_iter().zip(counted) {
            checks[line] = check;
        }
        Ok(checks)
    }

    /// These products in their order, for an order that would be rejected: from the cache those that were counted as
    /// sold out (see [`SoldOut`]), the others as they are now.
    pub(crate) async fn cached_line_checks(
        &self,
        products: &[ProductId],
        time: RequestTime,
    ) -> Result<Vec<LineCheck>, Error> {
        let sold_out = |product_id| self.cache.sold_out.get(product_id)?.fresh(time.now);
        let cached: Vec<Option<LineCheck>> = products.iter().map(sold_out).collect();
        let uncounted = products.iter().zip(&cached).filter(|(_, check)| check.is_none());
        let uncounted: Vec<ProductId> = uncounted.map(|(product_id, _)| *product_id).collect();
        let mut counted = self.line_checks(&uncounted, time).await?.into_iter();
        let check = |cached: Option<LineCheck>| cached.or_else(|| counted.next()).unwrap_or(LineCheck::Absent);
        Ok(cached.into_iter().map(check).collect())
    }

    /// These products as they are now, in their order, by the rule of rejections: of each the bounds of its other
    /// shards first, then its first shard. Shards that the cache has as empty are not read again.
    pub(crate) async fn line_checks(&self, products: &[ProductId], time: RequestTime) -> Result<Vec<LineCheck>, Error> {
        let cached = |product_id: &ProductId| Some((*product_id, self.cache.stocks.get(product_id)?));
        let (mut bounds, split): (HashMap<_, _>, HashMap<_, _>) =
            products.iter().filter_map(cached).partition(|(_, shards)| shards.most_beside_the_first() == Some(0));
        let mut uncounted: Vec<ProductId> = split.into_keys().collect();
        let mut open = products.to_vec();
        let mut checks = HashMap::with_capacity(products.len());
        // The first round may learn how many shards there are. If the second has no count, a rollout is under way.
        let mut waits = iter::once(Duration::ZERO).chain(backoff());
        while !open.is_empty() {
            bounds.extend(try_join_all(uncounted.into_iter().map(|product_id| self.bounds(product_id))).await?);
            let mut firsts = self.first_shards(&open, true).await?;
            uncounted = Vec::new();
            for product_id in open {
                let Some(first) = firsts.remove(&product_id) else {
                    checks.insert(product_id, LineCheck::Absent);
                    continue;
                };
                self.observe(&first)?;
                let known = bounds.remove(&product_id).unwrap_or_default();
                match known.count_with(first.shard_snapshot()?) {
                    Some(stock) => drop(checks.insert(product_id, self.conclude(&first, stock, time)?)),
                    None => uncounted.push(product_id),
                }
            }
            open = uncounted.clone();
            if !open.is_empty() {
                check_deadline(time)?;
                tokio::time::sleep(waits.next().unwrap_or_default()).await;
            }
        }
        Ok(products.iter().map(|product_id| checks.get(product_id).copied().unwrap_or(LineCheck::Absent)).collect())
    }

    /// The bounds of a product's shards, as many as the cache knows of.
    async fn bounds(&self, product_id: ProductId) -> Result<(ProductId, Shards), Error> {
        let count = self.cache.stocks.get(&product_id).unwrap_or_default().count();
        let mut shards = Shards::default();
        for row in self.stock_rows(product_id, count).await? {
            self.observe(&row)?;
            shards.observe(row.shard_snapshot()?);
        }
        Ok((product_id, shards))
    }

    /// The first so many shards of a product, the first one first.
    pub(crate) async fn stock_rows(&self, product_id: ProductId, count: ShardCount) -> Result<Vec<StockRow>, Error> {
        let items = self.shards(&self.tables.products, |shard| stock_key(product_id, shard), count).await?;
        let rows = items.into_iter().map(StockRow::read).collect::<Result<Vec<_>, _>>()?;
        in_order(rows)
    }

    pub(super) async fn first_shards(
        &self,
        products: &[ProductId],
        consistent: bool,
    ) -> Result<HashMap<ProductId, StockRow>, Error> {
        let keys = products.iter().map(|product_id| stock_key(*product_id, 0)).collect();
        StockRow::by_product(self.get_all(&self.tables.products, keys, consistent).await?)
    }

    /// The prices of these products, from the cache or else from the table. Products that do not exist have none.
    pub(crate) async fn prices(&self, products: impl Iterator<Item = ProductId>) -> Result<Prices, Error> {
        let mut prices = Prices::new();
        let mut unknown = Vec::new();
        for product_id in products {
            match self.cache.prices.get(&product_id) {
                Some(price) => drop(prices.insert(product_id, price)),
                None => unknown.push(product_id),
            }
        }
        for (product_id, row) in self.first_shards(&unknown, true).await? {
            self.observe(&row)?;
            prices.insert(product_id, row.priced_version()?);
        }
        Ok(prices)
    }

    /// The stock of these products for pages, by eventually consistent reads: each as one row with the sum of its
    /// shards. Of a split product the row is cached for a second, because reading it costs half a read unit for each
    /// shard.
    pub(crate) async fn stocks(
        &self,
        products: &[ProductId],
        now: Timestamp,
    ) -> Result<HashMap<ProductId, StockRow>, Error> {
        let cached = |product_id: &ProductId| {
            Some((*product_id, self.cache.views.get(product_id)?.fresh(now, VIEW_CACHED)?.stock))
        };
        let mut stocks: HashMap<ProductId, StockRow> = products.iter().filter_map(cached).collect();
        let missing: Vec<ProductId> = products.iter().copied().filter(|id| !stocks.contains_key(id)).collect();
        stocks.extend(self.whole_stocks(self.first_shards(&missing, false).await?).await?);
        for product_id in missing {
            if let Some(stock) = stocks.get(&product_id) {
                self.cache_view(stock, None, now);
            }
        }
        Ok(stocks)
    }

    /// Caches a page of a product, if the product is split.
    pub(super) fn cache_view(&self, stock: &StockRow, info: Option<&InfoRow>, now: Timestamp) {
        if stock.member.shards != ShardCount::ONE {
            let view = ProductView { stock: stock.clone(), info: info.cloned() };
            self.cache.views.insert(stock.product_id, Aged::new(view, now));
        }
    }

    /// The same from the first shards, to which the others are added.
    pub(super) async fn whole_stocks(
        &self,
        mut stocks: HashMap<ProductId, StockRow>,
    ) -> Result<HashMap<ProductId, StockRow>, Error> {
        let split = stocks.values().map(|row| (row.product_id, row.member.shards.get()));
        let others = split.flat_map(|(product_id, count)| (1..count).map(move |shard| stock_key(product_id, shard)));
        let others = others.collect();
        for item in self.get_all(&self.tables.products, others, false).await? {
            let row = StockRow::read(item)?;
            if let Some(sum) = stocks.get_mut(&row.product_id) {
                sum.stock = sum.stock.saturating_add(row.stock);
            }
        }
        Ok(stocks)
    }
}

/// The shards of one product in the order of their numbers, which is not that of their keys.
pub(crate) fn in_order(rows: Vec<StockRow>) -> Result<Vec<StockRow>, Error> {
    let mut numbered =
        rows.into_iter().map(|row| Ok((row.shard_snapshot()?.shard, row))).collect::<Result<Vec<_>, Error>>()?;
    numbered.sort_by_key(|(number, _)| *number);
    Ok(numbered.into_iter().map(|(_, row)| row).collect())
}

/// The units of all of them.
pub(crate) fn sum(rows: &[StockRow]) -> u32 {
    rows.iter().fold(0, |sum, row| sum.saturating_add(row.stock))
}
