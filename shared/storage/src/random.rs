//! Randomness for identifiers and for the choice of a shard.

/// 128 random bits. They make identifiers distinct; they keep no secret.
///
/// The generator can be seeded, so that a simulation can be repeated. In a process that sets no seed it is seeded once
/// from the kernel.
pub(crate) fn random() -> u128 {
    fastrand::u128(..)
}
