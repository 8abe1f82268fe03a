//! Facts as they lie: all of a day, and those of some orders.

use std::collections::BTreeSet;

use sijang_domain::{Day, DayFacts, Error, OrderId, SaleFact};

use crate::{
    Store,
    dynamodb::transaction::{from_item, key},
    statistics::{FactRow, fact_partition},
};

impl Store {
    /// All facts of a day.
    pub(super) async fn facts_of_day(&self, day: Day) -> Result<DayFacts, Error> {
        let mut facts = DayFacts::new(day);
        for shard in 0..SaleFact::SHARDS {
            let add = |fact| {
                facts.add(fact);
                Ok(())
            };
            self.read_placed_facts(day, shard, add).await?;
        }
        Ok(facts)
    }

    /// The facts of these orders of a day, as they are now.
    pub(super) async fn facts_of_orders(&self, day: Day, orders: &BTreeSet<OrderId>) -> Result<DayFacts, Error> {
        let keys = orders.iter().flat_map(|order_id| {
            let partition = fact_partition(day, SaleFact::shard_of(*order_id));
            SaleFact::ids_of(*order_id).map(|id| key([("pk", partition.clone()), ("sk", id)]))
        });
        let mut facts = DayFacts::new(day);
        for item in self.get_all(&self.tables.sales, keys.collect(), true).await? {
            let row: FactRow = from_item("fact", item)?;
            let shard = SaleFact::shard_of(row.order_id);
            facts.add(row.placed(day, shard)?);
        }
        Ok(facts)
    }
}
