//! The store: its client, its tables, its cache.

use std::env;

use aws_sdk_dynamodb::Client;

use crate::{cache::StoreCache, dynamodb::connection, random};

/// The names of the tables, as the template gives them to each function.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Balances and their ledger.
    pub balances: String,
    /// Products and their stock.
    pub products: String,
    /// Coupon campaigns and their counters.
    pub coupons: String,
    /// Coupons that users hold.
    pub user_coupons: String,
    /// Orders.
    pub orders: String,
    /// Events: idempotency record, outbox and history in one.
    pub events: String,
    /// Sale facts, daily totals, rankings.
    pub sales: String,
    /// Actions of staff, by day.
    pub staff_actions: String,
}

impl Tables {
    /// The tables named in the environment. A function is told only of the tables that it uses; the others stay
    /// nameless, and a call to one of them is rejected by the service.
    pub fn from_env() -> Self {
        let named = |name: &str| env::var(name).unwrap_or_default();
        Self {
            balances: named("BALANCES_TABLE"),
            products: named("PRODUCTS_TABLE"),
            coupons: named("COUPONS_TABLE"),
            user_coupons: named("USER_COUPONS_TABLE"),
            orders: named("ORDERS_TABLE"),
            events: named("EVENTS_TABLE"),
            sales: named("SALES_TABLE"),
            staff_actions: named("STAFF_ACTIONS_TABLE"),
        }
    }
}

/// The store. One for the life of an environment; cheap to share by reference.
#[derive(Debug)]
pub struct Store {
    pub(crate) db: Client,
    pub(crate) tables: Tables,
    pub(crate) cache: StoreCache,
}

impl Store {
    /// The store of the environment: the standard AWS variables, and the tables' names. Its connection is open, and it
    /// lives as long as the process, for all requests that the process serves, one after the other or at once.
    pub async fn from_env() -> &'static Self {
        random::seed_from_kernel();
        let db = connection::dynamodb();
        connection::open(db.describe_endpoints().customize().mutate_request(connection::warm_up_request).send()).await;
        Box::leak(Box::new(Self::new(db, Tables::from_env())))
    }

    /// A store on a given client.
    pub fn new(db: Client, tables: Tables) -> Self {
        Self { db, tables, cache: StoreCache::default() }
    }
}
