//! Starts the function `get-customer-balance`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::balances::get_customer_balance::run())
}
