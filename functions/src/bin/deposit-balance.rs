//! Starts the function `deposit-balance`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::balances::deposit_balance::run())
}
