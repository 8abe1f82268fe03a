//! Starts the function `get-daily-stats`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::statistics::get_daily_stats::run())
}
