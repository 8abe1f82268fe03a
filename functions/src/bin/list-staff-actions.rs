//! Starts the function `list-staff-actions`.

fn main() -> Result<(), sijang_edge::Error> {
    sijang_functions::start(sijang_functions::staff::list_staff_actions::run())
}
