//! Model checking: every interleaving of small systems, so small that all of their states can be visited.
//!
//! The tests on real stores inject faults at chosen points; a model visits every point. What it cannot see is whether
//! the code does what the model says, which is what the other tests are for. Each model has negative controls: variants
//! with a mutation, for which the checker must find a counterexample.

#![allow(clippy::unwrap_used)] // in a test, what fails to unwrap fails the test

mod check;
mod pipeline;
mod shards;
