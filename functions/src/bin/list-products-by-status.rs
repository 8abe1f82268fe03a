//! Starts the function `list-products-by-status`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::products::list_products_by_status::run())
}
