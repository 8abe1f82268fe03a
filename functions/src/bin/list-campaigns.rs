//! Starts the function `list-campaigns`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::coupons::list_campaigns::run())
}
