//! The functions as processes, killed at every call.

mod case;
mod commands;
mod concurrency;
mod deliveries;
mod enumeration;
mod odd_events;
mod redrive;
mod scenario;
mod start;
mod traces;
mod workers;
