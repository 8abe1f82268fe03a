//! Starts the function `create-product`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::create_product::run())
}
