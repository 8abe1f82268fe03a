//! Units split over shards: nobody is rejected while there were units for him all the time.
//!
//! The buyers decide by [`sijang_domain::Shards`], the code that the store decides by. Around it everything moves: other
//! buyers, conflicts, cancelled orders, deliveries, units that are gathered, and the number of shards. Each read of an
//! item and each transaction is a step of its own.

use sijang_domain::{Allocation, ShardCount, ShardSnapshot, Shards};
use stateright::{Model, Property};

use crate::check::{fails, holds};

/// What is wrong with the rule, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    /// A conflict is taken for a shard without units.
    ConflictIsNo,
    /// The first shard that has too little speaks for all.
    OneShardIsEnough,
    /// Every shard said no, one after the other; in which order, and of which generation, is not asked.
    AnyOrder,
    /// A cancelled order gives its units to any shard.
    ReturnsAnywhere,
    /// Units move between shards and the generation stays.
    SameGeneration,
}

struct Shop {
    defect: Defect,
    /// Units in each shard at the beginning.
    units: Vec<u8>,
    /// What each environment is asked for, one request after the other.
    requests: Vec<Vec<u8>>,
    budget: Budget,
}

/// How often what happens around the buyers happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Budget {
    conflicts: u8,
    cancellations: u8,
    deliveries: u8,
    gatherings: u8,
    reshards: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    generation: u32,
    /// Units in each shard in use.
    shards: Vec<u8>,
    buyers: Vec<Buyer>,
    sold: u8,
    delivered: u8,
    budget: Budget,
    false_rejection: bool,
}

/// An environment, what it remembers, and the request that it is at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Buyer {
    memory: Shards,
    /// Requests still to come; the last is next.
    requests: Vec<u8>,
    step: Step,
    /// Whether there was too little at some instant since the request came.
    short: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    /// Between two requests.
    Out,
    /// About to send a transaction that takes so many units.
    Taking { asked: u8 },
    /// Reading the shards that may be short, one after the other: those from `next` on are still to be read.
    Bounding { asked: u8, bounds: Shards, next: u8 },
    /// About to read the first shard, after the bounds.
    Counting { asked: u8, bounds: Shards },
}

#[derive(Debug, Clone, PartialEq)]
enum Action {
    Ask(usize),
    Take {
        buyer: usize,
        random: u128,
    },
    Conflict(usize),
    /// What is remembered is too little: nothing is sent, and the shards are counted.
    LookUp(usize),
    ReadShard(usize),
    ReadFirst(usize),
    /// A cancelled order gives one unit back.
    Cancel {
        shard: usize,
    },
    Deliver,
    Gather {
        shard: usize,
    },
    Reshard {
        count: u8,
    },
}

impl State {
    fn left(&self) -> u8 {
        self.shards.iter().sum()
    }

    fn count(&self) -> ShardCount {
        ShardCount::new(i64::try_from(self.shards.len()).unwrap()).unwrap()
    }

    fn shard_snapshot(&self, shard: u8) -> ShardSnapshot {
        // A shard that is no longer in use is still there, and has nothing left.
        let left = self.shards.get(usize::from(shard)).copied().unwrap_or_default();
        ShardSnapshot { shard, left: left.into(), generation: self.generation, count: self.count() }
    }

    fn read_first(&mut self, at: usize) {
        let Step::Counting { asked, bounds } = self.buyers[at].step.clone() else { return };
        let first = self.shard_snapshot(0);
        let buyer = &mut self.buyers[at];
        buyer.memory.observe(first);
        match bounds.count_with(first) {
            Some(count) if count < asked.into() => self.reject(at),
            Some(_) => buyer.step = Step::Taking { asked },
            None => buyer.step = Step::Bounding { asked, bounds: Shards::default(), next: 0 },
        }
    }

    fn reject(&mut self, at: usize) {
        self.false_rejection |= !self.buyers[at].short;
        self.buyers[at].step = Step::Out;
    }

    fn spread(&mut self, units: u8, count: ShardCount) {
        self.shards = count.shares(units.into()).map(|share| u8::try_from(share).unwrap()).collect();
    }
}

impl Buyer {
    fn asked(&self) -> Option<u8> {
        match self.step {
            Step::Out => None,
            Step::Taking { asked } | Step::Bounding { asked, .. } | Step::Counting { asked, .. } => Some(asked),
        }
    }

    fn allocations(&self, asked: u8, random: u128) -> Option<Vec<Allocation>> {
        self.memory.allocate(asked.into(), random)
    }

    /// Looks at all shards before it rejects; at the first alone when the others are known to be empty.
    fn look_up(&mut self, asked: u8) {
        self.step = if self.memory.count() != ShardCount::ONE && self.memory.most_beside_the_first() == Some(0) {
            Step::Counting { asked, bounds: self.memory.clone() }
        } else {
            Step::Bounding { asked, bounds: Shards::default(), next: 0 }
        };
    }
}

