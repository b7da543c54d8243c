//! The time in the name of a new revision.
//!
//! UTC, to the second. `SCHEMA_NOW` sets it for tests that compare whole outputs; nothing else reads it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schema_core::history::RevisionId;

/// The variable that stops the clock.
pub const NOW: &str = "SCHEMA_NOW";

/// A moment, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Now, or what `SCHEMA_NOW` says: `YYYYMMDDHHMMSS` or `YYYY-MM-DDTHH:MM:SSZ`.
    pub fn now(fixed: Option<&str>) -> Moment {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        Moment(fixed.and_then(seconds).unwrap_or_else(clock))
    }

    /// `YYYYMMDDHHMMSS`.
    pub fn stamp(self) -> String {
        let (days, rest) = (self.0 / 86_400, self.0 % 86_400);
        let (year, month, day) = date(days);
        format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)
    }

    fn next(self) -> Moment {
        Moment(self.0 + 1)
    }
}

/// The id of a new revision: the time and the slug. It is a second later than any id with the same time, so that ids of one
/// checkout never collide and sort as they were made.
pub fn new_id<'r>(now: Moment, slug: &str, taken: impl Iterator<Item = &'r RevisionId>) -> RevisionId {
    let stamps: Vec<String> = taken.filter_map(|id| id.as_str().split('_').next().map(str::to_owned)).collect();
    let mut moment = now;
    while stamps.contains(&moment.stamp()) {
        moment = moment.next();
    }
    let text = format!("{}_{slug}", moment.stamp());
    RevisionId::new(text).unwrap_or_else(|problem| panic!("a slug has letters, digits and `_` only: {problem}"))
}

fn seconds(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    Some(days(year, month, day)? * 86_400 + part(8..10)? * 3600 + part(10..12)? * 60 + part(12..14)?)
}

fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    (0..=400 * 366).find(|days| date(*days) == (year, month, day))
}

/// The day of the Gregorian calendar that is so many days after 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    // Years that begin in March end with the leap day, which makes the lengths of months regular.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_can_be_stopped() {
        for stamp in ["20261122131500", "20240229235959", "19700101000000", "20000301000000", "21000228120000"] {
            assert_eq!(Moment::now(Some(stamp)).stamp(), stamp);
        }
        assert_eq!(Moment::now(Some("2026-11-22T13:15:00Z")).stamp(), "20261122131500");
        assert!(Moment::now(Some("soon")).stamp().as_str() > "20200101000000");
    }

    #[test]
    fn two_revisions_of_one_second_sort_as_they_were_made() {
        let taken = [RevisionId::new("20261231235959_a").unwrap()];
        assert_eq!(new_id(Moment::now(Some("20261231235959")), "b", taken.iter()).as_str(), "20270101000000_b");
    }
}
