//! `POST /v1/orders`: orders and pays from the balance, with an optional coupon: all or nothing.

use serde::Deserialize;
use sijang_domain::{Cart, CouponId, FieldError, Fields, Money, ProductId};
use sijang_edge::{Answer, Error, MoneyBody, Object, Reply, Request, serve};
use sijang_storage::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    lines: Vec<Object<Line>>,
    coupon_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    product_id: String,
    quantity: i64,
    /// The price that the customer was shown. With it, the order costs this or is refused.
    unit_price: Option<MoneyBody>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    let (cart, coupon_id) = request.body::<Body>()?.parse()?;
    let command = request.command(customer, "place-order", &(&cart, coupon_id))?;
    let order = store.place_order(&command, &cart, coupon_id).await?;
    let location = format!("/v1/orders/{}", order.value.order_id);
    Ok(Reply::created(&order).with("location", location))
}

impl Body {
    fn parse(self) -> Result<(Cart, Option<CouponId>), Vec<FieldError>> {
        let mut fields = Fields::default();
        let coupon_id = self.coupon_id.map(|id| fields.check("/coupon_id", id.parse()));
        let lines: Vec<_> = self.lines.into_iter().enumerate().map(|(at, Object(line))| line.parse(at, &mut fields)).collect();
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
