//! Which call gets which fault.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

use super::{Call, Fault, Injection};

/// A rule that gives each call its fault.
pub struct Plan(Box<dyn Fn(&Call) -> Injection + Send + Sync>);

impl Plan {
    /// A rule of one's own.
    pub fn new(rule: impl Fn(&Call) -> Injection + Send + Sync + 'static) -> Self {
        Self(Box::new(rule))
    }

    /// Everything goes through.
    pub fn none() -> Self {
        Self::new(|_| Fault::None.into())
    }

    /// These calls, counted from one over all operations, get the fault.
    pub fn during(numbers: Range<usize>, injection: impl Into<Injection>) -> Self {
        let injection = injection.into();
        Self::new(move |call| if numbers.contains(&call.number) { injection } else { Fault::None.into() })
    }

    /// One call, counted from one over all operations, gets the fault.
    pub fn at(number: usize, injection: impl Into<Injection>) -> Self {
        Self::during(number..number + 1, injection)
    }

    /// This call gets the fault, and so does every later one of the same operation.
    pub fn from(number: usize, operation: &str, injection: impl Into<Injection>) -> Self {
        let (operation, injection) = (operation.to_owned(), injection.into());
        Self::new(
            move |call| {
                if call.number >= number && call.operation == operation { injection } else { Fault::None.into() }
            },
        )
    }

    /// The nth call of an operation gets the fault.
    pub fn nth(operation: &str, nth: usize, injection: impl Into<Injection>) -> Self {
        let (operation, injection) = (operation.to_owned(), injection.into());
        Self::new(
            move |call| {
                if call.nth == nth && call.operation == operation { injection } else { Fault::None.into() }
            },
        )
    }

    /// So many calls of a thousand get one of these faults, by chance. The same seed gives the nth call of an operation
    /// the same fault again.
    pub fn seeded(seed: u64, per_mille: u64, injections: Vec<Injection>) -> Self {
        Self::new(move |call| {
            let fits: Vec<_> = injections.iter().filter(|one| one.fault.applies_to(&call.operation)).collect();
            let mut hasher = DefaultHasher::new();
            (seed, &call.operation, call.nth).hash(&mut hasher);
            let chance = hasher.finish();
            let pick = usize::try_from(chance / 1000).unwrap_or_default() % fits.len().max(1);
            match fits.get(pick) {
                Some(injection) if chance % 1000 < per_mille => **injection,
                _ => Fault::None.into(),
            }
        })
    }

    pub(super) fn injection(&self, call: &Call) -> Injection {
        let injection = (self.0)(call);
        if injection.fault.applies_to(&call.operation) { injection } else { Fault::None.into() }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plan")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Consumed, *};

    fn faults(plan: &Plan, operation: &str) -> Vec<Fault> {
        let call = |n| Call {
            number: n,
            operation: operation.to_owned(),
            nth: n,
            fault: Fault::None,
            consumed: Consumed::default(),
        };
        (1..=400).map(|n| plan.injection(&call(n)).fault).collect()
    }

    #[test]
    fn a_seed_gives_the_same_faults_again_and_about_as_many_as_asked_for() {
        let plan = |seed| Plan::seeded(seed, 250, vec![Fault::Reset.into(), Fault::HalfBatch.into()]);
        assert_eq!(faults(&plan(1), "PutItem"), faults(&plan(1), "PutItem"));
        assert_ne!(faults(&plan(1), "PutItem"), faults(&plan(2), "PutItem"));
        let injected = faults(&plan(3), "PutItem").into_iter().filter(|fault| *fault == Fault::Reset).count();
        assert!((60..=140).contains(&injected), "{injected}");
    }

    #[test]
    fn a_call_does_not_get_a_fault_that_its_operation_cannot_have() {
        assert!(
            faults(&Plan::from(1, "GetItem", Fault::HalfBatch), "GetItem").iter().all(|fault| *fault == Fault::None)
        );
        assert!(faults(&Plan::from(1, "GetItem", Fault::Reset), "GetItem").iter().all(|fault| *fault == Fault::Reset));
    }
}
