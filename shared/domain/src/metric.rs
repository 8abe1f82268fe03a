//! The list of all metrics of the shop.
//!
//! A metric costs by the month and by each value of its dimension, so that there are few, and none that AWS keeps
//! anyway (invocations, durations, iterator age, depth of queues). With ten commands and 32 problem codes it can be 58,
//! at $0.30 a month each for the hours in which they occur. Alarms and dashboard may name only what is here.

/// Something that is counted or measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, which never changes its meaning.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: Unit,
    /// Its dimension beside the stack: each value is billed as a metric of its own.
    pub dimension: Option<&'static str>,
    /// Its description.
    pub meaning: &'static str,
}

/// The unit of a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things that happened: values add up.
    Count,
    /// A duration: values do not add up.
    Milliseconds,
}

macro_rules! metrics {
    ($($name:ident $text:literal $unit:ident $(by $dimension:literal)?: $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Metric =
                Metric { name: $text, unit: Unit::$unit, dimension: metrics!(@ $($dimension)?), meaning: $meaning };
        )*
        /// Every metric of the shop.
        pub const CATALOGUE: &[Metric] = &[$($name),*];
    };
    (@) => { None };
    (@ $dimension:literal) => { Some($dimension) };
}

metrics! {
    COMMANDS "Commands" Count by "Operation": "Commands done: orders, cancellations, deposits, coupons, by the operation's name.";
    REPLAYS "Replays" Count: "Commands that had been done before, and were answered as then.";
    REJECTIONS "Rejections" Count by "Code": "Requests answered with a problem, by its code; sold out are `coupon-sold-out` and `insufficient-stock`.";
    CONFLICTS "Conflicts" Count: "Transactions cancelled because another wrote the same items at the same time.";
    THROTTLES "Throttles" Count: "Transactions that a table had no capacity for.";
    RETRIES "Retries" Count: "Transactions sent again: after a conflict, a throttling, a lost answer.";
    RELAYED "EventsRelayed" Count: "Order events that the relay put into the queue.";
    RELAY_LAG "RelayLag" Milliseconds: "From an order event to its message in the queue: the oldest of a batch.";
    MALFORMED "MalformedEvents" Count: "Stream records and messages that are not order events: they go to the dead-letter queue.";
    FACTS "FactsRecorded" Count: "Order events counted, each time that one is delivered.";
    CONSUMER_LAG "ConsumerLag" Milliseconds: "From an order event to its sale fact: the oldest of a batch.";
    AGGREGATION_RUNS "AggregationRuns" Count: "Scheduled daily aggregation runs that completed.";
    AGGREGATION_FACTS "AggregationFacts" Count: "Sale facts that a daily aggregation run has counted for the ranking.";
    AGGREGATION_DURATION "AggregationDuration" Milliseconds: "Duration of a daily aggregation run.";
    AGGREGATION_DRIFT "AggregationDrift" Count: "Totals of a product's day that a later aggregation run changed: cancellations, late events.";
    RECONCILIATION_RUNS "ReconciliationRuns" Count: "Reconciliations of a day that completed.";
    RECONCILIATION_FINDINGS "ReconciliationFindings" Count: "Findings of a reconciliation run: places where two records contradict each other.";
    RECONCILED_RECORDS "ReconciledRecords" Count: "Customers that a reconciliation run has checked.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_can_be_members_of_a_log_line() {
        let names: HashSet<_> = CATALOGUE.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for Metric { name, dimension, .. } in CATALOGUE {
            assert!(name.chars().all(|c| c.is_ascii_alphabetic()), "{name}");
            assert!(dimension.is_none_or(|dimension| dimension != "Stack" && !names.contains(dimension)), "{name}");
        }
    }
}
