//! `POST /v1/admin/products/{product_id}/stock-adjustments`: adds units to the stock, or takes some out.

use serde::Deserialize;
use sijang_domain::{FieldError, Fields, Name, Refusal, Stock, Violation};
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    delta: i64,
    reason: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    let product_id = request.path("product_id", Refusal::ProductNotFound)?;
    let (delta, reason) = request.body::<Body>()?.parse()?;
    let command = request.command(admin, "adjust-stock", &(product_id, delta, &reason))?;
    let adjustment = store.adjust_stock(&command, product_id, (delta, reason)).await?;
    Ok(Reply::rendered(201, adjustment))
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
