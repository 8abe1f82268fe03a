//! Starts the function `export-day`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::statistics::export_day::run())
}
