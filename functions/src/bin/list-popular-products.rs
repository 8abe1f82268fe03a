//! Starts the function `list-popular-products`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::list_popular_products::run())
}
