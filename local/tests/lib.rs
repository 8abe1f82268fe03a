//! The tests of the shop. Each binary is a folder:
//!
//! | binary | proves |
//! |---|---|
//! | `storage` | the rules of the shop, on the store and an engine that serves DynamoDB |
//! | `faults` | nothing is lost or doubled, whatever happens to any call, in the test process and in their own |
//! | `models` | the protocols, by exhaustive search of a model |
//! | `artifacts` | template, OpenAPI document, release packages, pages and tables agree with the code |
//! | `system` | the whole running shop over HTTP, its storefront in a browser, a generated client |
