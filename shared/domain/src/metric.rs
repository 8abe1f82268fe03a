//! What the shop counts and measures: the one list of its metrics.
//!
//! A metric costs by the month and by each value of its dimension, so that there are few, and none that AWS keeps anyway
//! (invocations, durations, iterator age, depth of queues). With ten commands and 31 problem codes it can be 57, at $0.30
//! a month each for the hours in which they occur. Alarms and dashboard may name only what is here.

/// Something that is counted or measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, which never changes its meaning.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// By what it is told apart, beside the stack: each value is a metric of its own on the bill.
    pub dimension: Option<&'static str>,
    /// What it says.
    pub meaning: &'static str,
}

/// What a metric's values are.
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
    MALFORMED "MalformedEvents" Count: "Stream records and messages that are no order events: they end in the dead-letter queue.";
    FACTS "FactsRecorded" Count: "Order events counted, each time that one is delivered.";
    CONSUMER_LAG "ConsumerLag" Milliseconds: "From an order event to its sale fact: the oldest of a batch.";
    NIGHTS "NightsCounted" Count: "Nights of the schedule that were counted to their end.";
    NIGHT_FACTS "NightFacts" Count: "Facts that a night's ranking counts.";
    NIGHT_DURATION "NightDuration" Milliseconds: "How long a night's counting took.";
    AGGREGATION_DRIFT "AggregationDrift" Count: "Totals of a product's day that a later night found otherwise: cancellations, late events.";
    BOOKS_CHECKED "BooksChecked" Count: "Checks of the books that came to their end.";
    BOOKS_DRIFT "BooksDrift" Count: "Places where a check found that the books do not add up.";
    BOOKS_RECORDS "BooksRecords" Count: "Customers, products, campaigns and days that a check looked at.";
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
