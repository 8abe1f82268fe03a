//! The proxy does what it says, to the real SDK and a real engine.
