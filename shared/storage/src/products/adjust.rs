//! Stock adjustments: deliveries and corrections by staff.

use sijang_domain::{
    ActionSubject, Command, EntryId, Error, FieldChange, Idempotent, LineCheck, ProductId, Rejection, ResponseBody,
    Shortage, Stock, StockAdjustment,
};

use crate::{
    Store,
    deadline::check_deadline,
    dynamodb::transaction::{Change, Transaction},
    idempotency::Commit,
    products::{catalogue::ProductChange, stock::sum},
    random::random,
    staff::ActionDetails,
};

const ADJUSTED: &str = "stock.adjusted.v1";

impl Store {
    /// Adds units to the stock, or takes some: never more than there are. Units to be taken come from as few shards as have
    /// them, in one transaction.
    pub async fn adjust_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        delta: i64,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let created_at = command.time.now;
        let reason = command.required_reason()?.clone();
        let adjustment_id = EntryId::new(created_at, random());
        let answer = ResponseBody::of(&StockAdjustment { adjustment_id, product_id, delta, reason, created_at })?;
        let units = u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX);
        let changes = vec![FieldChange::by("stock", delta)];
        if delta >= 0 {
            return self.add_stock(command, product_id, (units, changes), &answer).await;
        }
        let attempts = async {
            loop {
                if let Some(done) = self.take_stock(command, product_id, (units, &changes), &answer).await? {
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
        (units, changes): (u32, &[FieldChange]),
        answer: &ResponseBody,
    ) -> Result<Option<Idempotent<ResponseBody>>, Error> {
        let checks = match self.sale(product_id, units) {
            None => self.line_checks(&[product_id], command.time).await?,
            Some(sale) => {
                let mut transaction = Transaction::with_answer(&self.tables.events, command, ADJUSTED, answer)?;
                let leaves = |change: Change, units| change.entering(-i64::from(units));
                transaction.take(&self.tables.products, &sale, leaves)?;
                let subject = ActionSubject::product(product_id);
                let details = ActionDetails { subject, changes: changes.to_vec() };
                transaction.record_action(&self.tables.staff_actions, command, &details)?;
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

    /// Adds units, to equal shares in all shards.
    async fn add_stock(
        &self,
        command: &Command,
        product_id: ProductId,
        (units, changes): (u32, Vec<FieldChange>),
        answer: &ResponseBody,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        self.change_product(command, product_id, |_, rows| {
            let stock = sum(rows);
            if stock > Stock::MAX - units {
                return Err(Rejection::StockLimitExceeded { stock, limit: Stock::MAX }.into());
            }
            let rollout = rows[0].rollout(rows[0].member.shards, rows, units);
            Ok(ProductChange { kind: ADJUSTED, answer: answer.clone(), rollout, info: None, changes: changes.clone() })
        })
        .await
    }
}
