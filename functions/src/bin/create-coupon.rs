//! Starts the function `create-coupon`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::create_coupon::run())
}
