//! Reconciliation: the rules that hold between stored records, as pure checks of the records that were read.
//!
//! The reconciler runs while the shop sells. So each rule checks only records that can no longer change: settled
//! orders, ledger entries up to the one that the balance names, stock at the time when it was read. The store does the
//! reading, the waiting and the second reads.

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
