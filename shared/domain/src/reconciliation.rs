//! The books: what must hold among the things that are stored, as pure checks over what was read of them.
//!
//! The reconciler asks them every night of a shop that goes on selling, so that each rule speaks only of what can no
//! longer move: orders that are settled, ledger entries up to the one that the balance names, stock as it was when it was
//! read. Reading, waiting and looking again are the store's.

mod campaign;
mod customer;
mod day;
mod finding;
mod stock;
#[cfg(test)]
mod tests;

pub use campaign::{CampaignReconciliation, Counter};
pub use customer::{CustomerRecords, Ledger, LedgerLine};
pub use day::{DayFacts, PlacedFact};
pub use finding::{Finding, Rule, Subject};
pub use stock::{StockReconciliation, UnitsSold};
