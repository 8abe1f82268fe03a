//! Starts the function `update-product`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::update_product::run())
}