impl Shop {
    /// A transaction that takes units: all allocations or none, each if the shard has as many and there are as many shards as
    /// the buyer believes. What failed is seen.
    fn take(&self, state: &mut State, at: usize, random: u128) {
        let Step::Taking { asked } = state.buyers[at].step else { return };
        let allocations = state.buyers[at].allocations(asked, random).unwrap();
        let believed = state.buyers[at].memory.count();
        let sightings: Vec<(Allocation, ShardSnapshot)> =
            allocations.iter().map(|allocation| (*allocation, state.shard_snapshot(allocation.shard))).collect();
        let fits =
            |(allocation, seen): &(Allocation, ShardSnapshot)| believed == seen.count && seen.left >= allocation.units;
        if sightings.iter().all(fits) {
            for allocation in allocations {
                state.shards[usize::from(allocation.shard)] -= u8::try_from(allocation.units).unwrap();
            }
            state.sold += asked;
            state.buyers[at].step = Step::Out;
            return;
        }
        let failed: Vec<ShardSnapshot> =
            sightings.into_iter().filter(|sale| !fits(sale)).map(|(_, seen)| seen).collect();
        let buyer = &mut state.buyers[at];
        for seen in &failed {
            buyer.memory.observe(*seen);
        }
        let alone =
            failed.iter().any(|seen| seen.count == ShardCount::ONE && seen.shard == 0 && seen.left < asked.into());
        if alone || self.defect == Defect::OneShardIsEnough {
            state.reject(at);
            return;
        }
        state.buyers[at].look_up(asked);
    }

    /// Units are somewhere else from now on, in a new generation.
    fn moved(&self, state: &mut State, units: u8, count: ShardCount) {
        state.spread(units, count);
        state.generation += u32::from(self.defect != Defect::SameGeneration);
    }

    fn read_shard(&self, state: &mut State, at: usize) {
        let Step::Bounding { asked, mut bounds, next } = state.buyers[at].step.clone() else { return };
        let seen = state.shard_snapshot(next);
        bounds.observe(seen);
        let buyer = &mut state.buyers[at];
        buyer.memory.observe(seen);
        let done = next + 1 >= seen.count.get();
        if !done {
            buyer.step = Step::Bounding { asked, bounds, next: next + 1 };
        } else if self.defect == Defect::AnyOrder && bounds.most().is_some_and(|most| most < asked.into()) {
            state.reject(at);
        } else {
            buyer.step = Step::Counting { asked, bounds };
        }
    }
}

