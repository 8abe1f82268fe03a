//! Starts the function `adjust-stock`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::adjust_stock::run())
}
