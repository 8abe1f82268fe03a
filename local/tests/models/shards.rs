//! Units split over shards: nobody is rejected while there were units for him all the time.
//!
//! The buyers decide by [`sijang_domain::Shards`], the code that the store decides by. Around it everything moves:
//! other buyers, conflicts, cancelled orders, deliveries, units that are gathered, and the number of shards. Each read
//! of an item and each transaction is a step of its own. So is each write of a rollout, which brings a delivery or
//! another number of shards to one shard after the other: the shards that give units, then the first, then the others
//! that receive some.

use sijang_domain::{Allocation, Redistribution, ShardCount, ShardSnapshot, Shards};
use stateright::{Model, Property};

use crate::check::{fails, holds};

/// A deliberate fault of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
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
    /// A rollout writes the first shard after the others that receive units.
    FirstIsLast,
}

struct Shop {
    mutation: Mutation,
    /// Units in each shard at the beginning.
    units: Vec<u8>,
    /// The requests to each environment, one after the other.
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
    /// All that there are, also those that are no longer in use.
    shards: Vec<Shard>,
    rollout: Option<Rollout>,
    buyers: Vec<Buyer>,
    sold: u8,
    delivered: u8,
    budget: Budget,
    false_rejection: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shard {
    units: u8,
    generation: u32,
    /// How many shards there are in its generation.
    count: ShardCount,
}

/// A redistribution of units under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Rollout {
    moves: Redistribution,
    generation: u32,
    count: ShardCount,
    /// Units that come in from outside.
    entering: u8,
    /// Shards that are still to give units, and how many each.
    giving: Vec<(u8, u8)>,
    /// Shards that are still to receive units, once all are given; and how many each.
    receiving: Option<Vec<(u8, u8)>>,
    /// Units that were given, or come in, and that no shard has received yet.
    in_transit: u8,
}

/// An environment, its cache, and its request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Buyer {
    cache: Shards,
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
    /// The cached shards have too few units: nothing is sent, and the shards are counted.
    LookUp(usize),
    ReadShard(usize),
    ReadFirst(usize),
    /// A cancelled order gives one unit back.
    Cancel {
        shard: usize,
    },
    Deliver,
    /// All units come into the first shard.
    Gather,
    Reshard {
        count: u8,
    },
    /// A shard gives its units to the rollout.
    Give(u8),
    /// A shard receives units of the rollout.
    Receive(u8),
}

impl State {
    fn in_shards(&self) -> u8 {
        self.shards.iter().map(|shard| shard.units).sum()
    }

    fn in_transit(&self) -> u8 {
        self.rollout.as_ref().map_or(0, |rollout| rollout.in_transit)
    }

    /// Units that can be sold, at least: what a rollout has moved out of one shard can be, and what it brings in from
    /// outside can be when it is in.
    fn left(&self) -> u8 {
        let entering = self.rollout.as_ref().map_or(0, |rollout| rollout.entering);
        self.in_shards() + self.in_transit().saturating_sub(entering)
    }

    /// A shard as it is read; `None` before a rollout has created it.
    fn shard_snapshot(&self, shard: u8) -> Option<ShardSnapshot> {
        let Shard { units, generation, count } = *self.shards.get(usize::from(shard))?;
        Some(ShardSnapshot { shard, left: units.into(), generation, count })
    }

