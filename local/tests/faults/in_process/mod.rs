//! The code of the functions, in the test process.

mod case;
mod chaos;
mod commands;
mod enumeration;
mod export;
mod injection;
mod proxy;
mod scenario;
mod workers;
