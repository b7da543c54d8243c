//! The server of the branches' databases: lists, copies, renames and drops them, from a database that is none of them.
//!
//! One process at a time, by an advisory lock. Which database is wanted is the caller's to say.

use std::collections::BTreeSet;
use std::time::Duration;

use postgres::Client;
use postgres::error::SqlState;
use schema_runtime::connect::connect;

use super::mark::{Mark, free_name};
use super::{BranchError, sessions};
use crate::devdb;

/// A database of the server that is one of the branches'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchDatabase {
    /// Its name now.
    pub name: String,
    /// Its mark; `None` for one in place that has none yet, and for a copy that was interrupted.
    pub mark: Option<Mark>,
    /// Its size; `None` when this role may not connect to it.
    pub bytes: Option<i64>,
    comment: String,
}

/// A connection beside the databases, and the lock.
pub struct BranchServer {
    admin: Client,
    /// Ends idle sessions while `admin` waits.
    ending: Client,
    url: String,
    of: String,
}

/// How often somebody is looked for, with a moment in between.
const LOOKS: u32 = 10;

const LIST: &str = "SELECT d.datname::text, coalesce(shobj_description(d.oid, 'pg_database'), ''), \
        CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END \
    FROM pg_database d WHERE NOT d.datistemplate ORDER BY d.datname";

/// Settings and privileges of a database, which `CREATE DATABASE` does not copy, as statements for its copy. Names in a list are quoted in it already.
const BELONGINGS: &str = "SELECT CASE s.setrole WHEN 0 THEN format('ALTER DATABASE %I SET %I TO %s', $2::text, g.name, g.value) \
        ELSE format('ALTER ROLE %I IN DATABASE %I SET %I TO %s', pg_get_userbyid(s.setrole), $2::text, g.name, g.value) END \
    FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid CROSS JOIN unnest(s.setconfig) AS c \
    CROSS JOIN LATERAL (SELECT split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS raw) AS n \
    CROSS JOIN LATERAL (SELECT n.name, CASE WHEN n.name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries') \
        AND n.raw <> '' THEN n.raw ELSE quote_literal(n.raw) END AS value) AS g WHERE d.datname::text = $1 \
    UNION ALL SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $2::text) FROM pg_database d WHERE d.datname::text = $1 AND d.datacl IS NOT NULL \
    UNION ALL SELECT format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, $2::text, \
        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
    FROM pg_database d CROSS JOIN aclexplode(d.datacl) AS a WHERE d.datname::text = $1 AND a.grantee <> d.datdba";

/// The mark of the database that a client is connected to.
pub fn mark_of(client: &mut Client) -> Result<Option<Mark>, BranchError> {
    let asked = client.query_one(
        "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = current_database()",
        &[],
    );
    let row =
        asked.map_err(|source| BranchError::Statement { doing: "read the database's comment".to_owned(), source })?;
    Ok(Mark::read(row.get(0)))
}

impl BranchServer {
    /// The server of a URL whose database is called `of`. Waits for another process that copies or renames.
    pub fn open(url: &str, of: &str) -> Result<BranchServer, BranchError> {
        let to = |database: &str| connect(&devdb::with_database(url, database));
        let beside = |database: &str| Ok::<_, Box<_>>((to(database)?, to(database)?));
        // Where there is no `postgres`, the one that new databases are copied from is there.
        let (mut admin, ending) = match of {
            "postgres" => beside("template1"),
            _ => beside("postgres").or_else(|_| beside("template1")),
        }
        .map_err(BranchError::Connect)?;
        let locked =
            admin.query("SELECT pg_advisory_lock(hashtextextended('cargo schema branches ' || $1::text, 0))", &[&of]);
        locked.map_err(|source| BranchError::Statement {
            doing: "wait for the lock of the branches' databases".to_owned(),
            source,
        })?;
        Ok(BranchServer { admin, ending, url: url.to_owned(), of: of.to_owned() })
    }

    /// The name that the application knows.
    pub fn of(&self) -> &str {
        &self.of
    }

    /// The URL of one of the databases.
    pub fn url(&self, database: &BranchDatabase) -> String {
        if database.name == self.of { self.url.clone() } else { devdb::with_database(&self.url, &database.name) }
    }

    /// All of them: the one in place, those that wait, and copies without a mark, which an interrupted command may have left.
    pub fn all(&mut self) -> Result<Vec<BranchDatabase>, BranchError> {
        let rows = self.admin.query(LIST, &[]);
        let rows = rows.map_err(|source| BranchError::Statement { doing: "list the databases".to_owned(), source })?;
        let found = rows.iter().map(|row| {
            let (comment, bytes) = (row.get::<_, String>(1), row.get(2));
            BranchDatabase { name: row.get(0), mark: Mark::read(&comment), bytes, comment }
        });
        let start = format!("{}__", self.of);
        let (mut ours, mut stray) = (Vec::new(), Vec::new());
        for database in found {
            match &database.mark {
                _ if database.name == self.of => ours.insert(0, database),
                Some(mark) if mark.of == self.of => ours.push(database),
                None if database.name.starts_with(&start) => stray.push(database),
                _ => {}
            }
        }
        Ok(ours.into_iter().chain(stray).collect())
    }

