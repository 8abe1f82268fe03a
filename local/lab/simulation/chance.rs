//! Everything that is left to chance, from one seed: the same seed is the same sale.

use std::{fmt, time::Duration};

use fastrand::Rng;

/// How long something takes: at least, half of the times, and but for one time in a hundred.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    least: Duration,
    median: Duration,
    p99: Duration,
}

impl Latency {
    pub const fn new(least: Duration, median: Duration, p99: Duration) -> Self {
        Self { least, median, p99 }
    }

    /// The same, so many times as long.
    pub fn times(self, factor: f64) -> Self {
        let longer = |time: Duration| time.mul_f64(factor);
        Self::new(longer(self.least), longer(self.median), longer(self.p99))
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, p99 {:?}", self.median, self.p99)
    }
}

/// A die.
#[derive(Debug)]
pub struct Chance(Rng);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// A duration, by a log-normal distribution above the least, in whole milliseconds as the clock has them: what is
    /// left over is rounded up or down so that it comes out right on the average.
    pub fn time(&mut self, latency: Latency) -> Duration {
        // Where one in a hundred of the normal distribution begins.
        const HUNDREDTH: f64 = 2.326;
        let above = |time: Duration| (time.saturating_sub(latency.least)).as_secs_f64().max(1e-6).ln();
        let sigma = (above(latency.p99) - above(latency.median)) / HUNDREDTH;
        let above = (above(latency.median) + sigma * self.normal()).exp();
        self.whole(latency.least + Duration::from_secs_f64(above.min(10.0)))
    }

    /// A duration by an exponential distribution of this mean.
    pub fn exponential(&mut self, mean: Duration) -> Duration {
        let time = mean.mul_f64(-(1.0 - self.0.f64()).ln());
        self.whole(time)
    }

    /// A number from 0 to 1.
    pub fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    fn whole(&mut self, time: Duration) -> Duration {
        let millis = (time.as_secs_f64() * 1e3 + self.0.f64()).floor();
        Duration::from_secs_f64(millis / 1e3)
    }

    /// Box and Muller's.
    fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * (1.0 - self.0.f64()).ln()).sqrt(), std::f64::consts::TAU * self.0.f64());
        radius * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_distributed_as_they_are_described() {
        let ms = Duration::from_millis;
        let mut chance = Chance::of(1);
        let mut times: Vec<_> = (0..20_000).map(|_| chance.time(Latency::new(ms(5), ms(20), ms(100)))).collect();
        times.sort_unstable();
        assert!(times[0] >= ms(5));
        assert!((ms(19)..=ms(21)).contains(&times[10_000]), "{:?}", times[10_000]);
        assert!((ms(90)..=ms(110)).contains(&times[19_800]), "{:?}", times[19_800]);
    }
}
