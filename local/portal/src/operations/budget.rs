//! What the commands that were done have taken to write, in write request units: the budget of `local/lab/BUDGET.md`, which is
//! measured, applied to the events that the commands left. An order's event has its lines, so that what is larger than a
//! kilobyte is worked out from its size.

use serde_json::{Map, Value};

use super::text;

/// A transactional write of up to one kilobyte.
const ACTION: u64 = 2;
/// A change that an index follows.
const INDEX: u64 = 1;

/// Counter and coupon: an issue leaves no event, the coupon is its own record.
pub(super) const ISSUE: u64 = 2 * ACTION;

/// The command that left this event, and its write units. `shards` tells how many a product or a campaign has: today's
/// number stands for the one that it had.
pub(super) fn of_event(event: &Value, shards: impl Fn(&str) -> u64) -> Option<(&'static str, u64)> {
    let answer: Value =
        event["answer"].as_str().and_then(|answer| serde_json::from_str(answer).ok()).unwrap_or_default();
    // Event and owner in a transaction, then each shard by itself, then the owner again.
    let rollout = |id: &str| 2 * ACTION + shards(text(&answer[id])) + 1;
    Some(match text(&event["type"]) {
        "order.paid.v1" => ("place-order", order(event)),
        "order.cancelled.v1" => ("cancel-order", order(event)),
        // Event, balance, ledger.
        "balance.deposited.v1" => ("deposit-balance", 3 * ACTION),
        // Event, what it is, its first shard.
        "product.created.v1" => ("create-product", 3 * ACTION + INDEX),
        "campaign.created.v1" => ("create-coupon", 3 * ACTION + INDEX),
        // The index takes its unit only when the name or the status changes. The event does not say, so it is counted.
        "product.updated.v1" => ("update-product", rollout("product_id") + INDEX),
        // A delivery is spread over all shards; what is taken comes from one, if it has as many.
        "stock.adjusted.v1" if answer["delta"].as_i64() > Some(0) => ("adjust-stock", rollout("product_id")),
        "stock.adjusted.v1" => ("adjust-stock", 2 * ACTION),
        "stock.resharded.v1" => ("reshard-stock", rollout("product_id")),
        // The index has all of a campaign, and follows both writes.
        "campaign.resharded.v1" => ("reshard-coupon", rollout("coupon_id") + 2 * INDEX),
        _ => return None,
    })
}

/// The stock of each line, balance, ledger and the coupon, if there is one; event and order by their sizes.
fn order(event: &Value) -> u64 {
    let order = &event["order"];
    let lines = order["lines"].as_array().map_or(0, |lines| lines.len() as u64);
    let coupon = u64::from(order["coupon"].is_string());
    let user = text(&event["request"]).rsplitn(3, '#').nth(2).unwrap_or_default();
    let row = ["user_id", user, "order_id", text(&order["id"]), "order"].map(str::len).iter().sum::<usize>();
    ACTION * (lines + 2 + coupon + kilobytes(size_of(event)) + kilobytes(row + size_of_value(order)))
}

/// A sale fact, which is written in a batch and not in a transaction.
pub(super) fn of_fact(fact: &Value) -> u64 {
    kilobytes(size_of(fact))
}

/// As they are charged: those that are started, one at least.
fn kilobytes(bytes: usize) -> u64 {
    bytes.div_ceil(1_024).max(1) as u64
}

/// The bytes that an item is charged by: the names and values of its attributes, as `DynamoDB` documents them.
fn size_of(item: &Value) -> usize {
    item.as_object().map_or(0, size_of_fields)
}

