//! The storage contract: what every engine that serves DynamoDB must let the store promise, written once.
//!
//! The engine is dynoxide, in this process, with a fresh database for each test; `SIJANG_CONTRACT_ENDPOINT` names another
//! (DynamoDB Local: `./local/dynamodb-local`), and `SIJANG_CONTRACT_AWS=1` takes an account. Each test is named after the
//! rule that it proves, and every refusal in here is also a proof that it left nothing behind (see `Request::refused`).

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

#[path = "contract/audit.rs"]
mod audit;
#[path = "contract/engine.rs"]
mod engine;
#[path = "contract/shop.rs"]
mod shop;
#[path = "contract/snapshot.rs"]
mod snapshot;

#[path = "contract/auditor.rs"]
mod auditor;
#[path = "contract/balances.rs"]
mod balances;
#[path = "contract/books.rs"]
mod books;
#[path = "contract/budget.rs"]
mod budget;
#[path = "contract/cancellations.rs"]
mod cancellations;
#[path = "contract/catalogue.rs"]
mod catalogue;
#[path = "contract/coupons.rs"]
mod coupons;
#[path = "contract/events.rs"]
mod events;
#[path = "contract/orders.rs"]
mod orders;
#[path = "contract/races.rs"]
mod races;
#[path = "contract/rounds.rs"]
mod rounds;
#[path = "contract/sales.rs"]
mod sales;
#[path = "contract/shards.rs"]
mod shards;
#[path = "contract/sold_out.rs"]
mod sold_out;
#[path = "contract/upgrade.rs"]
mod upgrade;
