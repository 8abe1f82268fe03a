//! Coupons: campaigns with their counters, and the coupons that users hold.

mod campaign;
mod counter;
mod issue;
mod reshard;

pub(crate) use campaign::{coupon_check, coupon_of};
pub(crate) use counter::counters_of;
