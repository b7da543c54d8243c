//! Durations for people.
//!
//! Three digits are enough to compare two of them.

use std::time::Duration;

/// `0.4 ms`, `12 ms`, `1.20 s`, `2 min 05 s`, `1 h 02 min`.
///
/// ```
/// use cargo_schema::report::duration::shown;
/// use std::time::Duration;
/// assert_eq!(shown(Duration::from_micros(420)), "0.4 ms");
/// assert_eq!(shown(Duration::from_millis(1204)), "1.20 s");
/// assert_eq!(shown(Duration::from_secs(125)), "2 min 05 s");
/// ```
pub fn shown(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.as_secs_f64() * 1000.0);
    match seconds {
        0 if millis < 9.95 => format!("{millis:.1} ms"),
        0 => format!("{millis:.0} ms"),
        1..=9 => format!("{:.2} s", duration.as_secs_f64()),
        10..=59 => format!("{:.1} s", duration.as_secs_f64()),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}