impl Model for Shop {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let buyer = |requests: &Vec<u8>| Buyer {
            memory: Shards::default(),
            requests: requests.iter().rev().copied().collect(),
            step: Step::Out,
            short: false,
        };
        vec![State {
            generation: 1,
            shards: self.units.clone(),
            buyers: self.requests.iter().map(buyer).collect(),
            sold: 0,
            delivered: 0,
            budget: self.budget,
            false_rejection: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (at, buyer) in state.buyers.iter().enumerate() {
            match buyer.step {
                Step::Out => actions.extend((!buyer.requests.is_empty()).then_some(Action::Ask(at))),
                Step::Taking { asked } => {
                    let choices = u128::from(buyer.memory.count().get());
                    let mut known: Vec<Vec<Allocation>> = Vec::new();
                    for random in 0..choices {
                        match buyer.allocations(asked, random) {
                            Some(allocations) if !known.contains(&allocations) => {
                                known.push(allocations);
                                actions.push(Action::Take { buyer: at, random });
                            }
                            _ => {}
                        }
                    }
                    if known.is_empty() {
                        actions.push(Action::LookUp(at));
                    } else if state.budget.conflicts > 0 {
                        actions.push(Action::Conflict(at));
                    }
                }
                Step::Bounding { .. } => actions.push(Action::ReadShard(at)),
                Step::Counting { .. } => actions.push(Action::ReadFirst(at)),
            }
        }
        if state.budget.cancellations > 0 && state.sold > 0 {
            let shards = if self.defect == Defect::ReturnsAnywhere { state.shards.len() } else { 1 };
            actions.extend((0..shards).map(|shard| Action::Cancel { shard }));
        }
        actions.extend((state.budget.deliveries > 0).then_some(Action::Deliver));
        if state.budget.gatherings > 0 {
            let filled = (1..state.shards.len()).filter(|shard| state.shards[*shard] > 0);
            actions.extend(filled.map(|shard| Action::Gather { shard }));
        }
        if state.budget.reshards > 0 {
            actions.extend((1..=3).map(|count| Action::Reshard { count }));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Ask(at) => {
                let buyer = &mut state.buyers[at];
                buyer.step = Step::Taking { asked: buyer.requests.pop()? };
                buyer.short = false;
            }
            Action::Take { buyer, random } => self.take(&mut state, buyer, random),
            Action::Conflict(at) => {
                state.budget.conflicts -= 1;
                if self.defect == Defect::ConflictIsNo {
                    state.reject(at);
                }
            }
            Action::LookUp(at) => {
                let asked = state.buyers[at].asked()?;
                state.buyers[at].look_up(asked);
            }
            Action::ReadShard(at) => self.read_shard(&mut state, at),
            Action::ReadFirst(at) => state.read_first(at),
            Action::Cancel { shard } => {
                state.budget.cancellations -= 1;
                state.sold -= 1;
                state.shards[shard] += 1;
            }
            Action::Deliver => {
                state.budget.deliveries -= 1;
                state.delivered += 1;
                if state.shards.len() == 1 {
                    state.shards[0] += 1;
                } else {
                    let (units, count) = (state.left() + 1, state.count());
                    self.moved(&mut state, units, count);
                }
            }
            Action::Gather { shard } => {
                state.budget.gatherings -= 1;
                let units = std::mem::take(&mut state.shards[shard]);
                state.shards[0] += units;
            }
            Action::Reshard { count } => {
                state.budget.reshards -= 1;
                let (units, count) = (state.left(), ShardCount::new(count.into()).ok()?);
                self.moved(&mut state, units, count);
            }
        }
        let left = state.left();
        for buyer in &mut state.buyers {
            buyer.short |= buyer.asked().is_some_and(|asked| left < asked);
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(DEFINITE, |_, state: &State| !state.false_rejection),
            Property::always("every unit is in a shard or sold", |shop: &Self, state: &State| {
                state.left() + state.sold == shop.units.iter().sum::<u8>() + state.delivered
            }),
            Property::always("every request is answered", |shop: &Self, state: &State| {
                let mut left = Vec::new();
                shop.actions(state, &mut left);
                !left.is_empty() || state.buyers.iter().all(|buyer| buyer.step == Step::Out)
            }),
            Property::sometimes("somebody is rejected", |_, state: &State| {
                state.buyers.iter().any(|buyer| buyer.short && buyer.step == Step::Out)
            }),
        ]
    }
}

const DEFINITE: &str = "who is rejected was rejected for too little";

fn shop(defect: Defect, units: &[u8], requests: &[&[u8]], budget: Budget) -> Shop {
    Shop { defect, units: units.to_vec(), requests: requests.iter().map(|own| own.to_vec()).collect(), budget }
}

#[test]
fn nobody_is_rejected_while_there_are_units_for_him_whatever_moves() {
    let everything = Budget { conflicts: 1, cancellations: 1, deliveries: 1, gatherings: 1, reshards: 1 };
    holds("three shards", shop(Defect::None, &[1, 0, 1], &[&[1], &[2]], everything));
    let but_deliveries = Budget { deliveries: 0, conflicts: 0, ..everything };
    holds("two shards", shop(Defect::None, &[1, 1], &[&[1, 1], &[1]], but_deliveries));
    let returned_twice = Budget { cancellations: 2, reshards: 2, ..Budget::default() };
    holds("one shard, split and joined", shop(Defect::None, &[2], &[&[1, 1], &[1]], returned_twice));
}

#[test]
fn a_conflict_taken_for_a_no_refuses_wrongly() {
    let conflict = Budget { conflicts: 1, ..Budget::default() };
    fails("shards, a conflict is a no", shop(Defect::ConflictIsNo, &[1, 1], &[&[1]], conflict), DEFINITE);
}

#[test]
fn one_shard_taken_for_all_refuses_wrongly() {
    fails("shards, one is enough", shop(Defect::OneShardIsEnough, &[0, 1], &[&[1, 1]], Budget::default()), DEFINITE);
}

#[test]
fn asking_each_shard_in_any_order_refuses_wrongly() {
    let returned = Budget { cancellations: 1, ..Budget::default() };
    fails("shards, in any order", shop(Defect::AnyOrder, &[1, 1], &[&[1, 1], &[1]], returned), DEFINITE);
}

#[test]
fn units_given_back_to_any_shard_refuse_wrongly() {
    let returned = Budget { cancellations: 1, ..Budget::default() };
    let defect = Defect::ReturnsAnywhere;
    fails("shards, given back anywhere", shop(defect, &[1, 1, 0], &[&[1, 1], &[1]], returned), DEFINITE);
}

#[test]
fn units_that_move_within_a_generation_refuse_wrongly() {
    let moved = Budget { reshards: 1, ..Budget::default() };
    fails("shards, same generation", shop(Defect::SameGeneration, &[2, 0], &[&[2]], moved), DEFINITE);
}
