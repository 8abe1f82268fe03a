//! Products: description, price and stock.

use std::{fmt, num::NonZeroU32, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Description, EntryId, Money, Name, OrderId, ProductDetails, ProductDetailsPatch, ProductId, ShardCount, Timestamp,
    Violation,
};

/// How many of one product an order takes: 1 to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Quantity(u32);

impl Quantity {
    /// The most of one product that an order takes.
    pub const MAX: u32 = 99;

    /// A quantity; a violation outside 1 to 99.
    pub fn new(units: i64) -> Result<Self, Violation> {
        let out = Violation::OutOfRange { min: 1, max: Self::MAX.into() };
        u32::try_from(units).ok().filter(|units| (1..=Self::MAX).contains(units)).map(Self).ok_or(out)
    }

    /// The units.
    pub const fn units(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = i64::deserialize(deserializer)?;
        Self::new(units).map_err(|_| serde::de::Error::custom("not a quantity"))
    }
}

/// Units on hand: 0 to one thousand million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Stock(u32);

impl Stock {
    /// The most units of one product that the shop keeps.
    pub const MAX: u32 = 1_000_000_000;

    /// Units on hand; a violation outside 0 to [`Stock::MAX`].
    pub fn new(units: i64) -> Result<Self, Violation> {
        let out = Violation::OutOfRange { min: 0, max: Self::MAX.into() };
        u32::try_from(units).ok().filter(|units| *units <= Self::MAX).map(Self).ok_or(out)
    }

    /// Units on hand as they were counted. Units that come back from cancelled orders may pass the limit, which is one
    /// for administrators.
    pub const fn counted(units: u32) -> Self {
        Self(units)
    }

    /// The units.
    pub const fn units(self) -> u32 {
        self.0
    }
}

/// Which name of a product: 1 is its first, and each new name makes the next version. Nothing else makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductVersion(NonZeroU32);

impl ProductVersion {
    /// The version that a product is created with.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Its number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// Whether it is the first. The form that serde calls.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub fn is_first(&self) -> bool {
        *self == Self::FIRST
    }
}

impl Default for ProductVersion {
    fn default() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for ProductVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ProductVersion {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        text.parse().map(Self).map_err(|_| Violation::Malformed)
    }
}

/// Whether a product can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductStatus {
    /// Listed and sold.
    Active,
    /// Neither listed nor sold; its page can still be read.
    Inactive,
}

/// A product as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// Which one.
    pub product_id: ProductId,
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Description,
    /// The price of one unit.
    pub price: Money,
    /// Units on hand, as they were up to two seconds ago. Whether there are enough is decided by an order.
    pub stock: Stock,
    /// Whether it can be ordered.
    pub status: ProductStatus,
    /// Its optional fields.
    #[serde(flatten)]
    pub details: ProductDetails,
}

/// A product as the catalogue lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ProductSummary {
    /// Which one.
    pub product_id: ProductId,
    /// Its name.
    pub name: Name,
    /// The price of one unit.
    pub price: Money,
    /// Units on hand.
    pub stock: Stock,
    /// Its optional fields.
    #[serde(flatten)]
    pub details: ProductDetails,
}

/// A product without its stock, as staff commands return it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ProductInfo {
    /// Which one.
    pub product_id: ProductId,
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Description,
    /// The price of one unit.
    pub price: Money,
    /// Whether it can be ordered.
    pub status: ProductStatus,
    /// Its optional fields.
    #[serde(flatten)]
    pub details: ProductDetails,
}

/// A product to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductDraft {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Description,
    /// The price of one unit.
    pub price: Money,
    /// Units on hand at the start.
    pub stock: Stock,
    /// Its optional fields.
    #[serde(flatten)]
    pub details: ProductDetails,
}

impl ProductDraft {
    /// The highest price of one unit: the largest order (50 lines of 99 units) stays below [`Money::MAX`].
    pub const MAX_PRICE: i64 = 100_000_000;

    /// A price of one unit; a violation outside 0 to [`Self::MAX_PRICE`].
    pub fn parse_price(minor: i64) -> Result<Money, Violation> {
        Money::new(minor)
            .ok()
            .filter(|price| price.minor() <= Self::MAX_PRICE)
            .ok_or(Violation::OutOfRange { min: 0, max: Self::MAX_PRICE })
    }

    /// The product that this draft becomes.
    pub fn created(self, product_id: ProductId) -> Product {
        let Self { name, description, price, stock, details } = self;
        Product { product_id, name, description, price, stock, status: ProductStatus::Active, details }
    }
}

