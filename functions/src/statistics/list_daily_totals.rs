//! `GET /v1/admin/stats/days?from=&to=`: what the shop sold on each of up to 92 days in Seoul, as last counted.

use serde::Serialize;
use sijang_domain::{Day, DayRange, ProductSales, SignedMoney};
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;
use utoipa::ToSchema;

/// The totals of some days, the first day first.
#[derive(Serialize, ToSchema)]
struct DailyTotals {
    data: Vec<DailyTotal>,
    from: Day,
    to: Day,
}

/// What was sold on a day: zeros when nothing was. A figure can be negative while the event of a cancellation is ahead of
/// its sale's.
#[derive(Serialize, ToSchema)]
struct DailyTotal {
    date: Day,
    units_sold: i64,
    /// Orders that were not cancelled.
    orders: i64,
    /// Units times list price, before coupons.
    revenue: SignedMoney,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// What the shop sold on each of up to 92 days in Seoul, as last counted.
#[utoipa::path(
    get,
    path = "/v1/admin/stats/days",
    operation_id = "list-daily-totals",
    tag = "administration",
    params(
        ("from" = Day, Query, description = "The first day"),
        ("to" = Day, Query, description = "The last day: tomorrow at the latest, and at most 91 days after the first"),
    ),
    responses((
        status = 200,
        description = "The totals of each day",
        body = DailyTotals,
        example = json!({
            "data": [
                {"date": "2026-11-20", "units_sold": 80, "orders": 52, "revenue": {"amount": 1_200_000, "currency": "KRW"}},
                {"date": "2026-11-21", "units_sold": 0, "orders": 0, "revenue": {"amount": 0, "currency": "KRW"}},
            ],
            "from": "2026-11-20", "to": "2026-11-21"
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    request.admin()?;
    request.only_parameters(&["from", "to"])?;
    let now = request.time().now;
    let from = request.required("from", str::parse::<Day>)?;
    let range = request.required("to", |to| DayRange::new(from, to.parse::<Day>()?.until_tomorrow(now)?))?;
    let data = store.totals_of_days(range).await?.into_iter().map(DailyTotal::of).collect();
    Ok(Reply::ok(&DailyTotals { data, from: range.from(), to: range.to() }))
}

impl DailyTotal {
    fn of((date, sales): (Day, ProductSales)) -> Self {
        Self { date, units_sold: sales.units, orders: sales.orders, revenue: SignedMoney::counted(sales.revenue) }
    }
}
