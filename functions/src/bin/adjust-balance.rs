//! Starts the function `adjust-balance`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::balances::adjust_balance::run())
}
