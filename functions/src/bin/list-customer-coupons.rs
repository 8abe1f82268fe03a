//! Starts the function `list-customer-coupons`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::list_customer_coupons::run())
}
