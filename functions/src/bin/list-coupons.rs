//! Starts the function `list-coupons`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::list_coupons::run())
}
