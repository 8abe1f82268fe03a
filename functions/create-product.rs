//! `POST /v1/admin/products`: adds a product to the catalogue, on sale at once.

use serde::Deserialize;
use sijang_domain::{Description, FieldError, Fields, Name, ProductDraft, Stock};
use sijang_edge::{Answer, Error, MoneyBody, Reply, Request, serve};
use sijang_storage::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
    #[serde(default)]
    description: String,
    price: MoneyBody,
    stock: i64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    let draft = request.body::<Body>()?.parse()?;
    let command = request.command(admin, "create-product", &draft)?;
    let product = store.create_product(&command, draft).await?;
    Ok(Reply::rendered(201, product))
}

impl Body {
    fn parse(self) -> Result<ProductDraft, Vec<FieldError>> {
        let mut fields = Fields::default();
        let name = fields.check("/name", Name::parse(&self.name));
        let description = fields.check("/description", Description::parse(&self.description));
        let price = fields.check("/price/amount", ProductDraft::parse_price(self.price.amount));
        let stock = fields.check("/stock", Stock::new(self.stock));
        let draft = || Some(ProductDraft { name: name?, description: description?, price: price?, stock: stock? });
        fields.finish(draft())
    }
}
