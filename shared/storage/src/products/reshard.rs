//! Moving units between the shards of a product.
//!
//! The number of shards is no property of the product that a customer sees. Staff change it while the product is sold.

use sijang_domain::{
    Command, Error, Idempotent, ProductId, ProductInfo, ProductStatus, Rejection, RequestTime, ResponseBody,
    ShardCount, StockShards,
};

use crate::{
    Store,
    deadline::check_deadline,
    dynamodb::{
        shards::{Membership, shard_key},
        transaction::{Change, Transaction, to_item},
    },
    idempotency::Commit,
    products::stock::{Sale, StockRow, stock_key, sum},
};

impl Store {
    /// Splits the stock of a product into this number of equal shards, while it is sold.
    pub async fn reshard_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        shards: ShardCount,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let answer = ResponseBody::of(&StockShards { product_id, shards })?;
        let attempts = async {
            loop {
                let transaction = self.stock_resharding(command, product_id, shards, &answer).await?;
                if let Commit::Done(answer) = self.commit_command(transaction, command, answer.clone()).await? {
                    return Ok(answer);
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, attempts).await
    }

    async fn stock_resharding(
        &self,
        command: &Command,
        product_id: ProductId,
        shards: ShardCount,
        answer: &ResponseBody,
    ) -> Result<Transaction, Error> {
        let rows = self.stock_rows(product_id, ShardCount::ALL).await?;
        let first = rows.first().ok_or(Rejection::ProductNotFound)?;
        let next = first.member.next(shards);
        let mut transaction = Transaction::with_answer(&self.tables.events, command, "stock.resharded.v1", answer)?;
        let mut parts = shards.shares(sum(&rows));
        for row in &rows {
            // A shard that is no longer in use keeps no units, so its stock can only be below an earlier snapshot.
            transaction.update(row.moved(&self.tables.products, parts.next().unwrap_or_default(), next))?;
        }
        for (share, shard) in parts.zip(rows.len()..) {
            let shard = u8::try_from(shard).unwrap_or(ShardCount::MAX);
            let mut item = to_item(&StockRow { stock: share, entered: 0, member: next, ..first.clone() })?;
            item.extend(stock_key(product_id, shard));
            transaction.put_new_item(&self.tables.products, item, "product_id")?;
        }
        Ok(transaction)
    }

    /// Moves the units of a sale into the first shard, so that one action can take them. It is for a cart whose lines need
    /// more shards than one transaction has room for. It changes only where units are, so it needs no event.
    pub(crate) async fn gather(&self, sale: &Sale, time: RequestTime) -> Result<(), Error> {
        let beside: Vec<_> = sale.allocations.iter().copied().filter(|allocation| allocation.shard != 0).collect();
        let units = beside.iter().map(|allocation| allocation.units).sum::<u32>();
        let scattered = Sale { allocations: beside, ..*sale };
        let mut transaction = Transaction::default();
        transaction.take(&self.tables.products, &scattered, |change, _| change)?;
        let first = stock_key(sale.product_id, 0);
        let whole = Change::to(&self.tables.products, first, "SET stock = stock + :units").number(":units", units);
        transaction.update(whole.among(sale.count))?;
        self.commit(transaction, time.deadline).await?;
        // Whatever the outcome, the next attempt needs to know where the units are.
        self.line_checks(&[sale.product_id], time).await?;
        check_deadline(time)
    }
}

impl StockRow {
    /// A change of this shard, if it is still of the generation that it was seen in.
    pub(super) fn change(&self, table: &str, update: &str) -> Change {
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
