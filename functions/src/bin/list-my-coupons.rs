//! Starts the function `list-my-coupons`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::list_my_coupons::run())
}
