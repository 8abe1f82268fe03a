//! Starts the function `aggregate-daily-stats`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::statistics::aggregate_daily_stats::run())
}