/// A change to a product: fields that are present replace the stored ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ProductPatch {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<Description>,
    /// A new price of one unit.
    pub price: Option<Money>,
    /// A new status.
    pub status: Option<ProductStatus>,
    /// Changes of its optional fields.
    #[serde(flatten)]
    pub details: ProductDetailsPatch,
}

impl ProductPatch {
    /// The product with the change made.
    pub fn applied_to(&self, info: ProductInfo) -> ProductInfo {
        let patch = self.clone();
        ProductInfo {
            product_id: info.product_id,
            name: patch.name.unwrap_or(info.name),
            description: patch.description.unwrap_or(info.description),
            price: patch.price.unwrap_or(info.price),
            status: patch.status.unwrap_or(info.status),
            details: patch.details.applied_to(info.details),
        }
    }
}

/// An entry of the stock ledger: units added (delivery, return) or taken (damage, loss).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StockAdjustment {
    /// Sorts by time.
    pub adjustment_id: EntryId,
    /// Which product.
    pub product_id: ProductId,
    /// Units added; negative when taken.
    pub delta: i64,
    /// Why.
    pub reason: Name,
    /// When.
    pub created_at: Timestamp,
}

/// Into how many shards the stock of a product is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StockShards {
    /// Which product.
    pub product_id: ProductId,
    /// How many shards.
    pub shards: ShardCount,
}

/// Units that were moved into one shard of a product, so that an order could take them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StockGathering {
    /// Which product.
    pub product_id: ProductId,
    /// For which order.
    pub order_id: OrderId,
    /// Units in the shard afterwards.
    pub units: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_and_stock_have_both_ends() {
        for (units, good) in [(0, false), (1, true), (99, true), (100, false), (-1, false), (1 << 32, false)] {
            assert_eq!(Quantity::new(units).is_ok(), good, "{units}");
        }
        for (units, good) in [(-1, false), (0, true), (1_000_000_000, true), (1_000_000_001, false)] {
            assert_eq!(Stock::new(units).is_ok(), good, "{units}");
        }
        assert_eq!(Stock::new(7).map(Stock::units), Ok(7));
        assert_eq!(Stock::counted(Stock::MAX + 1).units(), Stock::MAX + 1);
    }

    #[test]
    fn the_largest_order_at_the_highest_price_is_still_money() {
        let price = ProductDraft::parse_price(ProductDraft::MAX_PRICE).unwrap();
        assert!(ProductDraft::parse_price(ProductDraft::MAX_PRICE + 1).is_err());
        let lines = u32::try_from(crate::Cart::MAX_LINES).unwrap();
        assert!(price.checked_mul(Quantity::MAX * lines).is_some());
    }

    #[test]
    fn versions_of_a_product_count_from_1() {
        let second = ProductVersion::FIRST.next();
        assert_eq!((ProductVersion::default().get(), second.get(), second.is_first()), (1, 2, false));
        assert_eq!(second.to_string().parse(), Ok(second));
        for bad in ["0", "", "-1", "x", "4294967296"] {
            assert_eq!(bad.parse::<ProductVersion>(), Err(Violation::Malformed), "{bad}");
        }
    }

    #[test]
    fn draft_without_details_has_the_fingerprint_of_the_first_release() {
        let draft = ProductDraft {
            name: Name::parse("tea").unwrap(),
            description: Description::default(),
            price: Money::new(900).unwrap(),
            stock: Stock::counted(7),
            details: ProductDetails::default(),
        };
        let json = r#"{"name":"tea","description":"","price":{"amount":900,"currency":"KRW"},"stock":7}"#;
        assert_eq!(serde_json::to_string(&draft).unwrap(), json);
        let patch = ProductPatch { price: Money::new(900).ok(), ..ProductPatch::default() };
        let json = r#"{"name":null,"description":null,"price":{"amount":900,"currency":"KRW"},"status":null}"#;
        assert_eq!(serde_json::to_string(&patch).unwrap(), json);
    }

    #[test]
    fn a_patch_replaces_only_what_it_gives() {
        let before = ProductInfo {
            product_id: ProductId::new(Timestamp::from_millis(0).unwrap(), 1),
            name: Name::parse("before").unwrap(),
            description: Description::parse("kept").unwrap(),
            price: Money::new(1_000).unwrap(),
            status: ProductStatus::Active,
            details: ProductDetails::default(),
        };
        let patch = ProductPatch { price: Money::new(900).ok(), ..ProductPatch::default() };
        let after = patch.applied_to(before.clone());
        assert_eq!(after, ProductInfo { price: Money::new(900).unwrap(), ..before });
    }
}
