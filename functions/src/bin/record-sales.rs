//! Starts the function `record-sales`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::statistics::record_sales::run())
}
