//! How fast somebody may try to sign in, by the place they call from. Only this server remembers it, and it decides when a
//! password is looked at, never what is right: that a user is locked, and where they signed in before, the ledger tells.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::network::Network;
use crate::clock::{MINUTE, Micros, SECOND};

/// Failures count together until so long nothing failed.
const WINDOW: Micros = 15 * MINUTE;
/// Failures of a place that cost no waiting.
const FREE: u32 = 20;
/// The longest wait after another one, in seconds.
const LONGEST: u32 = 64;
/// Failures of a place with one user, after which the user who is locked gets in from there no more either.
const OF_ONE: u32 = 5;
/// Places, and users at a place, remembered at the most.
const KEPT: usize = 100_000;

/// The attempts of all places.
#[derive(Clone, Default)]
pub struct SignInAttempts(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    places: HashMap<Network, FailingPlace>,
    of_one: HashMap<(String, Network), (u32, Micros)>,
}

#[derive(Default)]
struct FailingPlace {
    failures: u32,
    underway: u32,
    last: Micros,
    /// Nobody is heard from there before.
    until: Micros,
    turned_away: u64,
}

/// An attempt under way. It counts as failed unless it succeeded, also where its caller went away.
pub struct SignInAttempt {
    all: SignInAttempts,
    place: Network,
    at: Micros,
    failed: bool,
}

impl SignInAttempts {
    fn all(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an attempt, or says for how many seconds nobody is heard from this place. Past the free ones they come one by
    /// one, so that many at once are no way around the wait.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn enter(&self, place: Network, now: Micros) -> Result<SignInAttempt, u32> {
        let mut all = self.all();
        all.forget_old(now);
        let found = all.places.entry(place).or_default();
        if found.underway == 0 && found.last < now - WINDOW {
            (found.failures, found.until) = (0, now);
        }
        let full = found.failures + found.underway >= FREE;
        if full && (found.underway > 0 || now < found.until) {
            found.turned_away += 1;
            let left = (found.until - now).max(1).div_euclid(SECOND) + 1;
            return Err(u32::try_from(left).unwrap_or(LONGEST));
        }
        found.underway += 1;
        Ok(SignInAttempt {
            all: self.clone(),
            place,
            at: now,
            failed: true,
        })
    }

    /// Counts a try with one user from a place before its password is looked at, and says whether it is one too many.
    pub fn is_one_too_many(&self, user: &str, place: Network, now: Micros) -> bool {
        let mut all = self.all();
        let found = all.of_one.entry((user.to_owned(), place)).or_insert((0, now));
        if found.1 < now - WINDOW {
            *found = (0, now);
        }
        found.0 = found.0.saturating_add(1);
        found.0 > OF_ONE
    }

    /// The user signed in from this place: what failed before counts no more.
    pub fn forget(&self, user: &str, place: Network) {
        self.all().of_one.remove(&(user.to_owned(), place));
    }
}

impl Remembered {
    fn forget_old(&mut self, now: Micros) {
        if self.places.len() > KEPT {
            self.places.retain(|_, p| p.underway > 0 || p.last > now - WINDOW);
        }
        if self.places.len() > KEPT {
            self.places.retain(|_, p| p.underway > 0 || p.failures > 1);
        }
        if self.of_one.len() > KEPT {
            self.of_one.retain(|_, (_, since)| *since > now - WINDOW);
        }
        if self.of_one.len() > KEPT {
            self.of_one.retain(|_, (failures, _)| *failures > 1);
        }
    }
}

impl SignInAttempt {
    /// The password was right.
    pub fn succeeded(mut self) {
        self.failed = false;
    }

    /// How many were turned away from this place since the last time that somebody asked.
    pub fn turned_away(&self) -> u64 {
        let mut all = self.all.all();
        let found = all.places.get_mut(&self.place);
        found.map_or(0, |place| std::mem::take(&mut place.turned_away))
    }
}

impl Drop for SignInAttempt {
    fn drop(&mut self) {
        let mut all = self.all.all();
        let Some(place) = all.places.get_mut(&self.place) else {
            return;
        };
        place.underway = place.underway.saturating_sub(1);
        if !self.failed {
            return;
        }
        (place.failures, place.last) = (place.failures.saturating_add(1), self.at);
        if let Some(over) = place.failures.checked_sub(FREE) {
            let wait = 2u32.saturating_pow(over).min(LONGEST);
            place.until = self.at + i64::from(wait) * SECOND;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    #[test]
    fn a_place_that_fails_waits_longer_each_time_and_no_other_does() {
        let (all, here) = (SignInAttempts::default(), Network::of(HERE));
        let mut now = 1_000 * SECOND;
        for _ in 0..FREE {
            drop(all.enter(here, now).expect("free"));
        }
        let mut waits = Vec::new();
        for _ in 0..9 {
            let Err(seconds) = all.enter(here, now) else {
                panic!("no wait")
            };
            all.enter(Network::of("192.0.2.2"), now)
                .expect("another place")
                .succeeded();
            now += i64::from(seconds) * SECOND;
            waits.push(seconds);
            drop(all.enter(here, now).expect("waited"));
        }
        assert_eq!(waits, [2, 3, 5, 9, 17, 33, 65, 65, 65]);
        let next = all.enter(here, now + 65 * SECOND).expect("waited");
        assert_eq!((next.turned_away(), next.turned_away()), (9, 0));
        next.succeeded();
        now += WINDOW + MINUTE;
        for _ in 0..FREE {
            drop(all.enter(here, now).expect("free again"));
        }
    }

    #[test]
    fn many_at_once_are_no_way_around_it() {
        let (all, here, now) = (SignInAttempts::default(), Network::of(HERE), 1_000 * SECOND);
        let underway: Vec<_> = std::iter::from_fn(|| all.enter(here, now).ok()).take(1_000).collect();
        assert_eq!(underway.len(), FREE as usize);
        underway.into_iter().for_each(SignInAttempt::succeeded);
        all.enter(here, now).expect("nothing failed").succeeded();
    }

    #[test]
    fn one_user_is_tried_five_times_from_a_place() {
        let (all, here, now) = (SignInAttempts::default(), Network::of(HERE), 1_000 * SECOND);
        let tries = |user: &str, at| (0..7).filter(|_| !all.is_one_too_many(user, here, at)).count();
        assert_eq!((tries("a", now), tries("b", now), tries("a", now)), (5, 5, 0));
        assert_eq!(tries("a", now + WINDOW + 1), 5);
        all.forget("a", here);
        assert_eq!(tries("a", now + WINDOW + 1), 5);
    }
}
