//! The operations of the API, in one list: the OpenAPI document describes each of them, and a test can call each of them in
//! its own process.

use sijang_edge::{Event, Invocation, Response, respond};
use utoipa::OpenApi;

use crate::in_process::Shop;

/// Takes the operations, each with what its handler gets of the [`Shop`].
macro_rules! operations {
    ($($area:ident::$operation:ident($($with:ident),*))*) => {
        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "Sijang",
                version = "1.0.0",
                description = include_str!("../openapi/introduction.md"),
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
            paths($(crate::$area::$operation::handle),*),
            components(schemas(
                sijang_domain::Shortage,
                sijang_domain::PriceChange,
                sijang_domain::ProductSort,
                sijang_domain::CloudEvent
            )),
        )]
        pub(crate) struct Operations;

        impl Shop {
            /// The response of an operation to an event; nothing when there is no such operation.
            pub async fn answer(&self, operation: &str, event: Event) -> Option<Response> {
                let operation = operation.replace('-', "_");
                $(if operation == stringify!($operation) {
                    let handle = |request| crate::$area::$operation::handle($(&self.$with,)* request);
                    return Some(respond(handle, event, Invocation::new("in-process", None, 0)).await);
                })*
                None
            }
        }
    };
}

operations! {
    balances::adjust_balance(store, balance_max)
    balances::deposit_balance(store, limits)
    balances::get_balance(store)
    balances::get_customer_balance(store)
    balances::list_balance_transactions(store, cursors)
    balances::list_customer_ledger(store, cursors)
    coupons::create_coupon(store)
    coupons::end_coupon(store)
    coupons::get_coupon(store)
    coupons::issue_coupon(store)
    coupons::list_campaigns(store, cursors)
    coupons::list_coupons(store, cursors)
    coupons::list_customer_coupons(store, cursors)
    coupons::list_my_coupons(store, cursors)
    coupons::reshard_coupon(store)
    coupons::void_coupon(store)
    health::get_health()
    orders::cancel_customer_order(store)
    orders::cancel_order(store, period)
    orders::find_order(store)
    orders::get_order(store)
    orders::list_customer_orders(store, cursors)
    orders::list_day_orders(store, cursors)
    orders::list_orders(store, cursors)
    orders::place_order(store)
    products::adjust_stock(store)
    products::create_product(store)
    products::get_product(store)
    products::list_popular_products(store)
    products::list_products(store, cursors)
    products::list_products_by_status(store, cursors)
    products::reshard_stock(store)
    products::update_product(store)
    staff::list_staff_actions(store, cursors)
    statistics::get_daily_stats(store, cursors)
    statistics::list_daily_totals(store)
}
