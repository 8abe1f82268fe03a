//! Starts the function `list-customer-orders`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::list_customer_orders::run())
}