    fn read_first(&mut self, at: usize) {
        let Step::Counting { asked, bounds } = self.buyers[at].step.clone() else { return };
        let first = self.shard_snapshot(0).unwrap();
        let buyer = &mut self.buyers[at];
        buyer.cache.observe(first);
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

    /// Accepts a rollout that makes so many equal shards of those in use.
    fn accept(&mut self, generation: u32, count: ShardCount, entering: u8) {
        let used = usize::from(self.shards[0].count.get());
        let left: Vec<u32> = self.shards[..used].iter().map(|shard| shard.units.into()).collect();
        let moves = Redistribution::plan(&left, count, entering.into());
        let giving = moves.givers().map(|(shard, units)| (shard, small(units))).collect();
        let rollout = Rollout { moves, generation, count, entering, giving, receiving: None, in_transit: entering };
        self.rollout = Some(rollout);
        self.when_all_are_given();
    }

    fn when_all_are_given(&mut self) {
        let Some(rollout) = self.rollout.as_mut().filter(|rollout| rollout.giving.is_empty()) else { return };
        let receivers = rollout.moves.receivers(rollout.in_transit.into());
        rollout.receiving = Some(receivers.into_iter().map(|(shard, units)| (shard, small(units))).collect());
        self.when_all_have_received();
    }

    fn when_all_have_received(&mut self) {
        self.rollout.take_if(|rollout| rollout.receiving.as_ref().is_some_and(Vec::is_empty));
    }

    /// The write of a shard that gives this many units, or all that it has left.
    fn give(&mut self, number: u8) {
        let Some(rollout) = &mut self.rollout else { return };
        let Some(at) = rollout.giving.iter().position(|(shard, _)| *shard == number) else { return };
        let (_, planned) = rollout.giving.swap_remove(at);
        let Rollout { generation, count, .. } = *rollout;
        let shard = &mut self.shards[usize::from(number)];
        let units = planned.min(shard.units);
        *shard = Shard { units: shard.units - units, generation, count };
        rollout.in_transit += units;
        rollout.giving.sort_unstable();
        self.when_all_are_given();
    }

    /// The write of a shard that receives units. Shards that are new are written in any order; here in their own.
    fn receive(&mut self, number: u8) {
        let Some(rollout) = &mut self.rollout else { return };
        let Some(receiving) = &mut rollout.receiving else { return };
        let Some(at) = receiving.iter().position(|(shard, _)| *shard == number) else { return };
        let (_, units) = receiving.remove(at);
        let Rollout { generation, count, .. } = *rollout;
        rollout.in_transit -= units;
        match self.shards.get_mut(usize::from(number)) {
            Some(shard) => *shard = Shard { units: shard.units + units, generation, count },
            None => self.shards.push(Shard { units, generation, count }),
        }
        self.when_all_have_received();
    }
}

fn small(units: u32) -> u8 {
    u8::try_from(units).unwrap()
}

impl Buyer {
    fn asked(&self) -> Option<u8> {
        match self.step {
            Step::Out => None,
            Step::Taking { asked } | Step::Bounding { asked, .. } | Step::Counting { asked, .. } => Some(asked),
        }
    }

    fn allocations(&self, asked: u8, random: u128) -> Option<Vec<Allocation>> {
        self.cache.allocate(asked.into(), random)
    }

    /// Looks at all shards before it rejects; at the first alone when the others are known to be empty.
    fn look_up(&mut self, asked: u8) {
        self.step = if self.cache.count() != ShardCount::ONE && self.cache.most_beside_the_first() == Some(0) {
            Step::Counting { asked, bounds: self.cache.clone() }
        } else {
            Step::Bounding { asked, bounds: Shards::default(), next: 0 }
        };
    }
}

impl Shop {
    /// A transaction that takes units: all allocations or none, each if the shard has as many and is of no newer
    /// generation than the buyer knows. What failed is seen.
    fn take(&self, state: &mut State, at: usize, random: u128) {
        let Step::Taking { asked } = state.buyers[at].step else { return };
        let allocations = state.buyers[at].allocations(asked, random).unwrap();
        let (generation, cached) = (state.buyers[at].cache.generation(), state.buyers[at].cache.count());
        let sightings: Vec<(Allocation, Option<ShardSnapshot>)> =
            allocations.iter().map(|allocation| (*allocation, state.shard_snapshot(allocation.shard))).collect();
        let known = |seen: &ShardSnapshot| match cached {
            ShardCount::ONE => seen.count == ShardCount::ONE,
            _ => seen.generation <= generation,
        };
        let fits = |(allocation, seen): &(Allocation, Option<ShardSnapshot>)| {
            seen.as_ref().is_some_and(|seen| known(seen) && seen.left >= allocation.units)
        };
        if sightings.iter().all(fits) {
            for allocation in allocations {
                state.shards[usize::from(allocation.shard)].units -= small(allocation.units);
            }
            state.sold += asked;
            state.buyers[at].step = Step::Out;
            return;
        }
        let failed: Vec<ShardSnapshot> =
            sightings.into_iter().filter(|sale| !fits(sale)).filter_map(|(_, seen)| seen).collect();
        let buyer = &mut state.buyers[at];
        for seen in &failed {
            buyer.cache.observe(*seen);
        }
        let alone =
            failed.iter().any(|seen| seen.count == ShardCount::ONE && seen.shard == 0 && seen.left < asked.into());
        if alone || self.mutation == Mutation::OneShardIsEnough {
            state.reject(at);
            return;
        }
        state.buyers[at].look_up(asked);
    }

