//! Starts the function `reshard-stock`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::reshard_stock::run())
}
