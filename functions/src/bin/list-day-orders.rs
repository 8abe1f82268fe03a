//! Starts the function `list-day-orders`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::list_day_orders::run())
}
