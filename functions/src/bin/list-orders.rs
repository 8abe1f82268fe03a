//! Starts the function `list-orders`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::list_orders::run())
}