    /// The time, as marks have it.
    pub fn now(&mut self) -> Result<String, BranchError> {
        let row = self.admin.query_one("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')", &[]);
        Ok(row.map_err(|source| BranchError::Statement { doing: "ask for the time".to_owned(), source })?.get(0))
    }

    /// Refuses while somebody works in it. A statement or a login that is over in a moment does not count.
    pub fn idle(&mut self, database: &str) -> Result<(), BranchError> {
        let mut found = Vec::new();
        for _ in 0..LOOKS {
            let looked = sessions::busy(&mut self.admin, database);
            found =
                looked.map_err(|source| BranchError::Statement { doing: "list the sessions".to_owned(), source })?;
            if found.is_empty() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(BranchError::Busy { database: database.to_owned(), sessions: found })
    }

    /// Marks a database.
    pub fn label(&mut self, database: &mut BranchDatabase, mark: Option<Mark>) -> Result<(), BranchError> {
        let comment = match &mark {
            Some(mark) => mark.written_into(&database.comment),
            None => Mark::taken_from(&database.comment),
        };
        self.run("mark a database", &comment_on(&database.name, &comment))?;
        (database.mark, database.comment) = (mark, comment);
        Ok(())
    }

    /// A copy of one with all its rows, for a branch; it waits.
    pub fn copy(&mut self, from: &BranchDatabase, branch: &str) -> Result<BranchDatabase, BranchError> {
        self.idle(&from.name)?;
        let name = self.free_name(branch)?;
        let doing = format!("copy `{}` for `{branch}`", from.name);
        let sql = format!("CREATE DATABASE {} TEMPLATE {}", quoted(&name), quoted(&from.name));
        self.undisturbed(&doing, &[&from.name], &sql)?;
        let mut made = BranchDatabase { name, mark: None, bytes: from.bytes, comment: String::new() };
        let mark = Mark { of: self.of.clone(), branch: branch.to_owned(), base: false, used: self.now()? };
        self.label(&mut made, Some(mark))?;
        let belongings = self.admin.query(BELONGINGS, &[&from.name, &made.name]);
        let belongings = belongings.map_err(|source| BranchError::Statement { doing: doing.clone(), source })?;
        for row in belongings {
            self.run(&doing, row.get(0))?;
        }
        Ok(made)
    }

    /// Gives a waiting database the name that the application knows; the one that has it waits from now on. Both or neither.
    pub fn put_in_place(&mut self, wanted: &BranchDatabase, active: &BranchDatabase) -> Result<(), BranchError> {
        self.idle(&active.name)?;
        self.idle(&wanted.name)?;
        let branch = active.mark.as_ref().map_or("unmarked", |mark| mark.branch.as_str()).to_owned();
        let aside = self.free_name(&branch)?;
        let used = self.now()?;
        let mark = wanted.mark.clone().map(|mark| Mark { used, ..mark });
        let comment = mark.map_or_else(|| wanted.comment.clone(), |mark| mark.written_into(&wanted.comment));
        let sql = format!(
            "BEGIN; ALTER DATABASE {of} RENAME TO {aside}; ALTER DATABASE {name} RENAME TO {of}; {}; COMMIT",
            comment_on(&self.of, &comment),
            of = quoted(&self.of),
            aside = quoted(&aside),
            name = quoted(&wanted.name)
        );
        let of = self.of.clone();
        self.undisturbed(
            &format!("put the database of another branch in the place of `{of}`"),
            &[&of, &wanted.name],
            &sql,
        )
    }

    /// Drops one, with all its rows.
    pub fn drop_database(&mut self, database: &BranchDatabase) -> Result<(), BranchError> {
        self.idle(&database.name)?;
        let sql = format!("DROP DATABASE {}", quoted(&database.name));
        self.undisturbed(&format!("drop `{}`", database.name), &[&database.name], &sql)
    }

    fn free_name(&mut self, branch: &str) -> Result<String, BranchError> {
        let rows = self.admin.query("SELECT datname::text FROM pg_database", &[]);
        let rows = rows.map_err(|source| BranchError::Statement { doing: "list the databases".to_owned(), source })?;
        let taken: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
        Ok(free_name(&self.of, branch, &taken))
    }

    fn run(&mut self, doing: &str, sql: &str) -> Result<(), BranchError> {
        self.admin.batch_execute(sql).map_err(|source| BranchError::Statement { doing: doing.to_owned(), source })
    }

    /// Runs a statement for which nobody may be connected to these databases.
    fn undisturbed(&mut self, doing: &str, databases: &[&str], sql: &str) -> Result<(), BranchError> {
        let admin = &mut self.admin;
        let result = sessions::without_idle(&mut self.ending, databases, || admin.batch_execute(sql));
        let Err(source) = result else { return Ok(()) };
        // A batch that failed leaves its transaction open.
        let _ = self.admin.batch_execute("ROLLBACK");
        if source.code() == Some(&SqlState::OBJECT_IN_USE) {
            // Somebody has begun to work meanwhile.
            databases.iter().try_for_each(|database| self.idle(database))?;
        }
        Err(BranchError::Statement { doing: doing.to_owned(), source })
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn comment_on(database: &str, comment: &str) -> String {
    // An E string means the same whatever standard_conforming_strings says.
    let text = comment.replace('\\', r"\\").replace('\'', "''");
    format!("COMMENT ON DATABASE {} IS E'{text}'", quoted(database))
}
