//! What kind of statement the engine has before it: one that ends transactions, one that cannot run in a transaction, or any other.
//!
//! It looks at the leading words. Whether a statement is safe, valid or wanted is decided elsewhere; a statement that is not
//! recognised is `Other`, and the server has the last word.

use super::reader::Reader;
use super::splitter::Statement;
use crate::QualifiedName;

/// What the engine must know of a statement before it runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// BEGIN, COMMIT, SAVEPOINT ...: it would end or nest the transaction the revision runs in. The leading words, upper case.
    TransactionControl(&'static str),
    /// PostgreSQL refuses it in a transaction (SQLSTATE 25001).
    NotInTransaction(NotInTransaction),
    /// Anything else.
    Other,
}

/// Statements that PostgreSQL runs outside a transaction only, with what is needed to resume the ones that leave something behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInTransaction {
    /// A failure leaves an INVALID index behind.
    CreateIndexConcurrently {
        /// The index, in the PostgreSQL schema of its table; `None` when the server chooses the name.
        name: Option<QualifiedName>,
        /// The table; `None` when the statement cannot be read.
        table: Option<QualifiedName>,
    },
    /// A failure leaves an INVALID index behind; dropping again works.
    DropIndexConcurrently {
        /// The indexes.
        names: Vec<QualifiedName>,
    },
    /// A failure leaves an INVALID index named `..._ccnew` or `..._ccold` behind.
    ReindexConcurrently,
    /// REINDEX of a whole schema, database or of the system catalogs.
    ReindexMany,
    /// A failure leaves the partition in the state "detach pending"; `DETACH PARTITION ... FINALIZE` ends it.
    DetachConcurrently,
    /// VACUUM.
    Vacuum,
    /// CLUSTER of all tables.
    ClusterAll,
    /// ALTER SYSTEM.
    AlterSystem,
    /// CREATE DATABASE.
    CreateDatabase,
    /// DROP DATABASE.
    DropDatabase,
    /// ALTER DATABASE ... SET TABLESPACE.
    MoveDatabase,
    /// CREATE TABLESPACE.
    CreateTablespace,
    /// DROP TABLESPACE.
    DropTablespace,
    /// CREATE SUBSCRIPTION that makes its replication slot.
    CreateSubscription,
    /// DROP SUBSCRIPTION, which drops its replication slot.
    DropSubscription,
    /// DISCARD ALL.
    DiscardAll,
}

/// The kind of a statement.
///
/// ```
/// use schema_core::sql::{NotInTransaction, StatementKind, split, statement_kind};
/// let text = "create unique index concurrently i on audit.log (id)";
/// let StatementKind::NotInTransaction(NotInTransaction::CreateIndexConcurrently { name, .. }) =
///     statement_kind(&split(text).unwrap()[0]) else { panic!() };
/// assert_eq!(name.unwrap().to_string(), "audit.i");
/// ```
pub fn statement_kind(statement: &Statement<'_>) -> StatementKind {
    let mut reader = Reader::new(statement.text);
    if let Some(words) = transaction_control(&mut reader) {
        return StatementKind::TransactionControl(words);
    }
    reader.at = 0;
    not_in_transaction(&mut reader).map_or(StatementKind::Other, StatementKind::NotInTransaction)
}

