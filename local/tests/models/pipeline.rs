//! From the order to the day's total: stream, relay, queue, consumer, DLQ messages, facts, aggregators.
//!
//! Whatever crashes, comes twice, late or in another order: no event counts twice, no total gives way to one that
//! counts fewer facts, and when all is delivered and the aggregator has run once more, the total is exact. Faults are
//! limited in number, so that every run comes to an end.

use stateright::{Model, Property};

use crate::check::{fails, holds};

/// The effect of an event on the day. The third is the cancellation of the first.
const UNITS: [i8; EVENTS] = [1, 2, -1];
const EVENTS: usize = 3;
/// Facts lie in two partitions, read one after the other: an order's facts in one of them.
const PARTITION: [usize; EVENTS] = [0, 1, 0];
/// After so many receives a message goes to the DLQ messages.
const RECEIVES: u8 = 2;

/// A deliberate fault of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
    None,
    /// The consumer adds to a count; it does not write a fact that has the event's name.
    BareAdd,
    /// The relay says that it is done with a batch before the queue has it.
    RelayAcknowledgesFirst,
    /// The consumer deletes a message before its fact is written.
    ConsumerDeletesFirst,
    /// The last total written is the one that stays.
    NoGuard,
}

struct Pipeline {
    mutation: Mutation,
    /// Crashes, timeouts, freezes and doublings in one run.
    faults: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Message {
    event: usize,
    receives: u8,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stage {
    Visible,
    /// A consumer has it.
    Received,
    /// Its fact is written, the message is not deleted yet.
    Written,
}

/// A stored total, and how many facts it says that it counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Total {
    units: i8,
    facts: u8,
}

/// A run of the aggregator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Run {
    /// How many partitions it has read, and how often it saw each event counted in them.
    read: usize,
    seen: [u8; EVENTS],
    /// Whether the day's total is written, and only the ranking is left.
    stored: bool,
    /// Whether everything was delivered when it began.
    last: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// Events whose transaction is committed, by number; a cancellation comes after its order.
    committed: [bool; EVENTS],
    /// Records that the relay is not done with, in the order of their commits.
    stream: Vec<usize>,
    /// In no order: kept sorted.
    queue: Vec<Message>,
    dead: Vec<usize>,
    /// Consumers that were frozen before they wrote.
    frozen: Vec<usize>,
    /// How often each event counts.
    facts: [u8; EVENTS],
    runs: Vec<Run>,
    /// Runs that may still begin before everything is delivered.
    early_runs: u8,
    total: Total,
    ranking: Total,
    /// Whether a stored count has given way to one of fewer facts.
    fell: bool,
    /// Whether a run that began when everything was delivered is done.
    counted: bool,
    faults: u8,
}

#[derive(Debug, Clone, PartialEq)]
enum Action {
    Commit(usize),
    /// The relay sends these of the records at hand, and is done with those before the first that was not sent.
    Relay {
        sent: Vec<bool>,
    },
    /// It sends these and is killed before it reports them.
    RelayDies {
        sent: Vec<bool>,
    },
    Receive(usize),
    Write(usize),
    Delete(usize),
    /// The consumer is killed or takes too long: the message is there again.
    TimeOut(usize),
    /// The consumer is frozen and will go on later; the message is there again.
    Freeze(usize),
    Thaw(usize),
    /// It is never thawed.
    Perish(usize),
    /// A DLQ message comes back, at once or twice when the redrive is killed before it deletes it.
    Redrive {
        twice: bool,
    },
    Begin,
    Read(usize),
    Store(usize),
    Rank(usize),
    AggregatorDies(usize),
}

impl State {
    fn delivered(&self) -> bool {
        self.committed == [true; EVENTS]
            && self.stream.is_empty()
            && self.queue.is_empty()
            && self.dead.is_empty()
            && self.frozen.is_empty()
    }

    fn send(&mut self, event: usize) {
        self.queue.push(Message { event, receives: 0, stage: Stage::Visible });
    }

    fn count(&mut self, event: usize, mutation: Mutation) {
        self.facts[event] = if mutation == Mutation::BareAdd { self.facts[event] + 1 } else { 1 };
    }

    fn exact(&self) -> bool {
        let exact = Total { units: UNITS.iter().sum(), facts: 3 };
        self.total == exact && self.ranking == exact
    }
}

