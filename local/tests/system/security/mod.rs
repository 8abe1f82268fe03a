//! Attacks on the running shop: with tokens that are none, with other people's identifiers, with hostile input; and what
//! its logs give away. Every test is over all routes of the contract: a new route is attacked as soon as it is there.

mod input;
mod logs;
mod ownership;
mod routes;
mod tokens;

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::world::{World, own_trial, trial};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        trial(
            world,
            "security::tokens::no_token_that_is_not_in_order_gets_anywhere",
            tokens::no_token_that_is_not_in_order_gets_anywhere,
        ),
        trial(
            world,
            "security::tokens::a_route_that_is_not_public_wants_a_token_of_its_scope",
            tokens::a_route_that_is_not_public_wants_a_token_of_its_scope,
        ),
        trial(
            world,
            "security::tokens::the_function_asks_again_and_believes_nothing_but_claims",
            tokens::the_function_asks_again_and_believes_nothing_but_claims,
        ),
        trial(
            world,
            "security::ownership::what_belongs_to_another_is_not_there",
            ownership::what_belongs_to_another_is_not_there,
        ),
        trial(
            world,
            "security::input::hostile_input_is_rejected_and_never_repeated",
            input::hostile_input_is_rejected_and_never_repeated,
        ),
    ]
}

/// The trial that needs a shop of its own, at the most talkative.
pub fn log_trial(world: &Arc<World>) -> Trial {
    own_trial(world, "security::logs::nothing_of_a_request_is_in_the_logs", logs::nothing_of_a_request_is_in_the_logs)
}
