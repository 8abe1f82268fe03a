//! The deployed binaries, killed at every call: the processes themselves, behind Lambda's runtime API, ended by `SIGKILL`.
//!
//! A clean run of each command and worker counts the calls that its process makes. Then, for each call, a process dies
//! before the call is done, while it is on its way, after it was done and before the reply, and by running into the
//! function's timeout; or it lives, and the service fails. Whoever started it does what it does on AWS: the client repeats its request with the same key,
//! the stream its batch, the queue delivers again after the visibility timeout, the scheduler starts over. The events
//! flow on through the other binaries, and the books are audited. What `crash` shows of the code, this shows of the
//! processes: their mains, their clients as they are deployed, and what they leave in the air when they are gone.

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

// The shop of the storage contract, the audit of its books, and the services behind proxies.
#[allow(dead_code)]
#[path = "contract/audit.rs"]
mod audit;
#[allow(dead_code)]
#[path = "crash/books.rs"]
mod books;
#[allow(dead_code)]
#[path = "contract/engine.rs"]
mod engine;
#[allow(dead_code)]
#[path = "contract/shop.rs"]
mod shop;
#[allow(dead_code)]
#[path = "contract/snapshot.rs"]
mod snapshot;
#[allow(dead_code)]
#[path = "crash/world.rs"]
mod world;

#[path = "rig/case.rs"]
mod case;
#[path = "rig/commands.rs"]
mod commands;
#[path = "rig/concurrency.rs"]
mod concurrency;
#[path = "rig/deliveries.rs"]
mod deliveries;
#[path = "rig/enumeration.rs"]
mod enumeration;
#[path = "rig/environment.rs"]
mod environment;
#[path = "rig/events.rs"]
mod events;
#[path = "rig/functions.rs"]
mod functions;
#[path = "rig/lambda.rs"]
mod lambda;
#[path = "rig/odd_events.rs"]
mod odd_events;
#[path = "rig/redrive.rs"]
mod redrive;
#[path = "rig/runtime_api.rs"]
mod runtime_api;
#[path = "rig/scenario.rs"]
mod scenario;
#[path = "rig/secure.rs"]
mod secure;
#[path = "rig/start.rs"]
mod start;
#[path = "rig/traces.rs"]
mod traces;
#[path = "rig/trigger.rs"]
mod trigger;
#[path = "rig/workers.rs"]
mod workers;
