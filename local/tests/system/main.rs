//! Black-box tests of the whole running shop: gateway, authorizer, functions, tables, stream, queue, schedule.
//!
//! One isolated stack on free ports serves all trials, which keep out of each other's way by using customers and
//! products of their own. A trial that disturbs others (it kills processes, changes a queue) waits until it is alone, or
//! starts a stack of its own. Whatever happens in a trial, the stacks and their folders are gone at the end.

#![allow(clippy::unwrap_used)] // a trial that cannot go on may end where it stands

mod browser;
mod copies;
mod gameday;
mod generated_client;
mod import;
mod kills;
mod ministack;
mod platform;
mod races;
mod readme;
mod redrive;
mod roles;
mod rules;
mod security;
mod stored;
mod tour;
mod watching;
mod world;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use crate::world::World;

/// The trials mostly wait: more of them than there are processors.
const THREADS: usize = 6;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let world = World::new();
    let mut rules = rules::trials(&world);
    rules.extend(security::trials(&world));
    let last = rules::last_trial(&world, &rules);
    let usual = [
        tour::trials(&world),
        rules,
        races::trials(&world),
        copies::trials(&world),
        platform::trials(&world),
        import::trials(&world),
    ];
    let usual: Vec<_> = usual.into_iter().flatten().collect();
    let roles_last = roles::last_trial(&world, &usual);
    let (browser, browser_trials) = browser::trials(&world);
    let (client, client_trials) = generated_client::trials(&world);
    let trials = [
        usual,
        ministack::trials(&world),
        stored::trials(&world),
        watching::trials(&world),
        roles::trials(&world),
        vec![last, roles_last],
        readme::trials(&world),
        vec![security::log_trial(&world)],
        redrive::trials(&world),
        gameday::trials(&world),
        kills::trials(&world),
        client_trials,
        browser_trials,
    ];
    let conclusion = libtest_mimic::run(&arguments, trials.into_iter().flatten().collect());
    browser.end();
    client.end();
    drop((browser, client));
    world.end();
    conclusion.exit_code()
}
