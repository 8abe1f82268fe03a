//! The contract, from the code: the OpenAPI document of the API, and the schemas of its events.
//!
//! What an operation takes and gives is annotated beside its handler, which is why the functions' files are modules here.
//! What follows from the shape of an operation (which problems a body, a page or a token can cause) is added by rule.
//! The documents are checked in beside this file, and compared in the tests.

pub mod compatibility;
pub mod events;
pub mod in_process;
mod problems;
mod tidy;

use serde_json::{Map, Value};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// Each function's file, and a document of all of their operations.
macro_rules! operations {
    ($($module:ident $path:literal)*) => {
        $(
            #[path = $path]
            #[allow(dead_code)] // its `main` is not called here
            mod $module;
        )*

        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "Sijang",
                version = "1.0.0",
                description = include_str!("introduction.md"),
                contact(),
                license(name = "MIT", identifier = "MIT"),
            ),
            servers((url = "/", description = "Where this document is served")),
            tags(
                (name = "balance", description = "The prepaid balance and its ledger"),
                (name = "catalogue", description = "What is sold; public, and cacheable for a few seconds"),
                (name = "coupons", description = "Campaigns, and the coupons that a customer holds"),
                (name = "orders", description = "Orders, paid from the balance"),
                (name = "health", description = "For monitors"),
                (name = "administration", description = "Products, stock, campaigns, orders of all customers, statistics; for `shop/admin`"),
            ),
            paths($($module::handle),*),
            components(schemas(sijang_domain::Shortage, sijang_domain::PriceChange, sijang_domain::CloudEvent)),
            modifiers(&Token),
        )]
        struct Operations;
    };
}

operations! {
    adjust_balance "../balances/adjust-balance.rs"
    adjust_stock "../products/adjust-stock.rs"
    cancel_customer_order "../orders/cancel-customer-order.rs"
    cancel_order "../orders/cancel-order.rs"
    create_coupon "../coupons/create-coupon.rs"
    create_product "../products/create-product.rs"
    deposit_balance "../balances/deposit-balance.rs"
    end_coupon "../coupons/end-coupon.rs"
    find_order "../orders/find-order.rs"
    get_balance "../balances/get-balance.rs"
    get_customer_balance "../balances/get-customer-balance.rs"
    get_daily_stats "../statistics/get-daily-stats.rs"
    get_health "../health/get-health.rs"
    get_order "../orders/get-order.rs"
    get_product "../products/get-product.rs"
    issue_coupon "../coupons/issue-coupon.rs"
    list_balance_transactions "../balances/list-balance-transactions.rs"
    list_campaigns "../coupons/list-campaigns.rs"
    list_coupons "../coupons/list-coupons.rs"
    list_customer_coupons "../coupons/list-customer-coupons.rs"
    list_customer_ledger "../balances/list-customer-ledger.rs"
    list_customer_orders "../orders/list-customer-orders.rs"
    list_daily_totals "../statistics/list-daily-totals.rs"
    list_day_orders "../orders/list-day-orders.rs"
    list_my_coupons "../coupons/list-my-coupons.rs"
    list_orders "../orders/list-orders.rs"
    list_popular_products "../products/list-popular-products.rs"
    list_products "../products/list-products.rs"
    list_products_by_status "../products/list-products-by-status.rs"
    list_staff_actions "../staff/list-staff-actions.rs"
    place_order "../orders/place-order.rs"
    reshard_coupon "../coupons/reshard-coupon.rs"
    reshard_stock "../products/reshard-stock.rs"
    update_product "../products/update-product.rs"
    void_coupon "../coupons/void-coupon.rs"
}

// Functions of staff answer for the customer whom they name as the customer's own functions do. They are modules of this
// library, too, and use it by its name.
extern crate self as sijang_openapi;
pub use crate::{
    get_balance::{Balance, balance_of},
    list_balance_transactions::ledger_of,
    list_my_coupons::coupons_of,
    list_orders::orders_of,
};

/// The access token that most operations want.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
            "An access token of the shop's issuer. `scope` has `shop/customer`, `shop/admin`, or both.",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    }
}

/// The OpenAPI document.
///
/// # Panics
/// When an annotation names a problem that does not exist, or a schema breaks the rules of [`tidy`].
pub fn document() -> Value {
    let mut document = generated();
    problems::describe(&mut document);
    tidy::prune(&mut document);
    document
}

/// What the annotations say, with the schemas of everything.
fn generated() -> Value {
    #[allow(clippy::expect_used)]
    let mut document = serde_json::to_value(Operations::openapi()).expect("a document is plain data");
    tidy::tidy(&mut document);
    document
}

/// A schema of the document, and every schema that it refers to, under `$defs`: complete by itself.
fn complete(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let mut found = Map::new();
    let mut pending = vec![schema.clone()];
    while let Some(next) = pending.pop() {
        for name in tidy::references(&next) {
            if !found.contains_key(&name) {
                pending.push(schemas[&name].clone());
                found.insert(name.clone(), schemas[&name].clone());
            }
        }
    }
    let mut whole = schema.clone();
    if !found.is_empty() {
        whole["$defs"] = found.into();
    }
    tidy::rename_references(&mut whole, &|name| format!("#/$defs/{name}"));
    whole
}
