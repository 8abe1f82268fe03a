//! Starts the function `list-products`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::list_products::run())
}
