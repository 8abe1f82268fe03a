//! Starts the function `cancel-order`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::cancel_order::run())
}
