//! Crash points: whatever happens to any single call that a command or a worker makes, nothing is lost, doubled or
//! refused wrongly.
//!
//! A clean run counts the calls. Then, for each call and each fault that fits it, a fresh shop suffers that fault; the
//! client sends the same request again until it gets an answer, late calls arrive, events flow to the ranking, and the
//! books are audited. Faults come once, or last until the deadline; the process is also killed right before a call,
//! right after it, and while it is on its way.

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

// The shop of the storage contract, and the audit of its books.
#[allow(dead_code)]
#[path = "contract/audit.rs"]
mod audit;
#[allow(dead_code)]
#[path = "contract/engine.rs"]
mod engine;
#[allow(dead_code)]
#[path = "contract/shop.rs"]
mod shop;
#[allow(dead_code)]
#[path = "contract/snapshot.rs"]
mod snapshot;

#[path = "crash/books.rs"]
mod books;
#[path = "crash/case.rs"]
mod case;
#[path = "crash/chaos.rs"]
mod chaos;
#[path = "crash/commands.rs"]
mod commands;
#[path = "crash/enumeration.rs"]
mod enumeration;
#[path = "crash/proxy.rs"]
mod proxy;
#[path = "crash/scenario.rs"]
mod scenario;
#[path = "crash/strike.rs"]
mod strike;
#[path = "crash/workers.rs"]
mod workers;
#[path = "crash/world.rs"]
mod world;
