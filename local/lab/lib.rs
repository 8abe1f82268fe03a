//! Measurements. Each binary is a folder, with a short version of it as a test:
//!
//! | binary | measures |
//! |---|---|
//! | `simulation` | a flash sale against a simulated DynamoDB, in virtual time |
//! | `bench` | the functions beside the same handlers in other languages, and beside lower bounds |
