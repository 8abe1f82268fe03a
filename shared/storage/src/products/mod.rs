//! Products: their description, the catalogue, and their stock.

mod adjust;
mod catalogue;
mod names;
mod reshard;
mod search;
pub(crate) mod stock;

pub(crate) use stock::{ProductView, stocks_of};
