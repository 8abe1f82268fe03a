//! An order as the tables store it: in the orders table, and in the event of its command.

mod versions;

use serde::{Deserialize, Serialize};
use sijang_domain::{CouponId, Error, Money, Order, OrderId, OrderLine, OrderStatus, ProductId, Quantity, Timestamp};

pub(crate) use self::versions::LineVersions;

/// An order in compact form. A write of up to 1 KB costs one unit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrderRecord {
    id: OrderId,
    status: OrderStatus,
    lines: Vec<LineRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<LineVersions>,
    /// List price, KRW minor units.
    list: i64,
    /// Discount, KRW minor units.
    off: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<CouponId>,
    /// When it was paid, milliseconds since the epoch.
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<i64>,
}

/// Product, quantity, unit price.
#[derive(Debug, Serialize, Deserialize)]
struct LineRecord {
    p: ProductId,
    q: u32,
    u: i64,
}

impl OrderRecord {
    pub(crate) fn of(order: &Order) -> Self {
        let line =
            |line: &OrderLine| LineRecord { p: line.product_id, q: line.quantity.units(), u: line.unit_price.minor() };
        Self {
            id: order.order_id,
            status: order.status,
            lines: order.lines.iter().map(line).collect(),
            v: LineVersions::of(order.lines.iter().map(|line| line.product_version)),
            list: order.list_price.minor(),
            off: order.discount.minor(),
            coupon: order.coupon_id,
            at: order.paid_at.millis(),
            cancelled_at: order.cancelled_at.map(Timestamp::millis),
        }
    }

    pub(crate) fn order(self) -> Result<Order, Error> {
        let corrupt = |_| Error::corrupt("order", "a value is out of range");
        let versions = LineVersions::each(self.v, self.lines.len())?;
        let line = |(line, product_version): (LineRecord, _)| {
            let (quantity, unit_price) = (Quantity::new(line.q.into())?, Money::new(line.u)?);
            Ok(OrderLine { product_id: line.p, quantity, unit_price, product_version, name: None })
        };
        let lines = self.lines.into_iter().zip(versions).map(line).collect::<Result<_, _>>().map_err(corrupt)?;
        let time = |at| Timestamp::from_millis(at).map_err(corrupt);
        Ok(Order {
            order_id: self.id,
            status: self.status,
            lines,
            list_price: Money::new(self.list).map_err(corrupt)?,
            discount: Money::new(self.off).map_err(corrupt)?,
            paid_price: Money::new(self.list - self.off).map_err(corrupt)?,
            coupon_id: self.coupon,
            paid_at: time(self.at)?,
            cancelled_at: self.cancelled_at.map(time).transpose()?,
        })
    }
}
