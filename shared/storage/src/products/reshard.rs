//! Moving units between the shards of a product.
//!
//! The number of shards is no property of the product that a customer sees. Staff change it while the product is sold.

use sijang_domain::{
    Command, Error, FieldChange, IdempotencyKey, Idempotent, OrderId, ProductId, Redistribution, Rejection,
    ResponseBody, ShardCount, StockGathering, StockShards,
};

use crate::{
    Store,
    dynamodb::{
        rollout::{Offer, Rollout},
        shards::shard_key,
        transaction::{Change, Transaction, from_item},
    },
    products::{
        catalogue::{InfoRow, ProductChange, info_key},
        stock::{Sale, StockRow, stocks_of, sum},
    },
    random::random,
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
        self.change_product(command, product_id, |_, rows| {
            let rollout = rows[0].rollout(shards, rows, 0);
            let changes = vec![FieldChange::from_to("shards", rows[0].member.shards.get(), shards.get())];
            Ok(ProductChange { kind: "stock.resharded.v1", answer: answer.clone(), rollout, info: None, changes })
        })
        .await
    }

    /// All shards of a product that are in use: the first, and those that it says there are.
    pub(super) async fn shards_beside(&self, first: StockRow) -> Result<Vec<StockRow>, Error> {
        if first.member.shards == ShardCount::ONE {
            return Ok(vec![first]);
        }
        self.stock_rows(first.product_id, first.member.shards).await
    }

    /// Moves all units of a product into the first shard, so that one action can take the units of a sale. It is for an
    /// order whose lines need more shards than one transaction has room for, once nothing else rejects it.
    ///
    /// The units are moved in one transaction and to a new generation, as the rule of rejections wants.
    pub(crate) async fn gather(&self, command: &Command, sale: &Sale, order_id: OrderId) -> Result<(), Error> {
        let table = &self.tables.products;
        let info = self.get_all(table, vec![info_key(sale.product_id)], true).await?.pop();
        let info: InfoRow = from_item("product", info.ok_or(Rejection::ProductNotFound)?)?;
        let rows = self.stock_rows(sale.product_id, sale.known.shards).await?;
        let all = |first: &&StockRow| usize::from(first.member.shards.get()) == rows.len();
        let Some(first) = rows.first().filter(all) else {
            return self.line_checks(&[sale.product_id], command.time).await.map(drop);
        };
        let next = first.member.next(first.member.shards);
        let gathering = StockGathering { product_id: sale.product_id, order_id, units: sum(&rows) };
        // Each gathering is an event of its own, in the name of the customer.
        let key = IdempotencyKey::parse(&format!("{:032x}", random()));
        let key = key.map_err(|_| Error::Internal("a key that is not one".to_owned()))?;
        let event = Command { operation: "gather-stock", key, ..command.clone() };
        let answer = ResponseBody::of(&gathering)?;
        let mut transaction = Transaction::with_answer(&self.tables.events, &event, "stock.gathered.v1", &answer)?;
        transaction.update(stocks_of(table, sale.product_id).advancing(info.version, ""))?;
        for (row, share) in rows.iter().zip(std::iter::once(gathering.units).chain(std::iter::repeat(0))) {
            transaction.update(row.gathered(table, share, info.version + 1).joining(next))?;
        }
        self.commit(transaction, command.time.deadline).await?;
        // Whatever the outcome, the next attempt needs to know where the units are.
        self.line_checks(&[sale.product_id], command.time).await.map(drop)
    }
}

impl StockRow {
    /// A rollout that makes so many equal shards of these, with units from outside.
    pub(crate) fn rollout(&self, shards: ShardCount, rows: &[Self], entering: u32) -> Rollout {
        let left: Vec<u32> = rows.iter().map(|row| row.stock).collect();
        // The only shard stays the first: units may be added to it in any generation.
        let unsplit = self.member.shards == ShardCount::ONE && shards == ShardCount::ONE;
        let member = if unsplit { self.member } else { self.member.next(shards) };
        let moves = Redistribution::plan(&left, shards, entering);
        // New shards get the price and the version that the others have.
        let (price, active, product_version) = (self.price, self.active, self.product_version);
        let offer = Some(Offer { price, active, product_version });
        Rollout { member, moves, entering, offer, ..Rollout::default() }
    }

    /// So many units, if it still has those that were seen, in the generation in which it was seen.
    fn gathered(&self, table: &str, share: u32, version: i64) -> Change {
        let delta = i64::from(share) - i64::from(self.stock);
        let key = shard_key("product_id", self.product_id, self.sk.clone());
        Change::to(table, key, "SET stock = stock + :delta, version = :version")
            .when("stock >= :least")
            .in_generation(self.member.generation)
            .number(":delta", delta)
            .number(":least", (-delta).max(0))
            .number(":version", version)
    }
}
