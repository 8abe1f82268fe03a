//! Every rule of the shop, and every type of problem, as a client meets them.

mod admin;
mod balance;
mod cancellations;
mod catalogue;
mod coupons;
mod identity;
mod lists;
mod orders;
mod recorded;
mod requests;
mod shards;
mod staff;
mod staff_reads;
mod stats;

use std::{collections::BTreeSet, sync::Arc};

use libtest_mimic::{Completion, Trial};
use sijang_edge::CATALOGUE;
use sijang_testkit::http::PROVOKED;

use crate::world::{World, own_trial};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    let groups = [
        identity::trials(world),
        balance::trials(world),
        orders::trials(world),
        recorded::trials(world),
        cancellations::trials(world),
        coupons::trials(world),
        admin::trials(world),
        requests::trials(world),
        lists::trials(world),
        catalogue::trials(world),
        shards::trials(world),
        staff::trials(world),
        staff_reads::trials(world),
        stats::trials(world),
    ];
    groups.into_iter().flatten().collect()
}

/// The catalogue and the trials of the rules agree on which problems there are. Must come after them.
pub fn last_trial(world: &Arc<World>, rules: &[Trial]) -> Trial {
    let rules: Vec<String> = rules.iter().map(|trial| trial.name().to_owned()).collect();
    own_trial(world, "rules::every_problem_type_was_provoked", async move |world| {
        every_problem_type_was_provoked(&world, &rules)
    })
}

/// Contention that outlasts a request's patience cannot be made at will.
const EXCEPTIONS: [&str; 1] = ["busy"];

/// Says nothing when some of the rules were left out or have failed.
fn every_problem_type_was_provoked(world: &World, rules: &[String]) -> Completion {
    if !rules.iter().all(|rule| world.has_passed(rule)) {
        return Completion::ignored_with("only part of the trials has passed");
    }
    let mut expected: BTreeSet<&str> = CATALOGUE.iter().map(|kind| kind.code).collect();
    for exception in EXCEPTIONS {
        assert!(expected.remove(exception), "{exception} is no problem type any more");
    }
    let provoked = PROVOKED.lock().unwrap();
    let mut provoked: BTreeSet<&str> = provoked.iter().map(String::as_str).collect();
    for exception in EXCEPTIONS {
        provoked.remove(exception);
    }
    assert_eq!(provoked, expected);
    Completion::Completed
}
