//! A simulation in virtual time, and what must hold at its end.

use sijang_testkit::{engine::TABLES, invariants, snapshot::Snapshot};
use tokio::runtime::Builder;

use super::{dynamo::Engine, value::as_attributes};

/// Runs a simulation with a paused clock. The random numbers of the store and of the SDK come from the seed, too.
pub fn in_virtual_time<T>(seed: u64, work: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

/// The invariants that the tables violate, a sentence each.
pub fn violations(engine: &Engine) -> Vec<String> {
    let tables = TABLES.iter().map(|table| {
        let items = engine.items(&table.name);
        (table.name.as_str(), items.iter().map(as_attributes).collect())
    });
    invariants::violations(&Snapshot::of_items(tables))
}
