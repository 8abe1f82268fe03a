//! Starts the function `get-balance`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::balances::get_balance::run())
}
