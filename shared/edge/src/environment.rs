//! Parameters of the template that functions read from their environment.

use sijang_domain::Money;

use crate::Error;

/// An amount in KRW.
///
/// # Errors
/// When the variable is missing or is no amount.
pub fn amount_from_env(name: &str) -> Result<Money, Error> {
    let minor = std::env::var(name).ok().and_then(|value| value.parse().ok());
    let amount = minor.and_then(|minor| Money::new(minor).ok());
    amount.ok_or_else(|| format!("{name} must be an amount in KRW").into())
}
