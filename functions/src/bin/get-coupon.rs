//! Starts the function `get-coupon`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::get_coupon::run())
}
