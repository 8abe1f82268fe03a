//! Starts the function `place-order`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::place_order::run())
}
