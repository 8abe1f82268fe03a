//! Actions of staff: who did what, when, why, and which figures it changed.

use serde::{Deserialize, Serialize};

use crate::{CouponId, EntryId, Name, OrderId, ProductId, ProductInfo, ProductStatus, Timestamp, UserId};

/// An accepted command of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StaffAction {
    /// Identifiers sort by time.
    pub action_id: EntryId,
    /// The operation, such as `adjust-stock`.
    #[schema(examples("adjust-stock"))]
    pub action: String,
    /// The member of staff or the machine: the access token's `sub`.
    #[schema(value_type = String)]
    pub staff_id: UserId,
    /// Required where money or goods move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
    /// The `Idempotency-Key` of the request.
    pub idempotency_key: String,
    /// The subject of the action.
    #[serde(flatten)]
    pub subject: ActionSubject,
    /// The fields that the action changed.
    pub changes: Vec<FieldChange>,
    /// When the request arrived.
    pub created_at: Timestamp,
}

/// The subject of a staff action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActionSubject {
    /// The product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// The campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_id: Option<CouponId>,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

impl ActionSubject {
    /// A product.
    pub fn product(product_id: ProductId) -> Self {
        Self { product_id: Some(product_id), ..Self::default() }
    }

    /// A campaign.
    pub fn campaign(coupon_id: CouponId) -> Self {
        Self { coupon_id: Some(coupon_id), ..Self::default() }
    }

    /// A customer.
    pub fn customer(user: &UserId) -> Self {
        Self { user_id: Some(user.clone()), ..Self::default() }
    }

    /// A customer's order.
    pub fn order(user: &UserId, order_id: OrderId) -> Self {
        Self { order_id: Some(order_id), ..Self::customer(user) }
    }
}

/// One field that an action changed. Values are text; amounts are in KRW minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldChange {
    /// The name of the field, such as `price`.
    pub field: String,
    /// The value before; left out when there was none, or when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The amount added to a figure that sales also change; negative when it was subtracted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<i64>,
}

impl FieldChange {
    /// A field that has a value for the first time.
    #[allow(clippy::needless_pass_by_value)] // numbers and identifiers
    pub fn to(field: &str, after: impl ToString) -> Self {
        Self { field: field.to_owned(), after: Some(after.to_string()), ..Self::default() }
    }

    /// A field whose value was replaced.
    #[allow(clippy::needless_pass_by_value)] // numbers and identifiers
    pub fn from_to(field: &str, before: impl ToString, after: impl ToString) -> Self {
        Self { before: Some(before.to_string()), ..Self::to(field, after) }
    }

    /// A figure to which something was added.
    pub fn by(field: &str, delta: i64) -> Self {
        Self { field: field.to_owned(), delta: Some(delta), ..Self::default() }
    }

    /// The changed fields of a product. A description can be long, so only the fact that it changed is stored.
    pub fn of_product(before: &ProductInfo, after: &ProductInfo) -> Vec<Self> {
        let ProductInfo { product_id: _, name, description, price, status, details } = before;
        let mut changes = Vec::new();
        if *name != after.name {
            changes.push(Self::from_to("name", name.as_str(), after.name.as_str()));
        }
        if *description != after.description {
            changes.push(Self { field: "description".to_owned(), ..Self::default() });
        }
        if *price != after.price {
            changes.push(Self::from_to("price", price.minor(), after.price.minor()));
        }
        if *status != after.status {
            changes.push(Self::from_to("status", status.as_str(), after.status.as_str()));
        }
        for ((field, before), (_, after)) in details.texts().into_iter().zip(after.details.texts()) {
            if before != after {
                let [before, after] = [before, after].map(|text| text.map(ToOwned::to_owned));
                changes.push(Self { field: field.to_owned(), before, after, delta: None });
            }
        }
        changes
    }
}

impl ProductStatus {
    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Description, Label, Money, ProductDetails};

    #[test]
    fn an_update_is_recorded_by_the_fields_that_it_changed() {
        let money = |minor| Money::new(minor).unwrap();
        let before = ProductInfo {
            product_id: ProductId::new(Timestamp::EPOCH, 7),
            name: Name::parse("tea").unwrap(),
            description: Description::default(),
            price: money(100),
            status: ProductStatus::Active,
            details: ProductDetails { size: Label::parse("40g").ok(), ..ProductDetails::default() },
        };
        assert_eq!(FieldChange::of_product(&before, &before), []);
        let after = ProductInfo {
            name: Name::parse("green tea").unwrap(),
            description: Description::parse("from Boseong").unwrap(),
            price: money(90),
            status: ProductStatus::Inactive,
            details: ProductDetails { category: Label::parse("tea").ok(), ..ProductDetails::default() },
            ..before.clone()
        };
        let expected = [
            FieldChange::from_to("name", "tea", "green tea"),
            FieldChange { field: "description".to_owned(), ..FieldChange::default() },
            FieldChange::from_to("price", 100, 90),
            FieldChange::from_to("status", "ACTIVE", "INACTIVE"),
            FieldChange::to("category", "tea"),
            FieldChange { field: "size".to_owned(), before: Some("40g".to_owned()), ..FieldChange::default() },
        ];
        assert_eq!(FieldChange::of_product(&before, &after), expected);
        let json = |status| serde_json::to_value(status).unwrap();
        for status in [ProductStatus::Active, ProductStatus::Inactive] {
            assert_eq!(json(status), status.as_str());
        }
    }
}
