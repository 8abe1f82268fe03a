//! The shop's rules, and nothing else: no I/O, no async, no AWS.
//!
//! Everything a rule needs comes in as an argument (the time among it), and everything it decides goes out as a value,
//! so that each rule is in one place and can be tested by a plain function call. The serialised form of these types is
//! the public contract: what a function answers is one of them, rendered.

mod answer;
mod balance;
mod books;
mod coupon;
mod error;
mod event;
mod exchange;
mod id;
pub mod metric;
mod money;
mod order;
mod product;
mod refusal;
pub mod schema;
mod shards;
mod sold_out;
mod stats;
mod text;
mod time;
mod trace;
mod violation;

pub use answer::{Fingerprint, IdempotencyKey};
pub use balance::{Deposit, DepositLimits, EntryType, LedgerEntry};
pub use books::{
    Account, CampaignBooks, Counter, DayFacts, Finding, Ledger, LedgerLine, PlacedFact, Rule, Shelf, ShelfSales,
    Subject,
};
pub use coupon::{
    Campaign, CampaignDraft, CampaignListing, CouponShards, CouponStatus, CouponTerms, CouponUse, Discount,
    IssuedCoupon, IssuedCouponView,
};
pub use error::Error;
pub use event::{CloudEvent, ORDER_CANCELLED, ORDER_PAID, OrderEvent};
pub use exchange::{Answered, Command, Moment, Page, Position, Rendered};
pub use id::{CouponId, EntryId, OrderId, ProductId, UserId};
pub use money::{Currency, Money, SignedMoney};
pub use order::{Cart, CartLine, CouponFinding, Findings, LineFinding, Order, OrderLine, OrderStatus, Prices, Verdict};
pub use product::{
    Product, ProductDraft, ProductInfo, ProductPatch, ProductStatus, ProductSummary, Quantity, Stock, StockAdjustment,
    StockShards,
};
pub use refusal::{PriceChange, Refusal, Shortage};
pub use shards::{Draw, ShardCount, Shards, Sighting};
pub use sold_out::SoldOut;
pub use stats::{DayTotals, ProductSales, RankedProduct, Ranking, SaleFact, SaleKind};
pub use text::{Description, Name};
pub use time::{Day, Timestamp};
pub use trace::TraceId;
pub use violation::{FieldError, Fields, Violation};
