//! Starts the function `get-product`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::get_product::run())
}
