//! `POST /v1/admin/customers/{user_id}/balance-adjustments`: corrects a customer's balance, never below zero.

use serde::Deserialize;
use sijang_domain::{BalanceAdjustment, Currency, FieldError, Fields, LedgerEntry, Money, Name, UserId, schema};
use sijang_edge::{Answer, Error, Reply, Request, amount_from_env, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;
use utoipa::{
    ToSchema,
    openapi::{OneOf, RefOr, Schema},
};

/// The amount to add, or to take when it is negative, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdjustBalanceRequest)]
struct Body {
    #[schema(schema_with = amount)]
    amount: i64,
    #[allow(dead_code)] // there is only one
    currency: Currency,
    #[schema(value_type = Name)]
    reason: String,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, balance_max) = (Store::from_env().await, balance_max_from_env()?);
    serve(move |request| handle(store, balance_max, request)).await
}

/// Corrects a customer's balance. It is never below zero afterwards, and what is added never takes it above 10,000,000 KRW,
/// unless the shop has set another limit. The customer sees an entry of the type `ADJUSTMENT` in the ledger, without the
/// reason. The shop does not know who its customers are: what is added for a `user_id` that nobody has, nobody can use.
#[utoipa::path(
    post,
    path = "/v1/admin/customers/{user_id}/balance-adjustments",
    operation_id = "adjust-balance",
    tag = "administration",
    params(
        ("user_id" = UserId, Path, description = "Which customer: the `sub` of the customer's token"),
        IdempotencyKeyHeader,
    ),
    request_body(content = Body, example = json!({"amount": 3000, "currency": "KRW", "reason": "배송 지연 보상"})),
    responses((
        status = 201,
        description = "The entry in the ledger",
        body = LedgerEntry,
        example = json!({
            "transaction_id": "01JDA6ZQ4EB2C4D6F8G0H1J3K5", "type": "ADJUSTMENT", "amount": {"amount": 3000,
            "currency": "KRW"},
            "balance": {"amount": 53000, "currency": "KRW"}, "created_at": "2026-11-21T00:30:00.000Z"
        })
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["insufficient-balance", "balance-limit-exceeded"]))),
)]
pub async fn handle(store: &Store, balance_max: &Money, request: Request) -> Answer {
    let (staff, customer) = (request.admin()?, request.named_customer()?);
    request.only_parameters(&[])?;
    let (adjustment, reason) = request.body::<Body>()?.parse(*balance_max)?;
    let command = request.staff_command(staff, "adjust-balance", &(&customer, adjustment), Some(reason))?;
    let entry = store.adjust_balance(&command, &customer, adjustment, *balance_max).await?;
    Ok(Reply::rendered(201, entry))
}

/// Anything but nothing, within the limit that the template sets for a balance unless it is told otherwise.
fn amount() -> RefOr<Schema> {
    let max = 10_000_000;
    let (taken, added) = (schema::integer("KRW taken.", -max, -1), schema::integer("KRW added.", 1, max));
    Schema::OneOf(OneOf::builder().item(taken).item(added).build()).into()
}

impl Body {
    fn parse(self, balance_max: Money) -> Result<(BalanceAdjustment, Name), Vec<FieldError>> {
        let mut fields = Fields::default();
        let adjustment = fields.check("/amount", BalanceAdjustment::new(self.amount, balance_max));
        let reason = fields.check("/reason", Name::parse(&self.reason));
        fields.finish(adjustment.zip(reason))
    }
}

/// Kept for the life of the process, like the store.
fn balance_max_from_env() -> Result<&'static Money, Error> {
    Ok(Box::leak(Box::new(amount_from_env("BALANCE_MAX")?)))
}
