//! `PATCH /v1/admin/products/{product_id}`: changes the fields that are given: name, description, price, status, and the
//! optional fields.

use serde::Deserialize;
use sijang_domain::{
    Description, FieldError, FieldPatch, Fields, ImageUrl, Label, Name, ProductDetailsPatch, ProductDraft, ProductId,
    ProductInfo, ProductPatch, ProductStatus, Rejection, Violation, schema,
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
    #[serde(default)]
    #[schema(schema_with = schema::or_null::<Label>)]
    category: FieldPatch<String>,
    #[serde(default)]
    #[schema(schema_with = schema::or_null::<Name>)]
    family: FieldPatch<String>,
    #[serde(default)]
    #[schema(schema_with = schema::or_null::<Label>)]
    size: FieldPatch<String>,
    #[serde(default)]
    #[schema(schema_with = schema::or_null::<ImageUrl>)]
    image_url: FieldPatch<String>,
    #[serde(default)]
    #[schema(schema_with = schema::or_null::<Name>)]
    name_en: FieldPatch<String>,
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

/// Changes the fields that are given. The others stay as they are, and `null` removes an optional one.
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

/// The parsed change of an optional field.
fn patched<T>(
    fields: &mut Fields,
    pointer: &str,
    patch: FieldPatch<String>,
    parse: impl FnOnce(&str) -> Result<T, Violation>,
) -> FieldPatch<T> {
    fields.check(pointer, patch.try_map(|text| parse(&text))).unwrap_or_default()
}

impl Body {
    fn parse(self) -> Result<(ProductPatch, Option<Name>), Vec<FieldError>> {
        let mut fields = Fields::default();
        let patch = ProductPatch {
            name: self.name.and_then(|name| fields.check("/name", Name::parse(&name))),
            description: self.description.and_then(|text| fields.check("/description", Description::parse(&text))),
            price: self.price.and_then(|price| fields.check("/price/amount", ProductDraft::parse_price(price.amount))),
            status: self.status,
            details: ProductDetailsPatch {
                category: patched(&mut fields, "/category", self.category, Label::parse),
                family: patched(&mut fields, "/family", self.family, Name::parse),
                size: patched(&mut fields, "/size", self.size, Label::parse),
                image_url: patched(&mut fields, "/image_url", self.image_url, ImageUrl::parse),
                name_en: patched(&mut fields, "/name_en", self.name_en, Name::parse),
            },
        };
        let reason = self.reason.and_then(|reason| fields.check("/reason", Name::parse(&reason)));
        let patch = fields.finish(Some(patch))?;
        if patch == ProductPatch::default() {
            return Err(vec![FieldError::new("", Violation::NothingGiven)]);
        }
        Ok((patch, reason))
    }
}
