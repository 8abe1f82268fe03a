//! Fault enumeration: nothing is lost, doubled or wrongly rejected, whatever happens to any single call of a command or a
//! worker. A run without faults counts the calls; then each call of each scenario gets each fault that fits it. The calls in
//! the middle of a loop of reads do not: nothing is written between them, so they are equal.
//!
//! [`in_process`] runs the code of a function in the test process. Faults come once, three times or until the deadline,
//! and the work is also abandoned right before a call, right after it, and while it is in flight. [`processes`] runs the
//! functions as processes behind Lambda's Runtime API and ends them by `SIGKILL`: their mains, their clients as deployed,
//! and the calls in flight when a process is gone.
//!
//! [`enumeration`] is the same for both; each of them is a [`Driver`](enumeration::Driver).
//!
//! Afterwards the client repeats its request with the same key, the stream its batch, the queue delivers again after the
//! visibility timeout, the schedule runs again; late calls arrive, events flow to the ranking, and the invariants of
//! [`sijang_testkit::invariants`] must hold.

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

mod enumeration;
mod in_process;
mod injection;
mod processes;
