//! Planted defects: the proof that the tests can fail.
//!
//! `local/planted/*.yaml` says how to break one rule each, and which test must notice. `./local/shop mutate` takes them in
//! turn: breaks a copy of the project, builds it, runs that one test, and wants to see it fail. A test that goes on
//! passing proves nothing of the rule that was taken out.

mod copy;
mod table;
mod test_name;
mod trial;

pub use copy::Copy;
pub use table::{Defect, table};
pub use test_name::TestName;
pub use trial::{Outcome, run};
