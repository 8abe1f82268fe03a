//! Starts the function `get-order`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::get_order::run())
}
