//! Starts the function `get-health`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::health::get_health::run())
}
