//! Adopted migrations: those that another tool has written and applied, read as revisions of this history.
//!
//! The files stay as they are. One revision of our own, the adoption, lists them with what its tool calls them and records the
//! declared schema that they lead to; each of them becomes a revision before it. Which files a tool reads, and what its history
//! table says, is known elsewhere.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::checksum::Checksums;
use super::id::RevisionId;
use super::migration::{Migration, is_transactional};
use crate::diagnostic::{Code, Diagnostic};
use crate::sql::{self, StatementKind, statement_kind};

/// An adopted file is not what it was when it was adopted.
pub const ADOPTED_EDITED: Code = Code::new("adopted-edited");
/// An adopted file is gone.
pub const ADOPTED_MISSING: Code = Code::new("adopted-missing");

/// A tool whose migrations can be adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// diesel: folders with `up.sql` and `down.sql`.
    Diesel,
    /// sqlx: `VERSION_name.sql`, or `.up.sql` and `.down.sql`.
    Sqlx,
    /// refinery: `V1__name.sql`.
    Refinery,
    /// sea-orm: programs, whose SQL cannot be read.
    SeaOrm,
    /// Prisma: folders with `migration.sql`.
    Prisma,
    /// Flyway: `V1__name.sql`.
    Flyway,
    /// golang-migrate: `1_name.up.sql` and `.down.sql`.
    GolangMigrate,
    /// Files in the order of their names, and no history table that is known.
    Sql,
}

impl Tool {
    /// All of them.
    pub const ALL: [Tool; 8] = [
        Tool::Diesel,
        Tool::Sqlx,
        Tool::Refinery,
        Tool::SeaOrm,
        Tool::Prisma,
        Tool::Flyway,
        Tool::GolangMigrate,
        Tool::Sql,
    ];

    /// Its name, as `--from` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Diesel => "diesel",
            Tool::Sqlx => "sqlx",
            Tool::Refinery => "refinery",
            Tool::SeaOrm => "sea-orm",
            Tool::Prisma => "prisma",
            Tool::Flyway => "flyway",
            Tool::GolangMigrate => "golang-migrate",
            Tool::Sql => "sql",
        }
    }

    /// The tool of this name.
    pub fn named(name: &str) -> Option<Tool> {
        Tool::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// The table in which it keeps what is applied.
    pub fn table(self) -> Option<&'static str> {
        Some(match self {
            Tool::Diesel => "__diesel_schema_migrations",
            Tool::Sqlx => "_sqlx_migrations",
            Tool::Refinery => "refinery_schema_history",
            Tool::SeaOrm => "seaql_migrations",
            Tool::Prisma => "_prisma_migrations",
            Tool::Flyway => "flyway_schema_history",
            Tool::GolangMigrate => "schema_migrations",
            Tool::Sql => return None,
        })
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How another tool knows a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The tool.
    pub tool: Tool,
    /// What its history table calls the migration. An adoption whose SQL cannot be read stands for several: all of them.
    pub keys: Vec<Cow<'static, str>>,
    /// The checksum that its history table must hold, in hexadecimal, for tools that check theirs.
    pub sum: Option<Cow<'static, str>>,
}

/// What the record of an adoption says about the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// Whose they are.
    pub tool: Tool,
    /// Where they are, from the migrations folder.
    pub folder: String,
    /// The migrations in the order in which they are applied.
    pub migrations: Vec<AdoptedFile>,
}

/// One adopted migration and where its texts are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptedFile {
    /// Its id in this history.
    pub id: RevisionId,
    /// What its tool calls it.
    pub key: String,
    /// The file that applies it, from the adopted folder; `None` when its SQL cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<String>,
    /// The file that undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
    /// Whether it runs in one transaction.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub transaction: bool,
    /// Over its texts, as [`Checksums::text_of`] makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// See [`Adopted::sum`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<String>,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

impl Adoption {
    /// Whether the SQL of the migrations is known. Otherwise the adoption itself builds what they lead to.
    pub fn is_readable(&self) -> bool {
        self.migrations.iter().all(|file| file.up.is_some())
    }

    /// The revision before the adoption itself.
    pub fn last(&self) -> Option<&RevisionId> {
        self.migrations.last().filter(|_| self.is_readable()).map(|file| &file.id)
    }

    /// How its tool knows the adoption itself, which stands for the migrations whose SQL cannot be read.
    pub fn as_one(&self) -> Option<Adopted> {
        let keys = self.migrations.iter().map(|file| file.key.clone().into()).collect();
        (!self.is_readable()).then_some(Adopted { tool: self.tool, keys, sum: None })
    }

