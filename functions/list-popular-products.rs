//! `GET /v1/products/popular`: the five products that sold most in the last three complete days. Public.
//!
//! The ranking is the newest snapshot of the aggregator; price and stock are those of now.

use serde::Serialize;
use sijang_domain::{Day, Money, Product, ProductId, Ranking};
use sijang_edge::{Answer, Error, Failure, Reply, Request, serve};
use sijang_storage::Store;

/// The ranking, and the days that it counts. Without a snapshot yet there are no days.
#[derive(Serialize)]
struct Popular {
    data: Vec<PopularProduct>,
    from: Option<Day>,
    to: Option<Day>,
}

#[derive(Serialize)]
struct PopularProduct {
    rank: usize,
    units_sold: i64,
    revenue: Money,
    product: Product,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let popular = match store.newest_ranking().await? {
        Some(ranking) => popular(store, &ranking).await?,
        None => Popular { data: Vec::new(), from: None, to: None },
    };
    Ok(Reply::ok(&popular).public(&request, 60))
}

async fn popular(store: &Store, ranking: &Ranking) -> Result<Popular, Failure> {
    let ids: Vec<ProductId> = ranking.products.iter().map(|ranked| ranked.product_id).collect();
    let mut products = store.products(&ids).await?;
    let data = ranking.products.iter().zip(1..).filter_map(|(ranked, rank)| {
        Some(PopularProduct {
            rank,
            units_sold: ranked.units_sold,
            revenue: Money::new(ranked.revenue).unwrap_or(Money::MAX),
            product: products.remove(&ranked.product_id)?,
        })
    });
    let [from, _, to] = ranking.day.ranking_window();
    Ok(Popular { data: data.collect(), from: Some(from), to: Some(to) })
}