    /// Accepts a rollout, in a new generation. The only shard stays in its own.
    fn accept(&self, state: &mut State, count: ShardCount, entering: u8) {
        let first = state.shards[0];
        let unsplit = first.count == ShardCount::ONE && count == ShardCount::ONE;
        let moved = !unsplit && self.mutation != Mutation::SameGeneration;
        state.accept(first.generation + u32::from(moved), count, entering);
    }

    /// One transaction: all units are in the first shard from now on, in a new generation.
    fn gather(&self, state: &mut State) {
        let (units, Shard { generation, count, .. }) = (state.in_shards(), state.shards[0]);
        let generation = generation + u32::from(self.mutation != Mutation::SameGeneration);
        for (number, shard) in state.shards.iter_mut().take(count.get().into()).enumerate() {
            *shard = Shard { units: if number == 0 { units } else { 0 }, generation, count };
        }
    }

    /// The writes that a rollout can make next.
    fn rollout_actions(&self, rollout: &Rollout, actions: &mut Vec<Action>) {
        actions.extend(rollout.giving.iter().map(|(shard, _)| Action::Give(*shard)));
        let receiving = rollout.receiving.iter().flatten().map(|(shard, _)| *shard);
        let next = if self.mutation == Mutation::FirstIsLast { receiving.max() } else { receiving.min() };
        actions.extend(next.map(Action::Receive));
    }

