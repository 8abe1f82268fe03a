//! The shop's rules, and nothing else: no I/O, no async, no AWS.
//!
//! A rule takes everything it needs as arguments, the time included, and returns its decision as a value. Each rule has
//! one place, and a plain function call tests it. The serialised form of these types is the public HTTP contract.

mod balances;
mod catalogue;
mod command;
mod coupons;
mod error;
mod events;
mod id;
mod idempotency;
pub mod metric;
mod money;
mod orders;
mod product_details;
mod products;
mod reconciliation;
mod recorded_orders;
mod redistribution;
mod rejection;
pub mod schema;
mod search_text;
mod shards;
mod sold_out;
mod staff;
mod statistics;
mod text;
mod time;
mod trace;
mod violation;

pub use balances::{BalanceAdjustment, Deposit, DepositLimits, EntryType, LedgerEntry};
pub use catalogue::{Catalogue, CatalogueEntry, CategoryCount, ProductHits, ProductSearch, ProductSort};
pub use command::{Command, Idempotent, Page, Position, RequestTime, ResponseBody};
pub use coupons::{
    Campaign, CampaignDraft, CampaignListing, CampaignReport, CampaignState, CouponShards, CouponStatus, CouponTerms,
    CouponUse, Discount, IssuedCoupon, IssuedCouponView,
};
pub use error::Error;
pub use events::{CloudEvent, ORDER_CANCELLED, ORDER_PAID, OrderEvent, event_id};
pub use id::{CouponId, EntryId, OrderId, ProductId, UserId};
pub use idempotency::{Fingerprint, IdempotencyKey};
pub use money::{Currency, Money, SignedMoney};
pub use orders::{
    CancellationPeriod, Cart, CartLine, CouponCheck, LineCheck, Order, OrderChecks, OrderDecision, OrderLine,
    OrderStatus, PricedVersion, Prices,
};
pub use product_details::{FieldPatch, ImageUrl, ProductDetails, ProductDetailsPatch};
pub use products::{
    Product, ProductDraft, ProductInfo, ProductPatch, ProductStatus, ProductSummary, ProductVersion, Quantity, Stock,
    StockAdjustment, StockGathering, StockShards,
};
pub use reconciliation::{
    CampaignReconciliation, Counter, CustomerRecords, DayFacts, Finding, Ledger, LedgerLine, PlacedFact, Rule,
    StockReconciliation, Subject, UnitsSold,
};
pub use recorded_orders::{RecordedOrder, RecordedOrderFilter, ShardFacts};
pub use redistribution::Redistribution;
pub use rejection::{PriceChange, Rejection, Shortage};
pub use shards::{Allocation, ShardCount, ShardSnapshot, Shards};
pub use sold_out::SoldOut;
pub use staff::{ActionSubject, FieldChange, StaffAction};
pub use statistics::{
    CouponUses, DayTotals, FactDetails, ProductSales, RankedProduct, Ranking, SaleFact, SaleKind, SaleLine,
};
pub use text::{Description, Label, Name};
pub use time::{Day, DayRange, Timestamp};
pub use trace::TraceId;
pub use violation::{FieldError, Fields, Violation};