/// Puts a total over another, as the guard allows. Returns whether it counted more before.
fn put(stored: &mut Total, new: Total, mutation: Mutation) -> bool {
    if mutation != Mutation::NoGuard && new.facts < stored.facts {
        return false;
    }
    let fell = new.facts < stored.facts;
    *stored = new;
    fell
}

impl Run {
    fn total(&self) -> Total {
        let units = UNITS.iter().zip(self.seen).map(|(units, seen)| units * i8::try_from(seen).unwrap()).sum();
        Total { units, facts: self.seen.iter().sum() }
    }
}

/// All ways in which a batch can be sent: each record or not.
fn ways(count: usize) -> impl Iterator<Item = Vec<bool>> {
    (0..1_usize << count).map(move |way| (0..count).map(|at| way >> at & 1 == 1).collect())
}

impl Model for Pipeline {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            committed: [false; EVENTS],
            stream: Vec::new(),
            queue: Vec::new(),
            dead: Vec::new(),
            frozen: Vec::new(),
            facts: [0; EVENTS],
            runs: Vec::new(),
            early_runs: 1,
            total: Total::default(),
            ranking: Total::default(),
            fell: false,
            counted: false,
            faults: self.faults,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let faulty = state.faults > 0;
        let next = state.committed.iter().position(|committed| !committed);
        actions.extend(next.map(Action::Commit));
        for sent in ways(state.stream.len()).filter(|sent| !sent.is_empty()) {
            // Nothing sent is a fault, too: else the relay could try for ever.
            if sent.iter().all(|sent| *sent) {
                actions.push(Action::Relay { sent: sent.clone() });
            }
            if faulty {
                if !sent.iter().all(|sent| *sent) {
                    actions.push(Action::Relay { sent: sent.clone() });
                }
                actions.push(Action::RelayDies { sent });
            }
        }
        for (at, message) in state.queue.iter().enumerate() {
            if at > 0 && state.queue[at - 1] == *message {
                continue;
            }
            match message.stage {
                Stage::Visible => actions.push(Action::Receive(at)),
                Stage::Received => actions.push(Action::Write(at)),
                Stage::Written => actions.push(Action::Delete(at)),
            }
            if faulty && message.stage != Stage::Visible {
                actions.push(Action::TimeOut(at));
                actions.extend((message.stage == Stage::Received).then_some(Action::Freeze(at)));
            }
        }
        if !state.frozen.is_empty() {
            actions.push(Action::Thaw(0));
            actions.extend(faulty.then_some(Action::Perish(0)));
        }
        if !state.dead.is_empty() {
            actions.push(Action::Redrive { twice: false });
            actions.extend(faulty.then_some(Action::Redrive { twice: true }));
        }
        let last = state.delivered() && !state.counted && !state.runs.iter().any(|run| run.last);
        if last || (state.early_runs > 0 && !state.delivered()) {
            actions.push(Action::Begin);
        }
        for (at, run) in state.runs.iter().enumerate() {
            actions.push(match (run.read, run.stored) {
                (0 | 1, _) => Action::Read(at),
                (_, false) => Action::Store(at),
                (_, true) => Action::Rank(at),
            });
            actions.extend(faulty.then_some(Action::AggregatorDies(at)));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Commit(event) => {
                next.committed[event] = true;
                next.stream.push(event);
            }
            Action::Relay { sent } => {
                let done = sent.iter().take_while(|sent| **sent).count();
                next.faults -= u8::from(done < sent.len());
                for (event, _) in state.stream.iter().zip(&sent).filter(|(_, sent)| **sent) {
                    next.send(*event);
                }
                next.stream.drain(..done);
            }
            Action::RelayDies { sent } => {
                next.faults -= 1;
                for (event, _) in state.stream.iter().zip(&sent).filter(|(_, sent)| **sent) {
                    next.send(*event);
                }
                if self.mutation == Mutation::RelayAcknowledgesFirst {
                    next.stream.clear();
                }
            }
            Action::Receive(at) => {
                let Message { event, receives, .. } = next.queue.remove(at);
                if receives == RECEIVES {
                    next.dead.push(event);
                } else if self.mutation == Mutation::ConsumerDeletesFirst {
                    next.frozen.push(event);
                } else {
                    next.queue.push(Message { event, receives: receives + 1, stage: Stage::Received });
                }
            }
            Action::Write(at) => {
                next.queue[at].stage = Stage::Written;
                next.count(state.queue[at].event, self.mutation);
            }
            Action::Delete(at) => drop(next.queue.remove(at)),
            Action::TimeOut(at) => {
                next.faults -= 1;
                next.queue[at].stage = Stage::Visible;
            }
            Action::Freeze(at) => {
                next.faults -= 1;
                next.queue[at].stage = Stage::Visible;
                next.frozen.push(state.queue[at].event);
            }
            Action::Thaw(at) => {
                let event = next.frozen.remove(at);
                next.count(event, self.mutation);
            }
            Action::Perish(at) => {
                next.faults -= 1;
                next.frozen.remove(at);
            }
            Action::Redrive { twice } => {
                next.faults -= u8::from(twice);
                let event = if twice { next.dead[0] } else { next.dead.remove(0) };
                next.send(event);
            }
            Action::Begin => {
                let last = state.delivered();
                next.early_runs -= u8::from(!last);
                next.runs.push(Run { read: 0, seen: [0; EVENTS], stored: false, last });
            }
            Action::Read(at) => {
                let run = &mut next.runs[at];
                for event in (0..EVENTS).filter(|event| PARTITION[*event] == run.read) {
                    run.seen[event] = state.facts[event];
                }
                run.read += 1;
            }
            Action::Store(at) => {
                next.runs[at].stored = true;
                next.fell |= put(&mut next.total, state.runs[at].total(), self.mutation);
            }
            Action::Rank(at) => {
                let run = next.runs.remove(at);
                next.fell |= put(&mut next.ranking, run.total(), self.mutation);
                next.counted |= run.last;
            }
            Action::AggregatorDies(at) => {
                next.faults -= 1;
                let run = next.runs.remove(at);
                // The schedule tries it again.
                next.early_runs += u8::from(!run.last);
            }
        }
        next.queue.sort();
        next.dead.sort_unstable();
        next.frozen.sort_unstable();
        next.runs.sort();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONCE, |_, state: &State| state.facts.iter().all(|count| *count <= 1)),
            Property::always(NEVER_FEWER, |_, state: &State| !state.fell),
            Property::always(EXACT, |_, state: &State| !state.counted || state.exact()),
            Property::always(ENDS_EXACT, |model: &Self, state: &State| {
                let mut left = Vec::new();
                model.actions(state, &mut left);
                !left.is_empty() || (state.counted && state.exact())
            }),
            Property::sometimes("DLQ messages come back", |_, state: &State| !state.dead.is_empty()),
            Property::sometimes("a total is stored before its time", |_, state: &State| {
                state.total.facts > 0 && !state.delivered()
            }),
        ]
    }
}

