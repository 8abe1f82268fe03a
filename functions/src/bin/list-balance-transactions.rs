//! Starts the function `list-balance-transactions`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::balances::list_balance_transactions::run())
}
