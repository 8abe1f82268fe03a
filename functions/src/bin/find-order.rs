//! Starts the function `find-order`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::orders::find_order::run())
}
