//! Starts the function `list-daily-totals`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::statistics::list_daily_totals::run())
}
