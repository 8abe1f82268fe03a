//! `POST /v1/me/balance/deposits`: pays into the customer's balance, within the limits of the template.

use sijang_domain::{Deposit, DepositLimits, FieldError, LedgerEntry, schema};
use sijang_edge::{Answer, Error, MoneyBody, Reply, Request, amount_from_env, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// Money, within the limits that the template sets unless it is told otherwise.
enum DepositRequest {}

impl PartialSchema for DepositRequest {
    fn schema() -> RefOr<Schema> {
        schema::asked_amount("What to pay in.", 100, 1_000_000)
    }
}

impl ToSchema for DepositRequest {}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, limits) = (Store::from_env().await, limits_from_env()?);
    serve(move |request| handle(store, limits, request)).await
}

/// Pays into the balance. A deposit never takes a balance above 10,000,000 KRW, unless the shop has set another limit; a
/// refund may.
#[utoipa::path(
    post,
    path = "/v1/me/balance/deposits",
    operation_id = "deposit-balance",
    tag = "balance",
    params(IdempotencyKeyHeader),
    request_body(content = DepositRequest, example = json!({"amount": 50000, "currency": "KRW"})),
    responses((
        status = 201,
        description = "The entry in the ledger",
        body = LedgerEntry,
        example = json!({
            "transaction_id": "01JDA6ZQ4EB2C4D6F8G0H1J3K5", "type": "DEPOSIT", "amount": {"amount": 50000,
            "currency": "KRW"},
            "balance": {"amount": 50000, "currency": "KRW"}, "created_at": "2026-11-21T00:30:00.000Z"
        })
    )),
    security(("token" = ["shop/customer"])),
    extensions(("x-problems" = json!(["balance-limit-exceeded"]))),
)]
pub async fn handle(store: &Store, limits: &DepositLimits, request: Request) -> Answer {
    let customer = request.customer()?;
    request.only_parameters(&[])?;
    let body: MoneyBody = request.body()?;
    let deposit = Deposit::new(body.amount, limits).map_err(|out| vec![FieldError::new("/amount", out)])?;
    let command = request.command(customer, "deposit-balance", &deposit)?;
    let entry = store.deposit(&command, deposit, limits).await?;
    Ok(Reply::rendered(201, entry))
}

/// Kept for the life of the process, like the store.
fn limits_from_env() -> Result<&'static DepositLimits, Error> {
    let limits = DepositLimits {
        min: amount_from_env("DEPOSIT_MIN")?,
        max: amount_from_env("DEPOSIT_MAX")?,
        balance_max: amount_from_env("BALANCE_MAX")?,
    };
    Ok(Box::leak(Box::new(limits)))
}
