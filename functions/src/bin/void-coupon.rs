//! Starts the function `void-coupon`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::void_coupon::run())
}
