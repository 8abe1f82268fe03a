//! A bucket of tokens: what is let through a second, and how much of it at once.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug, Clone)]
pub struct Bucket {
    rate: f64,
    most: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn full(rate: f64, most: f64) -> Self {
        Self { rate, most, tokens: most, at: Instant::now() }
    }

    /// A full bucket of what comes in so long.
    pub fn of(rate: f64, savings: Duration) -> Self {
        Self::full(rate, rate * savings.as_secs_f64())
    }

    /// Takes so many, if there are.
    pub fn take(&mut self, tokens: f64) -> bool {
        self.fill();
        let enough = self.tokens >= tokens;
        if enough {
            self.tokens -= tokens;
        }
        enough
    }

    /// Takes so many, and owes what there is not.
    pub fn owe(&mut self, tokens: f64) {
        self.fill();
        self.tokens -= tokens;
    }

    fn fill(&mut self) {
        let now = Instant::now();
        self.tokens = (self.tokens + self.rate * (now - self.at).as_secs_f64()).min(self.most);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bucket_refills_at_its_rate() {
        let mut bucket = Bucket::of(10.0, Duration::from_secs(1));
        assert!((0..10).all(|_| bucket.take(1.0)));
        assert!(!bucket.take(1.0));
        tokio::time::advance(Duration::from_millis(200)).await;
        assert!(bucket.take(2.0) && !bucket.take(1.0));
        bucket.owe(3.0);
        tokio::time::advance(Duration::from_millis(300)).await;
        assert!(!bucket.take(1.0));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(bucket.take(10.0) && !bucket.take(1.0));
    }
}