    fn read_shard(&self, state: &mut State, at: usize) {
        let Step::Bounding { asked, mut bounds, next } = state.buyers[at].step.clone() else { return };
        let seen = state.shard_snapshot(next);
        let buyer = &mut state.buyers[at];
        if let Some(seen) = seen {
            bounds.observe(seen);
            buyer.cache.observe(seen);
        }
        let done = next + 1 >= seen.map_or(next, |seen| seen.count.get());
        if !done {
            buyer.step = Step::Bounding { asked, bounds, next: next + 1 };
        } else if self.mutation == Mutation::AnyOrder && bounds.most().is_some_and(|most| most < asked.into()) {
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
            cache: Shards::default(),
            requests: requests.iter().rev().copied().collect(),
            step: Step::Out,
            short: false,
        };
        let count = ShardCount::new(i64::try_from(self.units.len()).unwrap()).unwrap();
        vec![State {
            shards: self.units.iter().map(|units| Shard { units: *units, generation: 1, count }).collect(),
            rollout: None,
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
                    let choices = u128::from(buyer.cache.count().get());
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
            let shards = if self.mutation == Mutation::ReturnsAnywhere { state.shards.len() } else { 1 };
            actions.extend((0..shards).map(|shard| Action::Cancel { shard }));
        }
        if let Some(rollout) = &state.rollout {
            self.rollout_actions(rollout, actions);
            return;
        }
        actions.extend((state.budget.deliveries > 0).then_some(Action::Deliver));
        if state.budget.gatherings > 0 && state.shards[1..].iter().any(|shard| shard.units > 0) {
            actions.push(Action::Gather);
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
                if self.mutation == Mutation::ConflictIsNo {
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
                state.shards[shard].units += 1;
            }
            Action::Deliver => {
                state.budget.deliveries -= 1;
                state.delivered += 1;
                let count = state.shards[0].count;
                self.accept(&mut state, count, 1);
            }
            Action::Gather => {
                state.budget.gatherings -= 1;
                self.gather(&mut state);
            }
            Action::Give(shard) => state.give(shard),
            Action::Receive(shard) => state.receive(shard),
            Action::Reshard { count } => {
                state.budget.reshards -= 1;
                self.accept(&mut state, ShardCount::new(count.into()).ok()?, 0);
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
            Property::always("every unit is in a shard, between two, or sold", |shop: &Self, state: &State| {
                let units = state.in_shards() + state.in_transit() + state.sold;
                units == shop.units.iter().sum::<u8>() + state.delivered
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

fn shop(mutation: Mutation, units: &[u8], requests: &[&[u8]], budget: Budget) -> Shop {
    Shop { mutation, units: units.to_vec(), requests: requests.iter().map(|own| own.to_vec()).collect(), budget }
}

#[test]
fn order_is_not_rejected_while_there_are_units_whatever_moves() {
    let everything = Budget { conflicts: 1, cancellations: 1, deliveries: 1, gatherings: 1, reshards: 1 };
    holds("three shards", shop(Mutation::None, &[1, 0, 1], &[&[1], &[2]], everything));
    let but_deliveries = Budget { deliveries: 0, conflicts: 0, ..everything };
    holds("two shards", shop(Mutation::None, &[1, 1], &[&[1, 1], &[1]], but_deliveries));
    let returned_twice = Budget { cancellations: 2, reshards: 2, ..Budget::default() };
    holds("one shard, split and joined", shop(Mutation::None, &[2], &[&[1, 1], &[1]], returned_twice));
}

#[test]
fn a_conflict_taken_for_a_no_refuses_wrongly() {
    let conflict = Budget { conflicts: 1, ..Budget::default() };
    fails("shards, a conflict is a no", shop(Mutation::ConflictIsNo, &[1, 1], &[&[1]], conflict), DEFINITE);
}

#[test]
fn one_shard_taken_for_all_refuses_wrongly() {
    fails("shards, one is enough", shop(Mutation::OneShardIsEnough, &[0, 1], &[&[1, 1]], Budget::default()), DEFINITE);
}

#[test]
fn asking_each_shard_in_any_order_refuses_wrongly() {
    let returned = Budget { cancellations: 1, ..Budget::default() };
    fails("shards, in any order", shop(Mutation::AnyOrder, &[1, 1], &[&[1, 1], &[1]], returned), DEFINITE);
}

#[test]
fn units_given_back_to_any_shard_refuse_wrongly() {
    let returned = Budget { cancellations: 1, ..Budget::default() };
    let mutation = Mutation::ReturnsAnywhere;
    fails("shards, given back anywhere", shop(mutation, &[1, 1, 0], &[&[1, 1], &[1]], returned), DEFINITE);
}

#[test]
fn units_that_move_within_a_generation_refuse_wrongly() {
    let moved = Budget { reshards: 1, ..Budget::default() };
    fails("shards, same generation", shop(Mutation::SameGeneration, &[2, 0], &[&[2]], moved), DEFINITE);
}

#[test]
fn rollout_that_writes_the_first_shard_last_refuses_wrongly() {
    let delivered = Budget { deliveries: 1, ..Budget::default() };
    fails("shards, the first is last", shop(Mutation::FirstIsLast, &[1, 0], &[&[1, 1], &[1]], delivered), DEFINITE);
}
