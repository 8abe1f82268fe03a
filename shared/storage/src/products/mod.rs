//! Products: what they are, the catalogue that lists them, and their stock.

mod adjust;
mod catalogue;
mod names;
mod reshard;
mod search;
pub(crate) mod stock;

pub(crate) use stock::{ProductView, stocks_of};
