//! Mutations: the proof that the tests can fail.
//!
//! Each row of `local/lab/mutations/*.yaml` says how to break one rule, and which test must then fail. `./local/shop mutate`
//! makes the mutations one by one in a copy of the project, builds it, and runs that test. A test that still passes does
//! not prove its rule.

mod copy;
mod table;
mod test_name;
mod trial;

pub use copy::Copy;
pub use table::{Mutation, table};
pub use test_name::TestName;
pub use trial::{Outcome, build, execute, run};
