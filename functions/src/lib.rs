//! The functions: a module for each, in the folder of its area, with its handler and `run`, which serves it. A binary in `bin`
//! starts each of them.
//!
//! The library has besides them what only documents and tests use: the [`openapi`] document, and the functions
//! [`in_process`]. The linker leaves it out of the binaries.

use std::future::Future;

use sijang_edge::Error;

pub mod in_process;
pub mod openapi;
mod operations;

/// Balances and their ledger.
pub mod balances {
    pub mod adjust_balance;
    pub mod deposit_balance;
    pub mod get_balance;
    pub mod get_customer_balance;
    pub mod list_balance_transactions;
    pub mod list_customer_ledger;
}
/// Campaigns and the coupons that customers hold.
pub mod coupons {
    pub mod create_coupon;
    pub mod end_coupon;
    pub mod get_coupon;
    pub mod issue_coupon;
    pub mod list_campaigns;
    pub mod list_coupons;
    pub mod list_customer_coupons;
    pub mod list_my_coupons;
    pub mod reshard_coupon;
    pub mod void_coupon;
}
/// The workers on the stream of the events table.
pub mod events {
    pub mod finish_commands;
    pub mod publish_order_events;
}
/// For monitors.
pub mod health {
    pub mod get_health;
}
/// Orders, paid from the balance.
pub mod orders {
    pub mod cancel_customer_order;
    pub mod cancel_order;
    pub mod find_order;
    pub mod get_order;
    pub mod list_customer_orders;
    pub mod list_day_orders;
    pub mod list_orders;
    pub mod place_order;
}
/// The catalogue, prices and stock.
pub mod products {
    pub mod adjust_stock;
    pub mod create_product;
    pub mod get_product;
    pub mod list_popular_products;
    pub mod list_products;
    pub mod list_products_by_status;
    pub mod reshard_stock;
    pub mod update_product;
}
/// The history of what staff did.
pub mod staff {
    pub mod list_staff_actions;
}
/// Sale facts, daily statistics, their reconciliation and export.
pub mod statistics {
    pub mod aggregate_daily_stats;
    pub mod export_day;
    pub mod get_daily_stats;
    pub mod list_daily_totals;
    pub mod reconcile_day;
    pub mod record_sales;
}

/// Runs a function on the one thread of its binary.
pub fn start(function: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(function)
}
