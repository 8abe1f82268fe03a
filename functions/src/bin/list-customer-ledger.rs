//! Starts the function `list-customer-ledger`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::balances::list_customer_ledger::run())
}
