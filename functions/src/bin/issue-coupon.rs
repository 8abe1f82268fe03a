//! Starts the function `issue-coupon`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::issue_coupon::run())
}
