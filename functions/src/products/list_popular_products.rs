//! `GET /v1/products/popular`: the five products that sold most in the last three complete days. Public.
//!
//! The ranking is the newest snapshot of the aggregator; price and stock are those of now. A product that is no longer on
//! sale is left out, and the next ones move up.

use serde::Serialize;
use sijang_domain::{Day, Product, Ranking, SignedMoney, Timestamp};
use sijang_edge::{Answer, Error, Failure, Reply, Request, parameters::ConditionalHeader, serve};
use sijang_storage::Store;
use utoipa::ToSchema;

/// The ranking, and the days that it counts. Without a snapshot yet there are no days.
#[derive(Serialize, ToSchema)]
#[schema(as = PopularProducts)]
struct Popular {
    #[schema(max_items = 5)]
    data: Vec<PopularProduct>,
    #[schema(required)]
    from: Option<Day>,
    #[schema(required)]
    to: Option<Day>,
}

/// A product's place among those that are on sale.
#[derive(Serialize, ToSchema)]
struct PopularProduct {
    #[schema(minimum = 1, maximum = 5)]
    rank: usize,
    units_sold: i64,
    /// Units times list price, before coupons.
    revenue: SignedMoney,
    product: Product,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// The five products on sale that sold most in the last three complete days, with price and stock as they are now.
#[utoipa::path(
    get,
    path = "/v1/products/popular",
    operation_id = "list-popular-products",
    tag = "catalogue",
    params(ConditionalHeader),
    responses((
        status = 200,
        description = "The ranking, best first, and the days that it counts",
        body = Popular,
        example = json!({
            "data": [{"rank": 1, "units_sold": 240, "revenue": {"amount": 3_600_000, "currency": "KRW"}, "product": {
            "product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "name": "제주 감귤 5kg", "description": "산지에서 바로 보내는 노지 감귤",
            "price": {"amount": 15000, "currency": "KRW"}, "stock": 100, "status": "ACTIVE"
        }}],
            "from": "2026-11-18", "to": "2026-11-20"
        })
    )),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    request.only_parameters(&[])?;
    let now = request.time().now;
    let popular = match store.newest_ranking(now).await? {
        Some(ranking) => popular(store, &ranking, now).await?,
        None => Popular { data: Vec::new(), from: None, to: None },
    };
    Ok(Reply::ok(&popular).public(&request, 60))
}

async fn popular(store: &Store, ranking: &Ranking, now: Timestamp) -> Result<Popular, Failure> {
    let products = store.popular_products(ranking, now).await?;
    let data = products.into_iter().zip(1..).map(|((ranked, product), rank)| PopularProduct {
        rank,
        units_sold: ranked.units_sold,
        revenue: SignedMoney::counted(ranked.revenue),
        product,
    });
    let [from, _, to] = ranking.day.ranking_window();
    Ok(Popular { data: data.collect(), from: Some(from), to: Some(to) })
}
