//! Randomness for identifiers, jitter and the choice of a shard.

use std::hash::{BuildHasher, RandomState};

/// 128 random bits. They make identifiers distinct; they keep no secret.
///
/// The generator can be seeded, so that a simulation can be repeated.
pub(crate) fn random() -> u128 {
    fastrand::u128(..)
}

/// Seeds the generator of this thread from the kernel, once at the start of a process. Without it `fastrand` derives its
/// seed from a hash of time with fixed keys, and two environments that start together may share one.
pub(crate) fn seed_from_kernel() {
    // The standard library takes the keys of this hasher from the kernel's generator.
    fastrand::seed(RandomState::new().hash_one(()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_of_two_threads_differ() {
        let seeded = || {
            seed_from_kernel();
            random()
        };
        let (one, two) = (std::thread::spawn(seeded), std::thread::spawn(seeded));
        assert_ne!(one.join().unwrap(), two.join().unwrap());
    }
}
