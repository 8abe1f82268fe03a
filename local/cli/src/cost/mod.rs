//! The cost of the shop on AWS: the measured budget of each operation, at the published prices.

mod budget;
mod operation;
mod platform;
pub mod prices;

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

pub use budget::{Row, rows};
pub use operation::Cost;

use budget::find;
use prices::{ALL, AS_OF, CLOUDFRONT, REGION, WEB_ACL};

/// A busy shop: relay and consumer get full batches.
const BUSY: f64 = 100.0;
/// A quiet one: each event comes by itself.
const QUIET: f64 = 1.0;

/// A day of a shop, as the operations page shows it: orders of one line, and product pages.
const DAY: (u32, u32) = (10_000, 1_000_000);

/// The requests of the page, by route and outcome of the budget, and whether an event follows.
const REQUESTS: &[(&str, &str, bool)] = &[
    ("place-order", "1 line, warm", true),
    ("place-order", "3 lines, warm", true),
    ("place-order", "10 lines, warm", true),
    ("place-order", "1 line and a coupon, warm", true),
    ("place-order", "sold out, warm, 1 shard", false),
    ("place-order", "short balance", false),
    ("cancel-order", "1 line", true),
    ("issue-coupon", "done, warm, 1 shard", false),
    ("issue-coupon", "sold out, cached, 1 shard", false),
    ("deposit-balance", "done", false),
    ("get-balance", "any", false),
    ("get-product", "any, 1 shard", false),
    ("list-products", "20 products of 1 shard", false),
    ("list-orders", "20 orders of 1 to 50 lines, warm", false),
];

/// Requests with and without CloudFront, and whether it may answer them.
const AT_THE_EDGE: &[(&str, &str, bool)] = &[
    ("get-product", "any, 1 shard", true),
    ("get-coupon", "any, 8 shards", true),
    ("issue-coupon", "sold out, cached, 1 shard", false),
];

/// The page, from the text of the budget.
///
/// # Errors
/// When the budget has not the rows that it needs.
pub fn page(budget: &str) -> Result<String> {
    let rows = rows(budget);
    let mut page = String::from(HEAD);
    let _ = writeln!(page, "Prices on demand in {REGION}, without free tiers and discounts, as of {AS_OF}:\n");
    let _ = writeln!(page, "| unit | dollars a million | source |\n|---|---|---|");
    for price in ALL {
        let _ = writeln!(page, "| {} | {} | <{}> |", price.unit, price.nanodollars / 1_000.0, price.source);
    }
    let _ = writeln!(page, "\n## A million of each\n");
    let _ = writeln!(page, "| operation | gateway | functions | writes | reads | queue | dollars | quiet |");
    let _ = writeln!(page, "|---|---|---|---|---|---|---|---|");
    for (route, outcome, event) in REQUESTS {
        let request = Cost::of_request(find(&rows, route, outcome)?);
        let with = |batch| if *event { request.and(Cost::of_event(batch)) } else { request };
        line(&mut page, &format!("{route}: {outcome}"), with(BUSY), with(QUIET));
    }
    let _ = writeln!(page, "\n{EDGE}");
    edge_rows(&mut page, &rows)?;
    let _ = writeln!(page, "\n{PLATFORM}");
    let _ = writeln!(page, "| a day of a million orders | dollars |\n|---|---|");
    for (what, dollars) in platform::rows() {
        let _ = writeln!(page, "| {what} | {dollars:.4} |");
    }
    let _ = writeln!(page, "\n{OBVIOUS}");
    let _ = writeln!(page, "| order of | here | obvious | saved | calls |\n|---|---|---|---|---|");
    for (lines, outcome) in [(1.0, "1 line, warm"), (3.0, "3 lines, warm"), (10.0, "10 lines, warm")] {
        let here = Cost::of_request(find(&rows, "place-order", outcome)?).and(Cost::of_event(BUSY)).total();
        let obvious = Cost::of_obvious_order(lines, BUSY).total();
        let saved = 100.0 * (1.0 - here / obvious);
        let (here, obvious) = (dollars(here), dollars(obvious));
        let of = outcome.trim_end_matches(", warm");
        let _ = writeln!(page, "| {of} | {here} | {obvious} | {saved:.0} % | 1 instead of 5 |");
    }
    Ok(page)
}

/// A million of some requests without CloudFront, passed on by it, and answered by it.
fn edge_rows(page: &mut String, rows: &[Row]) -> Result<()> {
    let edge = CLOUDFRONT.nanodollars + WEB_ACL.nanodollars;
    let _ = writeln!(page, "| operation | without | passed on | answered at the edge |\n|---|---|---|---|");
    for (route, outcome, is_cacheable) in AT_THE_EDGE {
        let request = Cost::of_request(find(rows, route, outcome)?).total();
        let answered = if *is_cacheable { dollars(edge) } else { "never".to_owned() };
        let _ =
            writeln!(page, "| {route}: {outcome} | {} | {} | {answered} |", dollars(request), dollars(request + edge));
    }
    Ok(())
}

