//! How fast a service of a region is asked, and when a region is given up. Pure: the time is given.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Calls per second that nothing objects to.
const FASTEST: f64 = 50.0;
/// The same of services that are known for tight limits per account.
const FASTEST_TIGHT: f64 = 10.0;
/// Calls per second however much a service objects.
const SLOWEST: f64 = 0.5;
/// Objections within this time are one.
const ONE_OBJECTION: Duration = Duration::from_millis(500);

/// Calls to one service in one region: a bucket of tokens whose rate halves when the service objects and then recovers.
#[derive(Debug)]
struct Bucket {
    rate: f64,
    fastest: f64,
    tokens: f64,
    filled: Instant,
    slowed: Option<Instant>,
}

/// The pace of all services.
#[derive(Debug, Default)]
pub struct Pace {
    buckets: BTreeMap<(String, String), Bucket>,
}

impl Pace {
    fn bucket(&mut self, region: &str, service: &str, now: Instant) -> &mut Bucket {
        let fastest = if matches!(service, "iam" | "organizations" | "kms") { FASTEST_TIGHT } else { FASTEST };
        self.buckets.entry((region.to_owned(), service.to_owned())).or_insert(Bucket {
            rate: fastest,
            fastest,
            tokens: fastest,
            filled: now,
            slowed: None,
        })
    }

    /// Reserves a call; it may be made after the wait.
    pub fn reserve(&mut self, region: &str, service: &str, now: Instant) -> Duration {
        let bucket = self.bucket(region, service, now);
        let passed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * bucket.rate).min(bucket.fastest);
        bucket.filled = now;
        bucket.tokens -= 1.0;
        Duration::from_secs_f64((-bucket.tokens / bucket.rate).max(0.0))
    }

    /// The service objected.
    pub fn throttled(&mut self, region: &str, service: &str, now: Instant) {
        let bucket = self.bucket(region, service, now);
        if bucket.slowed.is_none_or(|before| now.saturating_duration_since(before) > ONE_OBJECTION) {
            bucket.rate = (bucket.rate / 2.0).max(SLOWEST);
            bucket.tokens = bucket.tokens.min(0.0);
            bucket.slowed = Some(now);
        }
    }

    /// The service answered.
    pub fn answered(&mut self, region: &str, service: &str, now: Instant) {
        let bucket = self.bucket(region, service, now);
        bucket.rate = (bucket.rate + bucket.fastest / 50.0).min(bucket.fastest);
    }
}

/// Failures in a row after which an endpoint is given up.
const HOST_LIMIT: u32 = 2;
/// The same for complete answers that did not come in time.
const SILENT_LIMIT: u32 = 4;
/// Failed connections in a row, to whichever endpoints, after which a region is given up that never answered.
const REGION_LIMIT: u32 = 2;
/// The same of a region that did answer before: single endpoints may be closed in it.
const KNOWN_REGION_LIMIT: u32 = 6;

/// How an endpoint failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No connection.
    Connection,
    /// Its name has no address: the service may not exist in this region, which says nothing of others.
    NoName,
    /// Nobody could say which address its name has.
    Name,
    /// A connection, but no complete answer in time.
    Silence,
}

#[derive(Debug, Default)]
struct Region {
    answered: bool,
    failures: u32,
    hosts: BTreeMap<String, (u32, u32)>,
}

/// Knows which endpoints and regions cannot be reached, so that nothing waits for them again and again.
#[derive(Debug, Default)]
pub struct Breaker {
    regions: BTreeMap<String, Region>,
}

impl Breaker {
    /// Whether a call need not be tried.
    pub fn is_dead(&self, region: &str, host: &str) -> bool {
        self.regions.get(region).is_some_and(|region| {
            let limit = if region.answered { KNOWN_REGION_LIMIT } else { REGION_LIMIT };
            let (failures, silences) = region.hosts.get(host).copied().unwrap_or_default();
            region.failures >= limit || failures >= HOST_LIMIT || silences >= SILENT_LIMIT
        })
    }

    /// An endpoint answered, whatever it said.
    pub fn answered(&mut self, region: &str, host: &str) {
        let region = self.regions.entry(region.to_owned()).or_default();
        region.answered = true;
        region.failures = 0;
        region.hosts.remove(host);
    }

    /// An endpoint did not answer.
    pub fn failed(&mut self, region: &str, host: &str, trouble: Trouble) {
        let region = self.regions.entry(region.to_owned()).or_default();
        let (failures, silences) = region.hosts.entry(host.to_owned()).or_default();
        match trouble {
            Trouble::Connection => {
                *failures += 1;
                region.failures += 1;
            }
            Trouble::Name | Trouble::NoName => *failures += 1,
            Trouble::Silence => *silences += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_objects_is_asked_half_as_often_and_recovers() {
        let start = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..50 {
            assert_eq!(pace.reserve("r", "ec2", start), Duration::ZERO);
        }
        assert_eq!(pace.reserve("r", "ec2", start), Duration::from_secs_f64(1.0 / 50.0));
        assert_eq!(pace.reserve("r", "s3", start), Duration::ZERO, "another service is not slowed");
        pace.throttled("r", "s3", start);
        pace.throttled("r", "s3", start);
        assert_eq!(pace.reserve("r", "s3", start), Duration::from_secs_f64(1.0 / 25.0), "one objection, not two");
        for _ in 0..100 {
            pace.answered("r", "s3", start);
        }
        assert_eq!(pace.bucket("r", "s3", start).rate, FASTEST);
        for second in 1..100 {
            pace.throttled("r", "s3", start + Duration::from_secs(second));
        }
        assert_eq!(pace.bucket("r", "s3", start).rate, SLOWEST);
    }

    #[test]
    fn a_region_that_never_answered_is_given_up_after_two_failures() {
        let mut breaker = Breaker::default();
        breaker.failed("r", "a", Trouble::Connection);
        assert!(!breaker.is_dead("r", "b"));
        breaker.failed("r", "b", Trouble::Connection);
        assert!(breaker.is_dead("r", "c"));
        assert!(!breaker.is_dead("other", "c"));
    }

    #[test]
    fn one_closed_endpoint_does_not_give_up_a_region_that_answers() {
        let mut breaker = Breaker::default();
        breaker.answered("r", "b");
        breaker.failed("r", "a", Trouble::Connection);
        breaker.failed("r", "a", Trouble::Connection);
        assert!(breaker.is_dead("r", "a"));
        assert!(!breaker.is_dead("r", "b"));
        breaker.failed("r", "missing", Trouble::NoName);
        breaker.failed("r", "missing", Trouble::Name);
        assert!(breaker.is_dead("r", "missing"));
        assert!(!breaker.is_dead("r", "c"), "a service that the region does not have is no failure of the region");
        for _ in 0..4 {
            breaker.failed("r", "z", Trouble::Connection);
        }
        assert!(breaker.is_dead("r", "b"), "and yet a region can die");
    }

    #[test]
    fn an_answer_forgives() {
        let mut breaker = Breaker::default();
        breaker.failed("r", "a", Trouble::Connection);
        breaker.answered("r", "a");
        breaker.failed("r", "a", Trouble::Connection);
        assert!(!breaker.is_dead("r", "a"));
        for _ in 0..4 {
            breaker.failed("r", "slow", Trouble::Silence);
        }
        assert!(breaker.is_dead("r", "slow"));
        assert!(!breaker.is_dead("r", "a"));
    }
}
