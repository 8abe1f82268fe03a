//! `POST /v1/me/balance/deposits`: pays into the customer's balance, within the limits of the template.

use sijang_domain::{Deposit, DepositLimits, FieldError, Money};
use sijang_edge::{Answer, Error, MoneyBody, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (store, limits) = (Store::from_env().await, limits_from_env()?);
    serve(|request| handle(&store, &limits, request)).await
}

async fn handle(store: &Store, limits: &DepositLimits, request: Request) -> Answer {
    let customer = request.customer()?;
    let body: MoneyBody = request.body()?;
    let deposit = Deposit::new(body.amount, limits).map_err(|out| vec![FieldError::new("/amount", out)])?;
    let command = request.command(customer, "deposit-balance", &deposit)?;
    let entry = store.deposit(&command, deposit, limits).await?;
    Ok(Reply::rendered(201, entry))
}

fn limits_from_env() -> Result<DepositLimits, Error> {
    let limit = |name: &str| -> Result<Money, Error> {
        let minor = std::env::var(name).ok().and_then(|value| value.parse().ok());
        let money = minor.and_then(|minor| Money::new(minor).ok());
        money.ok_or_else(|| format!("{name} must be an amount in KRW").into())
    };
    Ok(DepositLimits { min: limit("DEPOSIT_MIN")?, max: limit("DEPOSIT_MAX")?, balance_max: limit("BALANCE_MAX")? })
}
