//! `POST /v1/admin/products/{product_id}/stock-adjustments`: adds units to the stock, or takes some out.

use serde::Deserialize;
use sijang_domain::{
    Command, FieldError, Fields, Name, ProductId, Rejection, Stock, StockAdjustment, Violation, schema,
};
use sijang_edge::{Answer, Error, Reply, Request, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;
use utoipa::{
    ToSchema,
    openapi::{OneOf, RefOr, Schema},
};

/// The units to add or to take out, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdjustStockRequest)]
struct Body {
    #[schema(schema_with = delta)]
    delta: i64,
    #[schema(value_type = Name)]
    reason: String,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Adds units to the stock, or takes some out.
#[utoipa::path(
    post,
    path = "/v1/admin/products/{product_id}/stock-adjustments",
    operation_id = "adjust-stock",
    tag = "administration",
    params(("product_id" = ProductId, Path, description = "Which product"), IdempotencyKeyHeader),
    request_body(content = Body, example = json!({"delta": -5, "reason": "파손"})),
    responses((
        status = 201,
        description = "The entry in the stock ledger",
        body = StockAdjustment,
        example = json!({
            "adjustment_id": "01JDA6ZQ4EB2C4D6F8G0H1J3K5", "product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "delta": -5,
            "reason": "파손", "created_at": "2026-11-21T00:30:00.000Z"
        })
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["product-not-found", "insufficient-stock", "stock-limit-exceeded"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    request.only_parameters(&[])?;
    let product_id = request.path("product_id", Rejection::ProductNotFound)?;
    let (delta, reason) = request.body::<Body>()?.parse()?;
    let command = request.command(admin, "adjust-stock", &(product_id, delta, &reason))?;
    let command = Command { reason: Some(reason), ..command };
    let adjustment = store.adjust_stock(&command, product_id, delta).await?;
    Ok(Reply::rendered(201, adjustment))
}

/// Anything but nothing.
fn delta() -> RefOr<Schema> {
    let most = i64::from(Stock::MAX);
    let (taken, added) = (schema::integer("Units taken out.", -most, -1), schema::integer("Units added.", 1, most));
    Schema::OneOf(OneOf::builder().item(taken).item(added).build()).into()
}

impl Body {
    fn parse(self) -> Result<(i64, Name), Vec<FieldError>> {
        let mut fields = Fields::default();
        let most = i64::from(Stock::MAX);
        let delta = match self.delta {
            0 => Err(Violation::NothingGiven),
            delta if (-most..=most).contains(&delta) => Ok(delta),
            _ => Err(Violation::OutOfRange { min: -most, max: most }),
        };
        let delta = fields.check("/delta", delta);
        let reason = fields.check("/reason", Name::parse(&self.reason));
        fields.finish(delta.zip(reason))
    }
}
