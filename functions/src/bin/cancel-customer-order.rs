//! Starts the function `cancel-customer-order`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::cancel_customer_order::run())
}
