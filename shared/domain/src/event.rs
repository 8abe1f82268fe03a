//! Order events, as CloudEvents 1.0 with JSON data. Consumers deduplicate by `id`.

use serde::{Deserialize, Serialize};

use crate::{Order, OrderId, OrderStatus, Timestamp, UserId};

/// The type of the event of a paid order.
pub const ORDER_PAID: &str = "order.paid.v1";
/// The type of the event of a cancelled order.
pub const ORDER_CANCELLED: &str = "order.cancelled.v1";

/// What happened: the order as it is after the event, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderEvent {
    /// The customer.
    pub user_id: UserId,
    /// The order.
    #[serde(flatten)]
    pub order: Order,
}

impl OrderEvent {
    /// The event's type, by what became of the order.
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
    /// What happened.
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

    /// Whether the envelope fits what it carries: what is not of a known type and version must not be counted.
    pub fn is_consistent(&self) -> bool {
        self.specversion == "1.0" && self.r#type == self.data.kind() && self.id == self.data.id()
    }
}
