//! `PATCH /v1/admin/products/{product_id}`: changes what is given: name, description, price, status.

use serde::Deserialize;
use sijang_domain::{
    Description, FieldError, Fields, Name, ProductDraft, ProductPatch, ProductStatus, Refusal, Violation,
};
use sijang_edge::{Answer, Error, MoneyBody, Reply, Request, serve};
use sijang_storage::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: Option<String>,
    description: Option<String>,
    price: Option<MoneyBody>,
    status: Option<ProductStatus>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    let product_id = request.path("product_id", Refusal::ProductNotFound)?;
    let patch = request.body::<Body>()?.parse()?;
    let command = request.command(admin, "update-product", &(product_id, &patch))?;
    let product = store.update_product(&command, product_id, &patch).await?;
    Ok(Reply::rendered(200, product))
}

impl Body {
    fn parse(self) -> Result<ProductPatch, Vec<FieldError>> {
        let mut fields = Fields::default();
        let patch = ProductPatch {
            name: self.name.and_then(|name| fields.check("/name", Name::parse(&name))),
            description: self.description.and_then(|text| fields.check("/description", Description::parse(&text))),
            price: self.price.and_then(|price| fields.check("/price/amount", ProductDraft::parse_price(price.amount))),
            status: self.status,
        };
        let patch = fields.finish(Some(patch))?;
        if patch == ProductPatch::default() {
            return Err(vec![FieldError::new("", Violation::NothingGiven)]);
        }
        Ok(patch)
    }
}
