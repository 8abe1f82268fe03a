//! The rows of `local/lab/BUDGET.md`, which the tests measure.

use anyhow::{Context, Result};

/// The `DynamoDB` units of an operation, by its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Route.
    pub route: String,
    /// How it ended.
    pub outcome: String,
    /// Calls, one after the other.
    pub calls: f64,
    /// Read request units.
    pub reads: f64,
    /// Write request units; the most, where it is not known better.
    pub writes: f64,
}

/// The measured rows of the page.
pub fn rows(page: &str) -> Vec<Row> {
    page.lines().filter_map(row).collect()
}

/// The row of a route and an outcome.
///
/// # Errors
/// When it is not among them.
pub fn find<'a>(rows: &'a [Row], route: &str, outcome: &str) -> Result<&'a Row> {
    let found = rows.iter().find(|row| row.route == route && row.outcome == outcome);
    found.with_context(|| format!("the budget has no row `{route}`, `{outcome}`"))
}

/// A row of figures; headings and formulas are none.
fn row(line: &str) -> Option<Row> {
    let columns: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let [route, outcome, calls, reads, writes] = columns[..] else { return None };
    let writes = writes.strip_prefix("at most ").unwrap_or(writes);
    Some(Row {
        route: route.to_owned(),
        outcome: outcome.to_owned(),
        calls: calls.parse().ok()?,
        reads: reads.parse().ok()?,
        writes: writes.parse().ok()?,
    })
}
