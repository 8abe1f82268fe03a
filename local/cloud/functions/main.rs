//! All functions in one program for this machine: `functions NAME` runs the `main` of that function's binary. On AWS each
//! function has a binary of its own (`functions/src/bin`). To link this one takes two seconds after a change of a shared crate;
//! to link all of those takes half a minute and two gigabytes.

type Main = fn() -> Result<(), sijang_edge::Error>;

// The functions by name, `FUNCTIONS`: written by build.rs.
include!(concat!(env!("OUT_DIR"), "/functions.rs"));

fn main() -> Result<(), sijang_edge::Error> {
    let name = std::env::args().nth(1).unwrap_or_default();
    match FUNCTIONS.iter().find(|(function, _)| *function == name) {
        Some((_, run)) => run(),
        None => Err(format!("there is no function {name:?}").into()),
    }
}
