//! Mutations: the proof that the tests can fail.
//!
//! `local/lab/mutations/*.yaml` says how to break one rule each, and which test must fail. `./local/shop mutate` makes them one
//! by one in a copy of the project, builds it and runs that test, which must fail. A test that still
//! passes does not prove its rule.

mod copy;
mod table;
mod test_name;
mod trial;

pub use copy::Copy;
pub use table::{Mutation, table};
pub use test_name::TestName;
pub use trial::{Outcome, run};
