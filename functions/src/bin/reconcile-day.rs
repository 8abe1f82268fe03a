//! Starts the function `reconcile-day`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::statistics::reconcile_day::run())
}
