//! Starts the function `finish-commands`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::events::finish_commands::run())
}