fn transaction_control(reader: &mut Reader<'_>) -> Option<&'static str> {
    const ALONE: &[&str] = &["BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"];
    if let Some(word) = ALONE.iter().find(|word| reader.word(word)) {
        return Some(word);
    }
    if reader.word("start") && reader.word("transaction") {
        return Some("START TRANSACTION");
    }
    (reader.word("prepare") && reader.word("transaction")).then_some("PREPARE TRANSACTION")
}

fn not_in_transaction(reader: &mut Reader<'_>) -> Option<NotInTransaction> {
    let first = reader.tokens.first()?.text.to_ascii_lowercase();
    reader.at = 1;
    match first.as_str() {
        "create" => create(reader),
        "drop" => drop_object(reader),
        "alter" => alter(reader),
        "reindex" => reindex(reader),
        "vacuum" => Some(NotInTransaction::Vacuum),
        "cluster" => cluster(reader),
        "discard" => reader.word("all").then_some(NotInTransaction::DiscardAll),
        _ => None,
    }
}

fn create(reader: &mut Reader<'_>) -> Option<NotInTransaction> {
    if reader.word("database") {
        return Some(NotInTransaction::CreateDatabase);
    }
    if reader.word("tablespace") {
        return Some(NotInTransaction::CreateTablespace);
    }
    if reader.word("subscription") {
        return (!reader.makes_no_slot()).then_some(NotInTransaction::CreateSubscription);
    }
    reader.word("unique");
    if !(reader.word("index") && reader.word("concurrently")) {
        return None;
    }
    let _ = reader.word("if") && reader.word("not") && reader.word("exists");
    let own = if reader.word("on") { None } else { reader.name() };
    if own.is_some() && !reader.word("on") {
        return Some(NotInTransaction::CreateIndexConcurrently { name: own, table: None });
    }
    reader.word("only");
    let table = reader.name();
    let name = match (own, &table) {
        (Some(own), Some(table)) => Some(table.sibling(own.name)),
        (own, _) => own,
    };
    Some(NotInTransaction::CreateIndexConcurrently { name, table })
}

fn drop_object(reader: &mut Reader<'_>) -> Option<NotInTransaction> {
    if reader.word("database") {
        return Some(NotInTransaction::DropDatabase);
    }
    if reader.word("tablespace") {
        return Some(NotInTransaction::DropTablespace);
    }
    if reader.word("subscription") {
        return Some(NotInTransaction::DropSubscription);
    }
    if !(reader.word("index") && reader.word("concurrently")) {
        return None;
    }
    let _ = reader.word("if") && reader.word("exists");
    let mut names = Vec::new();
    while let Some(name) = reader.name() {
        names.push(name);
        if !reader.punct(",") {
            break;
        }
    }
    Some(NotInTransaction::DropIndexConcurrently { names })
}

fn alter(reader: &mut Reader<'_>) -> Option<NotInTransaction> {
    if reader.word("system") {
        return Some(NotInTransaction::AlterSystem);
    }
    if reader.word("database") {
        return reader.has(&["set", "tablespace"]).then_some(NotInTransaction::MoveDatabase);
    }
    let detaches = reader.word("table") && reader.has(&["detach", "partition"]);
    let last_is = reader.tokens.last().is_some_and(|token| token.is_word("concurrently"));
    (detaches && last_is).then_some(NotInTransaction::DetachConcurrently)
}

fn reindex(reader: &mut Reader<'_>) -> Option<NotInTransaction> {
    // REINDEX (CONCURRENTLY, VERBOSE) TABLE t; `(CONCURRENTLY false)` asks for nothing.
    let mut concurrently = false;
    if reader.punct("(") {
        while let Some(token) = reader.take() {
            if token.is_punct(")") {
                break;
            }
            if token.is_word("concurrently") {
                concurrently = !["false", "off", "0"].iter().any(|no| reader.is_text(no));
            }
        }
    }
    let many = ["schema", "database", "system"].iter().any(|word| reader.word(word));
    let _ = !many && ["table", "index"].iter().any(|word| reader.word(word));
    if concurrently || reader.word("concurrently") {
        return Some(NotInTransaction::ReindexConcurrently);
    }
    many.then_some(NotInTransaction::ReindexMany)
}

fn cluster(reader: &mut Reader<'_>) -> Option<NotInTransaction> {
    reader.word("verbose");
    if reader.punct("(") {
        while reader.take().is_some_and(|token| !token.is_punct(")")) {}
    }
    reader.take().is_none().then_some(NotInTransaction::ClusterAll)
}

#[cfg(test)]
mod tests {
    use super::{super::split, NotInTransaction::*, *};

    fn kind(text: &str) -> StatementKind {
        statement_kind(&split(text).unwrap()[0])
    }

    fn outside(text: &str) -> NotInTransaction {
        match kind(text) {
            StatementKind::NotInTransaction(found) => found,
            found => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn words_of_transactions() {
        for (text, words) in [
            ("begin isolation level serializable", "BEGIN"),
            ("start /* */ Transaction", "START TRANSACTION"),
            ("END", "END"),
            ("abort", "ABORT"),
            ("rollback to s", "ROLLBACK"),
            ("prepare transaction 'x'", "PREPARE TRANSACTION"),
        ] {
            assert_eq!(kind(text), StatementKind::TransactionControl(words), "{text}");
        }
        for text in ["prepare p as select 1", "\"begin\"", "set transaction read only", "select 1"] {
            assert_eq!(kind(text), StatementKind::Other, "{text}");
        }
    }

    #[test]
    fn concurrent_indexes_know_their_names() {
        let index = |text: &str| match outside(text) {
            CreateIndexConcurrently { name, table } => (name.map(|n| n.to_string()), table.map(|t| t.to_string())),
            found => panic!("{found:?}"),
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(index("CREATE INDEX CONCURRENTLY ON t (a)"), (None, some("t")));
        assert_eq!(
            index("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I x\" ON ONLY s.t USING gin (a)"),
            (some("s.I x"), some("s.t"))
        );
        assert_eq!(kind("CREATE INDEX i ON concurrently (a)"), StatementKind::Other);
        let names = vec![QualifiedName::parse("a").unwrap(), QualifiedName::parse("s.b").unwrap()];
        assert_eq!(outside("DROP INDEX CONCURRENTLY IF EXISTS a, s.b CASCADE"), DropIndexConcurrently { names });
        assert_eq!(kind("DROP INDEX a"), StatementKind::Other);
    }

    #[test]
    fn statements_the_server_refuses_in_a_transaction() {
        for (text, expected) in [
            ("REINDEX TABLE CONCURRENTLY t", ReindexConcurrently),
            ("REINDEX (verbose, concurrently) INDEX i", ReindexConcurrently),
            ("REINDEX SCHEMA s", ReindexMany),
            ("VACUUM (full) t", Vacuum),
            ("CLUSTER", ClusterAll),
            ("CLUSTER VERBOSE", ClusterAll),
            ("alter system set a = 1", AlterSystem),
            ("ALTER DATABASE d SET TABLESPACE s", MoveDatabase),
            ("ALTER TABLE p DETACH PARTITION q CONCURRENTLY", DetachConcurrently),
            ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", CreateSubscription),
            ("DISCARD ALL", DiscardAll),
        ] {
            assert_eq!(outside(text), expected, "{text}");
        }
    }

    #[test]
    fn their_relatives_run_in_a_transaction() {
        for text in [
            "REINDEX TABLE t",
            "REINDEX (concurrently false) TABLE t",
            "CLUSTER t USING i",
            "ALTER DATABASE d SET work_mem = '1MB'",
            "ALTER TABLE p DETACH PARTITION q FINALIZE",
            "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (create_slot = false)",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
            "DISCARD PLANS",
        ] {
            assert_eq!(kind(text), StatementKind::Other, "{text}");
        }
    }
}
