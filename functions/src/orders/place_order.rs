//! `POST /v1/orders`: orders and pays from the balance, with an optional coupon: all or nothing.

use serde::Deserialize;
use sijang_domain::{Cart, CouponId, FieldError, Fields, Money, Order, ProductId, Quantity};
use sijang_edge::{
    Answer, Error, MoneyBody, Object, Reply, Request, non_null, parameters::IdempotencyKeyHeader, serve,
};
use sijang_storage::Store;
use utoipa::ToSchema;

/// The requested order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceOrderRequest)]
struct Body {
    /// 1 to 50 products; lines of the same product are merged.
    #[schema(min_items = 1, value_type = Vec<Line>)]
    lines: Vec<Object<Line>>,
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = CouponId)]
    coupon_id: Option<String>,
}

/// One product of the order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceOrderLine)]
struct Line {
    #[schema(value_type = ProductId)]
    product_id: String,
    #[schema(value_type = Quantity)]
    quantity: i64,
    /// The price that the customer was shown. With it, the order costs this or is rejected.
    #[serde(default, deserialize_with = "non_null")]
    unit_price: Option<MoneyBody>,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Orders and pays from the balance, with an optional coupon: all or nothing.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "place-order",
    tag = "orders",
    params(IdempotencyKeyHeader),
    request_body(content = Body, example = json!({
            "lines": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "quantity": 2, "unit_price": {"amount": 15000,
            "currency": "KRW"}}],
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M"
        })),
    responses((
        status = 201,
        description = "The paid order",
        body = Order,
        example = json!({
            "order_id": "01JDA6ZQ4E9Y7V5T3R1P8N6M4K", "status": "PAID",
            "lines": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "quantity": 2, "unit_price": {"amount": 15000,
            "currency": "KRW"}, "product_version": 1}],
            "list_price": {"amount": 30000, "currency": "KRW"}, "discount": {"amount": 3000, "currency": "KRW"},
            "paid_price": {"amount": 27000, "currency": "KRW"},
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "paid_at": "2026-11-21T00:31:07.512Z"
        })
    )),
    security(("token" = ["shop/customer"])),
    extensions(("x-problems" = json!([
        "unknown-product",
        "unknown-coupon",
        "product-inactive",
        "insufficient-stock",
        "price-changed",
        "coupon-used",
        "coupon-expired",
        "coupon-voided",
        "coupon-minimum-not-met",
        "insufficient-balance"
    ]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    request.only_parameters(&[])?;
    let (cart, coupon_id) = request.body::<Body>()?.parse()?;
    let command = request.command(customer, "place-order", &(&cart, coupon_id))?;
    let order = store.place_order(&command, &cart, coupon_id).await?;
    let location = format!("/v1/orders/{}", order.value.order_id);
    Ok(Reply::created(&order).with("location", location).of_order(order.value.order_id))
}

impl Body {
    fn parse(self) -> Result<(Cart, Option<CouponId>), Vec<FieldError>> {
        let mut fields = Fields::default();
        let coupon_id = self.coupon_id.map(|id| fields.check("/coupon_id", id.parse()));
        let lines: Vec<_> =
            self.lines.into_iter().enumerate().map(|(at, Object(line))| line.parse(at, &mut fields)).collect();
        let lines: Option<Vec<_>> = lines.into_iter().collect();
        let coupon_id: Option<Option<CouponId>> = coupon_id.map_or(Some(None), |id| id.map(Some));
        let (lines, coupon_id) = fields.finish(lines.zip(coupon_id))?;
        Ok((Cart::new(lines)?, coupon_id))
    }
}

impl Line {
    fn parse(self, at: usize, fields: &mut Fields) -> Option<(ProductId, i64, Option<Money>)> {
        let product_id = fields.check(format!("/lines/{at}/product_id"), self.product_id.parse());
        let quote = match self.unit_price {
            Some(price) => fields.check(format!("/lines/{at}/unit_price/amount"), price.money()).map(Some),
            None => Some(None),
        };
        Some((product_id?, self.quantity, quote?))
    }
}
