//! Databases kept to be copied: a replayed history is built once and cloned by every later job.
//!
//! A template is named by the hash of what is in it; the caller chooses the hash so that it covers the texts, and this module
//! never looks inside. The ones used longest ago are dropped.

use super::error::DevError;
use super::{DevServer, ScratchDatabase, short_hash};
use postgres::error::SqlState;
use std::time::{SystemTime, UNIX_EPOCH};

/// More would cost disk for histories nobody goes back to; a template of 1,000 tables has 54 MB.
const KEPT: usize = 20;
/// A use is written down only when the last note is older, to spare the common case a statement.
const NOTE_AFTER_SECONDS: u64 = 600;
const PREFIX: &str = "cargo_schema_tpl_";

/// A database that is there to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub(super) name: String,
}

impl DevServer {
    /// The template of this key, if it was made before and is still kept.
    pub fn template(&self, key: &str) -> Result<Option<Template>, DevError> {
        let name = name_of(key);
        let asked = self.admin().query_opt(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname::text = $1 AND NOT datallowconn",
            &[&name],
        );
        let Some(row) = asked.map_err(|e| DevError::statement("cannot look for a template", e))? else {
            return Ok(None);
        };
        let noted: Option<String> = row.get(0);
        let noted: u64 = noted.and_then(|text| text.parse().ok()).unwrap_or(0);
        if noted + NOTE_AFTER_SECONDS < now() {
            // Another command may be dropping it: then the copy fails and the caller builds anew.
            let _ = self.run_on_admin("", &note(&name));
        }
        Ok(Some(Template { name }))
    }

    /// Turns the database of a job into the template of this key. Nothing may be connected to it any more; what is, is cut off.
    pub fn make_template(&self, key: &str, from: ScratchDatabase) -> Result<Template, DevError> {
        let name = name_of(key);
        let doing = "cannot keep a database as a template";
        self.run_on_admin(doing, &format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", from.name()))?;
        self.cut_off(from.name())?;
        let renamed = self.admin().batch_execute(&format!("ALTER DATABASE {} RENAME TO {name}", from.name()));
        match renamed {
            Ok(()) => from.give_away(),
            // Another command made the same one meanwhile; ours is dropped with `from`.
            Err(error) if error.code() == Some(&SqlState::DUPLICATE_DATABASE) => return Ok(Template { name }),
            Err(error) => return Err(DevError::statement(doing, error)),
        }
        self.run_on_admin(doing, &note(&name))?;
        self.drop_oldest()?;
        Ok(Template { name })
    }

    fn drop_oldest(&self) -> Result<(), DevError> {
        let asked = self.admin().query(
            "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1) \
             ORDER BY coalesce(shobj_description(oid, 'pg_database'), '') DESC, oid DESC OFFSET $2",
            &[&PREFIX, &(KEPT as i64)],
        );
        let rows = asked.map_err(|e| DevError::statement("cannot list the templates", e))?;
        for row in rows {
            // A copy of it may be under way; then it goes next time.
            let _ = self.run_on_admin("", &format!("DROP DATABASE IF EXISTS {}", row.get::<_, String>(0)));
        }
        Ok(())
    }
}

/// A name for any key; a long hash is cut to what PostgreSQL's names take.
fn name_of(key: &str) -> String {
    let plain = 16 <= key.len() && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if plain {
        return format!("{PREFIX}{}", &key[..key.len().min(40)]);
    }
    format!("{PREFIX}{}{}", short_hash(key), short_hash(&format!("{key}\n")))
}

/// Seconds, in ten digits until the year 2286, so that their text sorts as they do.
fn note(name: &str) -> String {
    format!("COMMENT ON DATABASE {name} IS '{:010}'", now())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_tell_keys_apart() {
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(name_of(&hash), format!("{PREFIX}{}", &hash[..40]));
        assert!(name_of(&hash).len() <= 63);
        assert_ne!(name_of("a"), name_of("b"));
        assert_ne!(name_of("a\"; DROP"), name_of("a"));
        assert!(name_of("ü x").bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    }
}
