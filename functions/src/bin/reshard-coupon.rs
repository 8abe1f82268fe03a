//! Starts the function `reshard-coupon`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::reshard_coupon::run())
}
