//! The consumed capacity of a call, from its reply.
//!
//! A cancelled transaction does not say. It is counted as if it had been written, two units for each action, which is
//! the most that it can be charged for items of up to one kilobyte.

use serde_json::Value;

/// Read and write units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consumed {
    /// Half read units: an eventually consistent read of up to four kilobytes takes one.
    pub half_reads: u64,
    /// Write units that were charged.
    pub writes: u64,
    /// The most write units that cancelled transactions were charged.
    pub writes_at_most: u64,
}

impl Consumed {
    /// By a call that was answered like this.
    pub(super) fn by(operation: &str, request: &Value, reply: &[u8]) -> Self {
        let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
        if let Some(reasons) = reply["CancellationReasons"].as_array() {
            debug_assert_eq!(request["TransactItems"].as_array().map(Vec::len), Some(reasons.len()));
            return Self { writes_at_most: 2 * reasons.len() as u64, ..Self::default() };
        }
        let tables = match &reply["ConsumedCapacity"] {
            Value::Array(tables) => tables.as_slice(),
            one => std::slice::from_ref(one),
        };
        let units: f64 = tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // units are small, and halves at most
        let halves = (2.0 * units).round() as u64;
        match operation {
            "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" => Self { half_reads: halves, ..Self::default() },
            _ => Self { writes: halves / 2, ..Self::default() },
        }
    }
}

impl std::iter::Sum for Consumed {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            half_reads: sum.half_reads + part.half_reads,
            writes: sum.writes + part.writes,
            writes_at_most: sum.writes_at_most + part.writes_at_most,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn by(operation: &str, reply: &Value) -> Consumed {
        let request = json!({ "TransactItems": [{}, {}, {}] });
        Consumed::by(operation, &request, reply.to_string().as_bytes())
    }

    #[test]
    fn units_are_read_off_the_reply_table_by_table() {
        let one = json!({ "ConsumedCapacity": { "TableName": "t", "CapacityUnits": 0.5 } });
        assert_eq!(by("GetItem", &one), Consumed { half_reads: 1, ..Consumed::default() });
        let two = json!({ "ConsumedCapacity": [{ "CapacityUnits": 2.0 }, { "CapacityUnits": 4.0 }] });
        assert_eq!(by("TransactWriteItems", &two), Consumed { writes: 6, ..Consumed::default() });
    }

    #[test]
    fn a_cancelled_transaction_is_counted_by_its_actions() {
        let cancelled = json!({ "CancellationReasons": [{}, {}, {}] });
        assert_eq!(by("TransactWriteItems", &cancelled), Consumed { writes_at_most: 6, ..Consumed::default() });
    }
}
