//! What moves stock beside sales: adjustments, and the number of shards.
//!
//! How many shards a product has is an administrator's operation of its own, and no property of the product: it changes
//! nothing that a customer sees, and it is made while the product is sold.

use sijang_domain::{
    Answered, Command, EntryId, Error, LineFinding, Moment, Name, ProductId, ProductInfo, ProductStatus, Refusal,
    Rendered, ShardCount, Shortage, Stock, StockAdjustment, StockShards,
};

use crate::{
    Store,
    command::{in_time, random},
    events::recorded,
    shards::{Membership, shard_key},
    stock::{Sale, StockRow, stock_key, sum},
    transaction::{Change, Condition, Outcome, Transaction, to_item},
};

impl Store {
    /// Adds units to the stock, or takes some: never more than there are.
    pub async fn adjust_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        (delta, reason): (i64, Name),
    ) -> Result<Answered<Rendered>, Error> {
        let created_at = command.moment.now;
        let adjustment_id = EntryId::new(created_at, random());
        let answer = Rendered::of(&StockAdjustment { adjustment_id, product_id, delta, reason, created_at })?;
        let units = u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX);
        if delta < 0 {
            self.take_stock(command, product_id, units, answer).await
        } else {
            self.add_stock(command, product_id, units, answer).await
        }
    }

    async fn take_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        units: u32,
        answer: Rendered,
    ) -> Result<Answered<Rendered>, Error> {
        loop {
            let (finding, seen_later) = match self.sale(product_id, units) {
                Some(taken) => {
                    let mut transaction = self.adjustment(command, &answer)?;
                    let leaves = |change: Change, units| change.entering(-i64::from(units));
                    transaction.draw(&self.tables.products, &taken, leaves)?;
                    let mut conditions = match self.commit(transaction, command.moment.deadline).await? {
                        Outcome::Committed => return Ok(Answered::new(answer)),
                        Outcome::Cancelled(conditions) => conditions.into_iter(),
                    };
                    if let Some(Condition::Failed(event)) = conditions.next() {
                        return Ok(Answered::replay(recorded(event, &command.fingerprint)?.answer()?));
                    }
                    let (findings, counted) = self.sale_findings(&[taken], &mut conditions, command.moment).await?;
                    (findings.into_iter().next(), counted)
                }
                None => (self.line_findings(&[product_id], command.moment).await?.into_iter().next(), true),
            };
            let refusal = match finding {
                Some(LineFinding::Found { stock, .. }) if stock < units => {
                    let shortages = vec![Shortage { product_id, requested: units, available: stock }];
                    Refusal::InsufficientStock { shortages }
                }
                Some(LineFinding::Absent) => Refusal::ProductNotFound,
                _ => {
                    in_time(command.moment)?;
                    continue;
                }
            };
            if seen_later {
                return Ok(Answered::replay(self.recorded_or_refused(command, refusal).await?.answer()?));
            }
            return Err(refusal.into());
        }
    }

    async fn add_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        units: u32,
        answer: Rendered,
    ) -> Result<Answered<Rendered>, Error> {
        loop {
            let shards = self.memory.stocks.get(&product_id).unwrap_or_default();
            let mut transaction = self.adjustment(command, &answer)?;
            if shards.count() == ShardCount::ONE {
                let change = Change::to(&self.tables.products, stock_key(product_id, 0), "SET stock = stock + :units")
                    .when("stock <= :most")
                    .number(":units", units)
                    .number(":most", Stock::MAX - units)
                    .entering(units)
                    .among(ShardCount::ONE);
                transaction.update(change)?;
            } else {
                let rows = self.stock_rows(product_id, ShardCount::ALL).await?;
                let stock = sum(&rows);
                if stock > Stock::MAX - units {
                    let refusal = Refusal::StockLimitExceeded { stock, limit: Stock::MAX };
                    return Ok(Answered::replay(self.recorded_or_refused(command, refusal).await?.answer()?));
                }
                self.spread(&mut transaction, &rows, units)?;
            }
            let mut conditions = match self.commit(transaction, command.moment.deadline).await? {
                Outcome::Committed => return Ok(Answered::new(answer)),
                Outcome::Cancelled(conditions) => conditions.into_iter(),
            };
            match conditions.next() {
                Some(Condition::Failed(event)) => {
                    return Ok(Answered::replay(recorded(event, &command.fingerprint)?.answer()?));
                }
                _ => match conditions.next() {
                    Some(Condition::Failed(Some(item))) => {
                        let first = StockRow::read(item)?;
                        self.see(&first)?;
                        if first.member.shards == ShardCount::ONE && first.stock > Stock::MAX - units {
                            let refusal = Refusal::StockLimitExceeded { stock: first.stock, limit: Stock::MAX };
                            return Err(refusal.into());
                        }
                    }
                    Some(Condition::Failed(None)) => return Err(Refusal::ProductNotFound.into()),
                    _ => {}
                },
            }
            in_time(command.moment)?;
        }
    }

    /// A delivery for all shards that are in use: units come in beside the first, so that they join a new generation.
    fn spread(&self, transaction: &mut Transaction, rows: &[StockRow], units: u32) -> Result<(), Error> {
        let Some(first) = rows.first() else { return Ok(()) };
        let next = first.member.next(first.member.shards);
        for (row, share) in rows.iter().zip(first.member.shards.shares(units)) {
            let change = row.change(&self.tables.products, "SET stock = stock + :share").number(":share", share);
            transaction.update(change.entering(share).joining(next))?;
        }
        Ok(())
    }

    fn adjustment(&self, command: &Command, answer: &Rendered) -> Result<Transaction, Error> {
        Transaction::with_answer(&self.tables.events, command, "stock.adjusted.v1", answer)
    }

    /// Splits the stock of a product into so many shards, the same in each, while it is sold.
    pub async fn reshard_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        shards: ShardCount,
    ) -> Result<Answered<Rendered>, Error> {
        let answer = Rendered::of(&StockShards { product_id, shards })?;
        loop {
            let rows = self.stock_rows(product_id, ShardCount::ALL).await?;
            let first = rows.first().ok_or(Refusal::ProductNotFound)?;
            let next = first.member.next(shards);
            let mut transaction =
                Transaction::with_answer(&self.tables.events, command, "stock.resharded.v1", &answer)?;
            let mut parts = shards.shares(sum(&rows));
            for row in &rows {
                // One that is no longer in use keeps nothing: it can only have less than it was seen to have.
                transaction.update(row.moved(&self.tables.products, parts.next().unwrap_or_default(), next))?;
            }
            for (share, shard) in parts.zip(rows.len()..) {
                let shard = u8::try_from(shard).unwrap_or(ShardCount::MAX);
                let mut item = to_item(&StockRow { stock: share, entered: 0, member: next, ..first.clone() })?;
                item.extend(stock_key(product_id, shard));
                transaction.put_new_item(&self.tables.products, item, "product_id")?;
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

    /// Brings the units of a sale together in the first shard, so that one action can take them: for a cart whose lines are
    /// scattered over more shards than a transaction has room for. It changes nothing but where units are.
    pub(crate) async fn gather(&self, sale: &Sale, moment: Moment) -> Result<(), Error> {
        let beside: Vec<_> = sale.draws.iter().copied().filter(|draw| draw.shard != 0).collect();
        let units = beside.iter().map(|draw| draw.units).sum::<u32>();
        let scattered = Sale { draws: beside, ..*sale };
        let mut transaction = Transaction::default();
        transaction.draw(&self.tables.products, &scattered, |change, _| change)?;
        let first = stock_key(sale.product_id, 0);
        let whole = Change::to(&self.tables.products, first, "SET stock = stock + :units").number(":units", units);
        transaction.update(whole.among(sale.count))?;
        self.commit(transaction, moment.deadline).await?;
        // Whatever came of it, where the units are now is to be seen.
        self.line_findings(&[sale.product_id], moment).await?;
        in_time(moment)
    }
}

impl StockRow {
    /// A change of this shard, if it is still of the generation that it was seen in.
    fn change(&self, table: &str, update: &str) -> Change {
        let key = shard_key("product_id", self.product_id, self.sk.clone());
        Change::to(table, key, update).in_generation(self.member.generation)
    }

    /// At the price, and sold or not, as the product is from now on.
    pub(crate) fn offered(&self, table: &str, product: &ProductInfo) -> Change {
        self.change(table, "SET price = :price, active = :active")
            .number(":price", product.price.minor())
            .value(":active", crate::AttributeValue::Bool(product.status == ProductStatus::Active))
    }

    /// So many units, what was sold in the meantime not counted, in the next generation. At the same price as all others:
    /// one that changed in the meantime would be missed by the shards that are made here.
    fn moved(&self, table: &str, share: u32, next: Membership) -> Change {
        let delta = i64::from(share) - i64::from(self.stock);
        self.change(table, "SET stock = stock + :delta")
            .and("stock >= :least AND price = :price AND active = :active")
            .number(":delta", delta)
            .number(":least", (-delta).max(0))
            .number(":price", self.price)
            .value(":active", crate::AttributeValue::Bool(self.active))
            .joining(next)
    }
}
