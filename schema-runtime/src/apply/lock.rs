//! One deployer at a time: an advisory lock, asked for again and again.
//!
//! A waiting `pg_advisory_lock` would hold a snapshot, and CREATE INDEX CONCURRENTLY of the holder waits for every snapshot: both
//! would wait for ever. So each try is a statement of its own, and nothing is open between two of them.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use super::error::ApplyError;
use super::event::{Event, Holder, Observer};
use super::session::{Answer, Session};
use super::settings::Opened;

/// The key of the lock: 63 bits of SHA-256 of `cargo_schema`, so that no application takes it by chance. Advisory locks belong to one
/// database, so servers with many of them need no more.
pub(crate) const KEY: i64 = 0x5dc2_27a6_08dc_4680;

const TELL_EVERY: Duration = Duration::from_secs(5);

/// Lets the lock go.
pub(crate) fn unlock_sql() -> String {
    format!("SELECT pg_advisory_unlock({KEY})")
}

/// Takes the lock, or waits for it at most as long as `longest`.
pub(crate) async fn lock<S: Session>(
    session: &mut S,
    opened: &Opened,
    longest: Duration,
    observer: &dyn Observer,
) -> Result<(), ApplyError> {
    let start = Instant::now();
    let mut told: Option<Duration> = None;
    let sql = format!("SELECT pg_backend_pid(), pg_try_advisory_lock({KEY})");
    for attempt in 0.. {
        let answer = session.ask(&sql).await.map_err(|error| ApplyError::own("asking for the lock", &error))?;
        if answer.text(0) != opened.pid {
            return Err(ApplyError::Pooled);
        }
        if answer.is_true(1) {
            break;
        }
        let waited = start.elapsed();
        let holder = if told.is_none_or(|last| last + TELL_EVERY < waited) || longest <= waited {
            let holder = holder(session).await?;
            observer.event(&Event::WaitingForLock { holder: holder.as_ref(), waited });
            told = Some(waited);
            holder
        } else {
            None
        };
        if longest <= waited {
            return Err(ApplyError::LockHeld { holder, waited });
        }
        session.pause(jitter(Duration::from_millis(40 << attempt.min(4))).min(longest - waited)).await;
    }
    Ok(())
}

/// A time between half of `most` and all of it, so that many waiters do not come at once.
pub(crate) fn jitter(most: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 1024;
    most / 2 + most.mul_f64(random as f64 / 2048.0)
}

async fn holder<S: Session>(session: &mut S) -> Result<Option<Holder>, ApplyError> {
    let (high, low) = (KEY >> 32, KEY & 0xffff_ffff);
    let sql = format!(
        "SELECT a.pid, a.application_name, a.usename, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') \
         FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d ON d.oid = l.database \
         WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() \
         AND l.classid = {high} AND l.objid = {low} AND l.objsubid = 1"
    );
    let answer = session.ask(&sql).await.map_err(|error| ApplyError::own("asking who holds the lock", &error))?;
    Ok(holders(&answer).into_iter().next())
}

/// The oldest open transactions of other sessions, which is what a lock usually waits for.
pub(crate) async fn oldest_transactions<S: Session>(session: &mut S) -> Vec<Holder> {
    const SQL: &str = "SELECT pid, application_name, usename, to_char(xact_start, 'YYYY-MM-DD HH24:MI:SS TZ') FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend' \
        ORDER BY xact_start LIMIT 3";
    // It only explains; when it fails, the next attempt says why.
    session.ask(SQL).await.map(|answer| holders(&answer)).unwrap_or_default()
}

fn holders(answer: &Answer) -> Vec<Holder> {
    let holder = |row: &Vec<Option<String>>| {
        let text = |column: usize| row.get(column).cloned().flatten();
        Some(Holder {
            pid: text(0)?.parse().ok()?,
            application: text(1).unwrap_or_default(),
            user: text(2).unwrap_or_default(),
            since: text(3),
        })
    };
    answer.rows.iter().filter_map(holder).collect()
}
