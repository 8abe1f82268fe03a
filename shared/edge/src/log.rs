//! Logs: JSON lines for an operator, without tokens, bodies, headers or amounts of a request.
//!
//! The customer is logged as a pseudonym. Anybody who knows the subject of a token can compute it
//! (`printf %s SUBJECT | sha256sum | cut -c1-16`). Nobody can compute the subject from it.

use std::env;

use lambda_runtime::tracing::subscriber::{self, filter::LevelFilter};
use sha2::{Digest, Sha256};
use sijang_domain::{Finding, Subject};

/// Starts the log of a function, at the level that `RUST_LOG` names.
///
/// One level for everything, and never `trace`, at which the runtime and the SDK write whole requests.
pub fn start() {
    let level = level(env::var("RUST_LOG").ok().as_deref());
    let json = subscriber::fmt().json().flatten_event(true).with_span_list(false).with_target(false);
    // Each line has its time. Lambda takes a line without one for `INFO`, whatever its level.
    let json = json.with_ansi(false).with_max_level(level);
    // Fails where several functions share a process and one has started it: then it runs already.
    let _ = json.with_writer(std::io::stdout).try_init();
}

fn level(wanted: Option<&str>) -> LevelFilter {
    let level = wanted.and_then(|wanted| wanted.parse().ok()).unwrap_or(LevelFilter::INFO);
    level.min(LevelFilter::DEBUG)
}

/// The first 16 digits of a subject's SHA-256.
pub fn pseudonym(subject: &str) -> String {
    let first = Sha256::digest(subject).iter().take(8).fold(0, |first, byte| first << 8 | u64::from(*byte));
    format!("{first:016x}")
}

/// Logs a finding of the reconciliation: identifiers, and no amounts.
pub fn finding(Finding { rule, subject }: &Finding) {
    let rule = rule.name();
    match subject {
        Subject::Customer(user) => {
            let customer = pseudonym(user.as_str());
            tracing::error!(rule, customer, "reconciliation finding");
        }
        Subject::Order(order_id) => tracing::error!(rule, order = %order_id, "reconciliation finding"),
        Subject::Product(product_id) => tracing::error!(rule, product = %product_id, "reconciliation finding"),
        Subject::Coupon(coupon_id) => tracing::error!(rule, coupon = %coupon_id, "reconciliation finding"),
        Subject::Day(day) => tracing::error!(rule, day = %day, "reconciliation finding"),
        Subject::File(file) => tracing::error!(rule, file, "reconciliation finding"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_requests_are_never_logged() {
        for (wanted, expected) in [
            (None, LevelFilter::INFO),
            (Some("warn"), LevelFilter::WARN),
            (Some("debug"), LevelFilter::DEBUG),
            (Some("trace"), LevelFilter::DEBUG),
            (Some("TRACE"), LevelFilter::DEBUG),
            (Some("lambda_runtime=trace"), LevelFilter::INFO),
        ] {
            assert_eq!(level(wanted), expected, "{wanted:?}");
        }
    }

    #[test]
    fn a_pseudonym_is_what_anybody_who_knows_the_subject_computes() {
        assert_eq!(pseudonym("alice"), "2bd806c97f0e00af");
    }
}
