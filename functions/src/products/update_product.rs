//! `PATCH /v1/admin/products/{product_id}`: changes the fields that are given: name, description, price, status.

use serde::Deserialize;
use sijang_domain::{
    Description, FieldError, Fields, Name, ProductDraft, ProductId, ProductInfo, ProductPatch, ProductStatus,
    Rejection, Violation, schema,
};
use sijang_edge::{Answer, Error, MoneyBody, Reply, Request, non_null, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// The changed fields, at least one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateProductRequest, min_properties = 1)]
struct Body {
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Name)]
    name: Option<String>,
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Description)]
    description: Option<String>,
    #[serde(default, deserialize_with = "non_null")]
    #[schema(schema_with = price)]
    price: Option<MoneyBody>,
    #[serde(default, deserialize_with = "non_null")]
    status: Option<ProductStatus>,
    /// Why it is changed. A reason alone changes nothing.
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Name)]
    reason: Option<String>,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Changes the fields that are given. The others stay as they are.
#[utoipa::path(
    patch,
    path = "/v1/admin/products/{product_id}",
    operation_id = "update-product",
    tag = "administration",
    params(("product_id" = ProductId, Path, description = "Which product"), IdempotencyKeyHeader),
    request_body(content = Body, example = json!({"price": {"amount": 16500, "currency": "KRW"}, "status": "ACTIVE"})),
    responses((
        status = 200,
        description = "The product without its stock, which moves",
        body = ProductInfo,
        example = json!({
            "product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "name": "제주 감귤 5kg", "description": "산지에서 바로 보내는 노지 감귤",
            "price": {"amount": 16500, "currency": "KRW"}, "status": "ACTIVE"
        })
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["product-not-found"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    request.only_parameters(&[])?;
    let product_id = request.path("product_id", Rejection::ProductNotFound)?;
    let (patch, reason) = request.body::<Body>()?.parse()?;
    let command = request.staff_command(admin, "update-product", &(product_id, &patch), reason)?;
    let product = store.update_product(&command, product_id, &patch).await?;
    Ok(Reply::rendered(200, product))
}

fn price() -> RefOr<Schema> {
    schema::asked_amount("The price of one unit.", 0, ProductDraft::MAX_PRICE)
}

impl Body {
    fn parse(self) -> Result<(ProductPatch, Option<Name>), Vec<FieldError>> {
        let mut fields = Fields::default();
        let patch = ProductPatch {
            name: self.name.and_then(|name| fields.check("/name", Name::parse(&name))),
            description: self.description.and_then(|text| fields.check("/description", Description::parse(&text))),
            price: self.price.and_then(|price| fields.check("/price/amount", ProductDraft::parse_price(price.amount))),
            status: self.status,
        };
        let reason = self.reason.and_then(|reason| fields.check("/reason", Name::parse(&reason)));
        let patch = fields.finish(Some(patch))?;
        if patch == ProductPatch::default() {
            return Err(vec![FieldError::new("", Violation::NothingGiven)]);
        }
        Ok((patch, reason))
    }
}