/// The dollars for a million of each operation, by what is paid for, and for a day, as JSON.
///
/// # Errors
/// When the budget has not the rows that it needs.
pub fn operations(budget: &str) -> Result<Value> {
    let rows = rows(budget);
    let mut operations = Vec::new();
    for (route, outcome, event) in REQUESTS {
        let request = Cost::of_request(find(&rows, route, outcome)?);
        let with = |batch| if *event { request.and(Cost::of_event(batch)) } else { request };
        operations.push(json!({
            "route": route,
            "outcome": outcome,
            "busy": with(BUSY).dollars_a_million(),
            "quiet": with(QUIET).dollars_a_million(),
        }));
    }
    let (orders, views) = DAY;
    let order = Cost::of_request(find(&rows, "place-order", "1 line, warm")?).and(Cost::of_event(BUSY));
    let view = Cost::of_request(find(&rows, "get-product", "any, 1 shard")?);
    let dollars = (f64::from(orders) * order.total() + f64::from(views) * view.total()) / 1e9;
    let day = json!({"orders": orders, "views": views, "dollars": dollars});
    Ok(json!({"region": REGION, "prices_of": AS_OF, "day": day, "dollars_a_million": operations}))
}

fn line(page: &mut String, name: &str, busy: Cost, quiet: Cost) {
    let parts = [busy.gateway, busy.functions, busy.writes, busy.reads, busy.queue, busy.total(), quiet.total()];
    let _ = writeln!(page, "| {name} | {} |", parts.map(dollars).join(" | "));
}

/// Dollars for a million of what costs so many billionths of a dollar.
fn dollars(nanodollars: f64) -> String {
    format!("{:.2}", nanodollars / 1_000.0)
}

const HEAD: &str = "# What it costs

Dollars for a million operations on AWS: the units of [`BUDGET.md`](BUDGET.md), which the tests measure, at the published
prices. `./local/shop cost` prints this page; a test compares them.

- *Busy*: relay and consumer get 100 events at once. *Quiet*: each event comes by itself. Other operations have no event.
- An order's way to its counted fact is in its price: relay, queue, consumer, fact, and the three daily runs that read it.
- A function is billed for 10 milliseconds of 256 MB for each call that it makes: an assumption, nothing here ran on AWS.
  Ten more would be three cents a million.
- Not in it: storage, logs, traces, alarms, data sent to clients, cold starts, and what nobody asked for (a poll of an
  empty queue). The prices are those that articles of that year quote from the pages named: compare them.

";

const EDGE: &str = "## With CloudFront

The additional stack [`edge.yaml`](../ops/stacks/edge.yaml): each request costs a request of CloudFront and one of its web ACL.
A view costs about as much at the edge as in the shop, but the edge gives any number of them a second.
";

const PLATFORM: &str = "## The data platform

A day in the [data platform](../../shared/platform/README.md), worked out from sizes that were measured and times that are
assumed. A day is exported again only when it changed.
";

const OBVIOUS: &str = "## Against the obvious design

An idempotency table of its own (a conditional put before, an update with the answer after), one read of prices and
balance, a transaction of stock, balance, ledger and order, and then the event sent to the queue: worked out by the same
prices and rules, not measured. It writes as many units; what is saved is the reads, the queue's call and the time. What it
cannot buy: when the function ends between transaction and send, the event is lost, and between transaction and answer,
the key is stuck.
";

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    fn beside(file: &str) -> String {
        fs::read_to_string(lab().join(file)).unwrap()
    }

    fn lab() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab")
    }

    #[test]
    fn the_page_is_the_budget_at_the_prices() {
        let page = page(&beside("BUDGET.md")).unwrap();
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(lab().join("COST.md"), &page).unwrap();
        }
        assert!(page == beside("COST.md"), "UPDATE_EXPECT=1 cargo test -p sijang-cli cost writes it");
    }

    /// The operations page reads this file.
    #[test]
    fn the_table_of_the_operations_page_is_the_budget_at_the_prices() {
        let file = lab().join("../portal/web/cost.json");
        let table = format!("{:#}\n", operations(&beside("BUDGET.md")).unwrap());
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&file, &table).unwrap();
        }
        let written = fs::read_to_string(file).unwrap_or_default();
        assert!(table == written, "UPDATE_EXPECT=1 cargo test -p sijang-cli cost writes cost.json");
    }

    #[test]
    fn an_order_costs_what_its_parts_cost() {
        let row = Row { route: "r".into(), outcome: "o".into(), calls: 1.0, reads: 2.0, writes: 10.0 };
        let cost = Cost::of_request(&row);
        let near = |a: f64, b: f64| (a - b).abs() < 0.001;
        // 10 ms of a quarter of a gigabyte.
        assert!(near(cost.functions, 200.0 + 33.3335));
        assert!(near(cost.total(), 1_000.0 + 233.3335 + 6_250.0 + 250.0));
        // One by one: sent, received and deleted by a call each; two invocations; one write; three daily runs.
        let quiet = Cost::of_event(QUIET);
        assert!(near(quiet.queue, 1_200.0) && near(quiet.functions, 2.0 * 233.3335) && near(quiet.writes, 625.0));
        assert!(near(quiet.reads, 3.0 * 125.0 / 16.0));
        // A hundred at once: ten messages to a call, ten calls of the relay to an invocation.
        let busy = Cost::of_event(BUSY);
        assert!(near(busy.queue, 120.0) && near(busy.functions, (200.0 + 333.335 + 233.3335) / 100.0));
    }

    #[test]
    fn a_row_of_the_budget_is_read_as_its_most() {
        let rows = rows(
            "| route | outcome | calls | read units | write units |\n|---|---|---|---|---|\n| a | b, c | 2 | 10.5 | at most 6 |\n| a | n lines | 1 | 0 | 2(n + 4) |",
        );
        assert_eq!(rows, [Row { route: "a".into(), outcome: "b, c".into(), calls: 2.0, reads: 10.5, writes: 6.0 }]);
        assert!(find(&rows, "a", "b").is_err());
    }
}
