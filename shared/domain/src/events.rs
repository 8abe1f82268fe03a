//! Order events, as CloudEvents 1.0 with JSON data. Consumers deduplicate by `id`.

use serde::{Deserialize, Serialize};

use crate::{Order, OrderId, OrderStatus, Timestamp, UserId};

/// The type of the event of a paid order.
pub const ORDER_PAID: &str = "order.paid.v1";
/// The type of the event of a cancelled order.
pub const ORDER_CANCELLED: &str = "order.cancelled.v1";

/// The order as it is after the event, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderEvent {
    /// The customer.
    pub user_id: UserId,
    /// The order.
    #[serde(flatten)]
    pub order: Order,
}

impl OrderEvent {
    /// The event's type, by the status of the order.
    pub fn kind(&self) -> &'static str {
        match self.order.status {
            OrderStatus::Paid => ORDER_PAID,
            OrderStatus::Cancelled => ORDER_CANCELLED,
        }
    }

    /// The event's identity: an order is paid once and cancelled at most once, so the order and the fact name it.
    pub fn id(&self) -> String {
        event_id(self.order.order_id, self.order.status)
    }
}

/// The identity of the event by which an order got this status.
pub fn event_id(order_id: OrderId, status: OrderStatus) -> String {
    match status {
        OrderStatus::Paid => format!("{order_id}.paid"),
        OrderStatus::Cancelled => format!("{order_id}.cancelled"),
    }
}

/// The envelope of an order event (CloudEvents 1.0, structured JSON).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// The event's identity; unique with `source`.
    pub id: String,
    /// Who says so.
    pub source: String,
    /// Type of the event.
    pub r#type: String,
    /// The order's identifier.
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The order.
    pub data: OrderEvent,
}

impl CloudEvent {
    /// The envelope for an event that happened at `time`.
    pub fn of(data: OrderEvent, time: Timestamp) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id: data.id(),
            source: "/sijang/orders".to_owned(),
            r#type: data.kind().to_owned(),
            subject: data.order.order_id.to_string(),
            time,
            datacontenttype: "application/json".to_owned(),
            data,
        }
    }

    /// Whether the envelope fits its data. An event of an unknown type or version must not be counted.
    pub fn is_consistent(&self) -> bool {
        self.specversion == "1.0" && self.r#type == self.data.kind() && self.id == self.data.id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Money;

    fn event(status: OrderStatus) -> CloudEvent {
        let order = Order {
            order_id: OrderId::new(Timestamp::EPOCH, 7),
            status,
            lines: Vec::new(),
            list_price: Money::ZERO,
            discount: Money::ZERO,
            paid_price: Money::ZERO,
            coupon_id: None,
            paid_at: Timestamp::EPOCH,
            cancelled_at: None,
        };
        CloudEvent::of(OrderEvent { user_id: UserId::parse("alice").unwrap(), order }, Timestamp::EPOCH)
    }

    #[test]
    fn an_envelope_is_named_after_what_it_carries() {
        let (paid, cancelled) = (event(OrderStatus::Paid), event(OrderStatus::Cancelled));
        let order = paid.data.order.order_id;
        assert_eq!((paid.id.as_str(), paid.r#type.as_str()), (&*format!("{order}.paid"), "order.paid.v1"));
        let expected = (&*format!("{order}.cancelled"), "order.cancelled.v1");
        assert_eq!((cancelled.id.as_str(), cancelled.r#type.as_str()), expected);
        assert!(paid.is_consistent() && cancelled.is_consistent());
    }

    #[test]
    fn an_envelope_that_says_something_else_than_its_content_is_not_counted() {
        let (paid, cancelled) = (event(OrderStatus::Paid), event(OrderStatus::Cancelled));
        for wrong in [
            CloudEvent { specversion: "2.0".to_owned(), ..paid.clone() },
            CloudEvent { id: cancelled.id.clone(), ..paid.clone() },
            CloudEvent { r#type: cancelled.r#type.clone(), ..paid.clone() },
            CloudEvent { data: cancelled.data.clone(), ..paid },
        ] {
            assert!(!wrong.is_consistent(), "{wrong:?}");
        }
    }
}
