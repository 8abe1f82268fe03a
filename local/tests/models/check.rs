//! Visits all states of a model, and says how many there were.

use std::{
    fmt::Debug,
    hash::Hash,
    io::{self, Write as _},
};

use stateright::{Checker, HasDiscoveries, Model};

/// Every property holds in every state.
pub fn holds<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + Debug + PartialEq,
{
    let checker = model.checker().threads(2).spawn_bfs().join();
    // Straight to the terminal: the figure is to be seen when the test passes, too.
    let _ = writeln!(io::stderr(), "model {name}: {} states, no counterexample", checker.unique_state_count());
    checker.assert_properties();
}

/// The property fails in some state: the checker finds a counterexample.
pub fn fails<M>(name: &str, model: M, property: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + Debug + PartialEq,
{
    // One thread, so that the first counterexample is the shortest.
    let wanted = HasDiscoveries::AnyOf([property].into());
    let checker = model.checker().finish_when(wanted).threads(1).spawn_bfs().join();
    let counterexample = checker.discovery(property);
    let counterexample = counterexample.unwrap_or_else(|| panic!("{name}: nothing found against `{property}`"));
    let steps = counterexample.into_actions();
    let _ = writeln!(io::stderr(), "model {name}: `{property}` fails after {} steps: {steps:?}", steps.len());
}