fn size_of_fields(fields: &Map<String, Value>) -> usize {
    /// A fingerprint is 32 bytes, and more as the text that stands for them here.
    const PRINT: (&str, usize) = ("print", 32);
    let size = |(name, value): (&String, &Value)| if name == PRINT.0 { PRINT.1 } else { size_of_value(value) };
    fields.iter().map(|field| field.0.len() + size(field)).sum()
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        // Two digits to a byte, and one byte more.
        Value::Number(number) => number.to_string().trim_end_matches('0').len().div_ceil(2) + 1,
        Value::Array(values) => 3 + values.iter().map(|value| 1 + size_of_value(value)).sum::<usize>(),
        Value::Object(fields) => 3 + fields.len() + size_of_fields(fields),
        Value::Bool(_) | Value::Null => 1,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    const BUDGET: &str = include_str!("../../../lab/BUDGET.md");
    const USER: &str = "c0a8012e-7b1f-4f43-9e6e-1d2a3b4c5d6e";
    const KEY: &str = "0fdbbf25-6a4c-4d3e-9b51-000000000001";
    const ID: &str = "01JD5Q4K9V0000000000000000";

    /// Route, outcome and write units of each row.
    fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        BUDGET.lines().filter_map(|line| match line.split('|').map(str::trim).collect::<Vec<_>>()[..] {
            [_, route, outcome, _, _, writes, _] => Some((route, outcome, writes)),
            _ => None,
        })
    }

    /// The event of an order, as the table has it.
    pub(crate) fn order_event(command: &str, lines: usize, coupon: Option<&str>) -> Value {
        let paid = command == "place-order";
        let mut order = json!({
            "id": ID,
            "status": if paid { "PAID" } else { "CANCELLED" },
            "lines": vec![json!({"p": ID, "q": 1, "u": 19_900}); lines],
            "list": 19_900 * lines,
            "off": 0,
            "at": 1_763_737_659_123_i64,
        });
        if !paid {
            order["cancelled_at"] = json!(1_763_737_659_456_i64);
        }
        if let Some(coupon) = coupon {
            order["coupon"] = json!(coupon);
        }
        json!({
            "request": format!("{USER}#{command}#{KEY}"),
            "type": if paid { "order.paid.v1" } else { "order.cancelled.v1" },
            "at": 1_763_737_659_123_i64,
            "print": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "order": order,
        })
    }

    fn event(kind: &str, answer: &Value) -> Value {
        json!({"type": kind, "answer": answer.to_string()})
    }

    /// Every row of a command that was done, and what is worked out for it here.
    fn cases() -> Vec<(&'static str, Option<(&'static str, u64)>)> {
        let units = |event: Value| of_event(&event, |id| if id == "split" { 8 } else { 1 });
        let order = |command, lines, coupon| units(order_event(command, lines, coupon));
        let product = |kind, id| units(event(kind, &json!({"product_id": id})));
        let adjusted = |id, delta| units(event("stock.adjusted.v1", &json!({"product_id": id, "delta": delta})));
        vec![
            ("done", units(event("balance.deposited.v1", &json!({})))),
            ("1 line, warm", order("place-order", 1, None)),
            ("3 lines, warm", order("place-order", 3, None)),
            ("10 lines, warm", order("place-order", 10, None)),
            ("25 lines, warm", order("place-order", 25, None)),
            ("50 lines, warm", order("place-order", 50, None)),
            ("1 line and a coupon, warm", order("place-order", 1, Some(ID))),
            ("1 line", order("cancel-order", 1, None)),
            ("done, warm, 1 shard", Some(("issue-coupon", ISSUE))),
            ("done", units(event("product.created.v1", &json!({})))),
            ("done", units(event("campaign.created.v1", &json!({})))),
            ("status, 1 shard", product("product.updated.v1", "whole")),
            ("status, 8 shards", product("product.updated.v1", "split")),
            ("added, warm, 1 shard", adjusted("whole", 16)),
            ("taken, warm, 1 shard", adjusted("whole", -8)),
            ("added, warm, 8 shards", adjusted("split", 16)),
            ("from 8 to 8", product("stock.resharded.v1", "split")),
            ("from 1 to 8", units(event("campaign.resharded.v1", &json!({"coupon_id": "split"})))),
        ]
    }

    #[test]
    fn each_command_takes_what_the_budget_has_measured() {
        for (outcome, worked_out) in cases() {
            let (route, units) = worked_out.expect("the event of a command");
            let row = rows().find(|row| (row.0, row.1) == (route, outcome));
            let (_, _, measured) = row.unwrap_or_else(|| panic!("the budget has no {route}, {outcome}"));
            assert_eq!(units.to_string(), measured, "{route}, {outcome}");
        }
    }

    #[test]
    fn every_command_of_the_budget_that_writes_is_counted() {
        let writing: BTreeSet<_> =
            rows().filter(|row| row.2.parse().is_ok_and(|units: u64| units > 0)).map(|row| row.0).collect();
        let counted: BTreeSet<_> = cases().into_iter().filter_map(|(_, of)| of).map(|(route, _)| route).collect();
        assert_eq!(writing, counted);
    }

    #[test]
    fn an_order_outgrows_a_kilobyte_where_the_budget_says() {
        let largest = rows().find_map(|row| row.1.strip_prefix("n lines, warm, to n = "));
        let largest: usize = largest.and_then(|lines| lines.parse().ok()).expect("the budget says where");
        let units = |lines| order(&order_event("place-order", lines, None));
        assert_eq!(units(largest), 2 * (largest as u64 + 4));
        assert!(units(largest + 1) > 2 * (largest as u64 + 5));
    }

    #[test]
    fn a_coupon_adds_two_units_to_an_order_and_to_its_cancellation() {
        for command in ["place-order", "cancel-order"] {
            for lines in [1, 3, 10] {
                let units = |coupon| order(&order_event(command, lines, coupon));
                assert_eq!(units(None), 2 * (lines as u64 + 4));
                assert_eq!(units(Some(ID)), units(None) + 2);
            }
        }
    }

    #[test]
    fn a_fact_takes_one_unit_for_each_kilobyte() {
        let fact = |lines| {
            json!({"pk": "FACT#2026-11-21#0", "sk": format!("{ID}.paid"), "order_id": ID,
            "cancelled": false, "lines": vec![json!({"p": ID, "q": 1, "u": 19_900}); lines]})
        };
        assert_eq!([1, 10, 50].map(|lines| of_fact(&fact(lines))), [1, 1, 3]);
    }
}
