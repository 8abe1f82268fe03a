//! `POST /v1/admin/products`: adds a product to the catalogue, on sale at once.

use serde::Deserialize;
use sijang_domain::{
    Description, FieldError, Fields, ImageUrl, Label, Name, Product, ProductDetails, ProductDraft, Stock, schema,
};
use sijang_edge::{Answer, Error, MoneyBody, Reply, Request, non_null, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// The product to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateProductRequest)]
struct Body {
    #[schema(value_type = Name)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Description)]
    description: String,
    #[schema(schema_with = price)]
    price: MoneyBody,
    /// Units on hand at the start.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    stock: i64,
    /// Under what it is listed.
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Label)]
    category: Option<String>,
    /// The name without the size: products of one family are one thing in several sizes.
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Name)]
    family: Option<String>,
    /// Which size of its family it is.
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Label)]
    size: Option<String>,
    /// Where its picture is.
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = ImageUrl)]
    image_url: Option<String>,
    /// The name in English. A search finds it, too.
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Name)]
    name_en: Option<String>,
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Name)]
    reason: Option<String>,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Adds a product to the catalogue, on sale at once.
#[utoipa::path(
    post,
    path = "/v1/admin/products",
    operation_id = "create-product",
    tag = "administration",
    params(IdempotencyKeyHeader),
    request_body(content = Body, example = json!({
            "name": "제주 감귤 5kg", "description": "산지에서 바로 보내는 노지 감귤",
            "price": {"amount": 15000, "currency": "KRW"}, "stock": 100, "category": "과일", "family": "제주 감귤",
            "size": "5kg", "image_url": "https://cdn.example.com/tangerine.webp", "name_en": "Jeju tangerines 5kg"
        })),
    responses((
        status = 201,
        description = "The product",
        body = Product,
        example = json!({
            "product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "name": "제주 감귤 5kg", "description": "산지에서 바로 보내는 노지 감귤",
            "price": {"amount": 15000, "currency": "KRW"}, "stock": 100, "status": "ACTIVE",
            "category": "과일", "family": "제주 감귤", "size": "5kg",
            "image_url": "https://cdn.example.com/tangerine.webp", "name_en": "Jeju tangerines 5kg"
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    request.only_parameters(&[])?;
    let (draft, reason) = request.body::<Body>()?.parse()?;
    let command = request.staff_command(admin, "create-product", &draft, reason)?;
    let product = store.create_product(&command, draft).await?;
    Ok(Reply::rendered(201, product))
}

fn price() -> RefOr<Schema> {
    schema::asked_amount("The price of one unit.", 0, ProductDraft::MAX_PRICE)
}

impl Body {
    fn parse(self) -> Result<(ProductDraft, Option<Name>), Vec<FieldError>> {
        let mut fields = Fields::default();
        let name = fields.check("/name", Name::parse(&self.name));
        let description = fields.check("/description", Description::parse(&self.description));
        let price = fields.check("/price/amount", ProductDraft::parse_price(self.price.amount));
        let stock = fields.check("/stock", Stock::new(self.stock));
        let details = ProductDetails {
            category: self.category.and_then(|text| fields.check("/category", Label::parse(&text))),
            family: self.family.and_then(|text| fields.check("/family", Name::parse(&text))),
            size: self.size.and_then(|text| fields.check("/size", Label::parse(&text))),
            image_url: self.image_url.and_then(|text| fields.check("/image_url", ImageUrl::parse(&text))),
            name_en: self.name_en.and_then(|text| fields.check("/name_en", Name::parse(&text))),
        };
        let reason = self.reason.and_then(|reason| fields.check("/reason", Name::parse(&reason)));
        let draft =
            || Some(ProductDraft { name: name?, description: description?, price: price?, stock: stock?, details });
        fields.finish(draft().map(|draft| (draft, reason)))
    }
}