const ONCE: &str = "no event counts twice";
const NEVER_FEWER: &str = "no total gives way to one of fewer facts";
const EXACT: &str = "once all is delivered and counted, the totals are exact and stay so";
const ENDS_EXACT: &str = "every run of the system ends with exact totals";

fn system(mutation: Mutation, faults: u8) -> Pipeline {
    Pipeline { mutation, faults }
}

#[test]
fn totals_are_exact_whatever_crashes_comes_twice_late_or_in_another_order() {
    holds("pipeline", system(Mutation::None, 2));
}

#[test]
fn a_consumer_that_adds_counts_an_event_twice() {
    fails("pipeline, bare add", system(Mutation::BareAdd, 1), ONCE);
}

#[test]
fn a_relay_that_acknowledges_before_it_has_sent_loses_an_event() {
    fails("pipeline, relay acknowledges first", system(Mutation::RelayAcknowledgesFirst, 1), ENDS_EXACT);
}

#[test]
fn a_consumer_that_deletes_before_it_has_written_loses_an_event() {
    fails("pipeline, consumer deletes first", system(Mutation::ConsumerDeletesFirst, 1), ENDS_EXACT);
}

#[test]
fn a_total_without_its_guard_gives_way_to_an_older_one() {
    fails("pipeline, no guard: falls", system(Mutation::NoGuard, 0), NEVER_FEWER);
    fails("pipeline, no guard: stays wrong", system(Mutation::NoGuard, 0), EXACT);
}