    /// The migration at a place in the list, from its texts as they are on the disk.
    pub fn migration(&self, at: usize, up: &str, down: Option<&str>) -> Migration {
        let file = &self.migrations[at];
        Migration {
            id: file.id.clone(),
            parents: at.checked_sub(1).map(|before| self.migrations[before].id.clone()).into_iter().collect(),
            message: file.id.name().replace(['_', '-'], " ").trim().to_owned(),
            up: adapted(up, file.transaction).into(),
            down: down.map(|down| adapted(down, file.transaction && fits_transaction(down)).into()),
            adopted: Some(Adopted {
                tool: self.tool,
                keys: vec![file.key.clone().into()],
                sum: file.sum.clone().map(Into::into),
            }),
            replaces: Vec::new(),
        }
    }
}

impl AdoptedFile {
    /// A finding when the texts are not those that were adopted. `shown` is the file as the user would type it.
    pub fn edit(&self, shown: &str, up: &str, down: Option<&str>) -> Option<Diagnostic> {
        let known = self.checksum.as_ref()?;
        if *known == Checksums::text_of(up, down) {
            return None;
        }
        let message = format!("`{shown}` is not what was adopted, so nobody can tell which text a database has");
        Some(
            Diagnostic::error(ADOPTED_EDITED, message)
                .help(format!("give it and its down file back what they had: git log -p -- {shown}"))
                .help("put the change into a new revision: cargo schema generate"),
        )
    }

    /// The finding that a file is gone.
    pub fn missing(&self, shown: &str) -> Diagnostic {
        let message = format!("`{shown}` was adopted and is not there, so no new database can be built");
        Diagnostic::error(ADOPTED_MISSING, message).help(format!("give it back: git log -- {shown}"))
    }
}

/// Whether PostgreSQL takes every statement in a transaction. A text that cannot be cut counts as one that does.
pub fn fits_transaction(text: &str) -> bool {
    let statements = sql::split(text).unwrap_or_default();
    !statements.iter().any(|statement| matches!(statement_kind(statement), StatementKind::NotInTransaction(_)))
}

/// The text as the engine runs it: it keeps every line where it was, but for one more first line when it runs outside a transaction.
///
/// The engine begins and ends transactions itself, so a text's own BEGIN and COMMIT are blanked. What is left of transaction
/// control, such as ROLLBACK, is a finding when the text is run.
pub fn adapted(text: &str, transaction: bool) -> String {
    let mut adapted = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
    for statement in sql::split(&adapted.clone()).unwrap_or_default() {
        let StatementKind::TransactionControl(words) = statement_kind(&statement) else { continue };
        if matches!(words, "BEGIN" | "START TRANSACTION" | "COMMIT" | "END") {
            // The length stays, so that places in the text stay true; a semicolon alone is no statement.
            let range = statement.start..statement.end;
            adapted.replace_range(range.clone(), &" ".repeat(range.len()));
        }
    }
    match transaction || !is_transactional(&adapted) {
        true => adapted,
        false => format!("-- schema: no-transaction\n{adapted}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_begins_and_ends_transactions() {
        let text = "BEGIN;\nCREATE TABLE a ();\nCOMMIT ;\n";
        assert_eq!(adapted(text, true), "     ;\nCREATE TABLE a ();\n       ;\n");
        assert_eq!(adapted("ROLLBACK;", true), "ROLLBACK;");
        assert_eq!(adapted("SELECT 'BEGIN;';", true), "SELECT 'BEGIN;';");
    }

    #[test]
    fn what_runs_outside_a_transaction_says_so() {
        let text = "CREATE INDEX CONCURRENTLY a_b ON a (b);";
        assert!(!fits_transaction(text) && fits_transaction("CREATE INDEX a_b ON a (b);"));
        assert_eq!(adapted(text, false), format!("-- schema: no-transaction\n{text}"));
        assert_eq!(adapted("-- schema: no-transaction\nVACUUM", false), "-- schema: no-transaction\nVACUUM");
    }

    #[test]
    fn every_tool_is_found_by_its_name() {
        for tool in Tool::ALL {
            assert_eq!(Tool::named(tool.name()), Some(tool));
        }
    }

    #[test]
    fn an_edited_file_is_named() {
        let file = AdoptedFile {
            id: RevisionId::new("1_a").unwrap(),
            key: "1".into(),
            up: Some("1_a.sql".into()),
            down: None,
            transaction: true,
            checksum: Some(Checksums::text_of("SELECT 1;\n", None)),
            sum: None,
        };
        assert_eq!(file.edit("m/1_a.sql", "SELECT 1;\r\n", None), None);
        assert_eq!(file.edit("m/1_a.sql", "SELECT 2;\n", None).unwrap().code, ADOPTED_EDITED);
    }
}
