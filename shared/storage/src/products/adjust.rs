//! Stock adjustments: deliveries and corrections by staff.

use std::vec;

use sijang_domain::{
    Command, EntryId, Error, Idempotent, LineCheck, Name, ProductId, Rejection, ResponseBody, ShardCount, Shortage,
    Stock, StockAdjustment,
};

use crate::{
    Store,
    deadline::check_deadline,
    dynamodb::transaction::{Change, Condition, Transaction},
    idempotency::Commit,
    products::stock::{StockRow, stock_key, sum},
    random::random,
};

impl Store {
    /// Adds units to the stock, or takes some: never more than there are.
    pub async fn adjust_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        (delta, reason): (i64, Name),
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let created_at = command.time.now;
        let adjustment_id = EntryId::new(created_at, random());
        let answer = ResponseBody::of(&StockAdjustment { adjustment_id, product_id, delta, reason, created_at })?;
        let units = u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX);
        let attempts = async {
            loop {
                let done = if delta < 0 {
                    self.take_stock(command, product_id, units, &answer).await?
                } else {
                    self.add_stock(command, product_id, units, &answer).await?
                };
                if let Some(done) = done {
                    return Ok(done);
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, attempts).await
    }

    /// One attempt to take units. Returns nothing when another one is to follow.
    async fn take_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        units: u32,
        answer: &ResponseBody,
    ) -> Result<Option<Idempotent<ResponseBody>>, Error> {
        let checks = match self.sale(product_id, units) {
            None => self.line_checks(&[product_id], command.time).await?,
            Some(sale) => {
                let mut transaction = self.adjustment(command, answer)?;
                let leaves = |change: Change, units| change.entering(-i64::from(units));
                transaction.take(&self.tables.products, &sale, leaves)?;
                match self.commit_command(transaction, command, answer.clone()).await? {
                    Commit::Done(answer) => return Ok(Some(answer)),
                    Commit::Failed(mut conditions) => self.sale_checks(&[sale], &mut conditions, command.time).await?,
                }
            }
        };
        match checks.first() {
            Some(LineCheck::Found { stock, .. }) if *stock < units => {
                let shortages = vec![Shortage { product_id, requested: units, available: *stock }];
                Err(Rejection::InsufficientStock { shortages }.into())
            }
            Some(LineCheck::Absent) => Err(Rejection::ProductNotFound.into()),
            _ => Ok(None),
        }
    }

    /// One attempt to add units. Returns nothing when another one is to follow.
    async fn add_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        units: u32,
        answer: &ResponseBody,
    ) -> Result<Option<Idempotent<ResponseBody>>, Error> {
        let shards = self.cache.stocks.get(&product_id).unwrap_or_default();
        let mut transaction = self.adjustment(command, answer)?;
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
            below_limit(sum(&rows), units)?;
            self.spread(&mut transaction, &rows, units)?;
        }
        match self.commit_command(transaction, command, answer.clone()).await? {
            Commit::Done(answer) => Ok(Some(answer)),
            Commit::Failed(conditions) => self.learn_from_addition(conditions, units).map(|()| None),
        }
    }

    /// Learns the number of shards from a failed addition, or rejects it.
    fn learn_from_addition(&self, mut conditions: vec::IntoIter<Condition>, units: u32) -> Result<(), Error> {
        match conditions.next() {
            Some(Condition::Failed(Some(item))) => {
                let first = StockRow::read(item)?;
                self.observe(&first)?;
                if first.member.shards == ShardCount::ONE { below_limit(first.stock, units) } else { Ok(()) }
            }
            Some(Condition::Failed(None)) => Err(Rejection::ProductNotFound.into()),
            _ => Ok(()),
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

    fn adjustment(&self, command: &Command, answer: &ResponseBody) -> Result<Transaction, Error> {
        Transaction::with_answer(&self.tables.events, command, "stock.adjusted.v1", answer)
    }
}

fn below_limit(stock: u32, units: u32) -> Result<(), Error> {
    if stock > Stock::MAX - units {
        return Err(Rejection::StockLimitExceeded { stock, limit: Stock::MAX }.into());
    }
    Ok(())
}
