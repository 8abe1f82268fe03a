//! Starts the function `publish-order-events`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::events::publish_order_events::run())
}
