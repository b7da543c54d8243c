//! Whether a statement that ran outside a transaction took effect: asked of the catalogs, never guessed.
//!
//! CREATE INDEX CONCURRENTLY and its relatives leave an INVALID index behind when they fail or are killed: it is dropped and the
//! statement is run again. Statements whose effect shows nowhere are in doubt, unless running them again does no harm.

use schema_core::sql::NotInTransaction;
use schema_core::{QualifiedName, quote_literal};

use super::error::ApplyError;
use super::run::Run;
use super::session::Session;

/// What the catalogs say about an interrupted statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It took effect.
    Done,
    /// It did not, or doing it again does no harm.
    NotDone,
    /// It cannot be told.
    Doubt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Absent,
    Valid,
    Invalid,
}

const DOING: &str = "looking for an index";

/// Settles a statement that was in flight when its run ended.
pub(crate) async fn settle<S: Session>(run: &mut Run<'_, S>, why: &NotInTransaction) -> Result<Found, ApplyError> {
    match why {
        NotInTransaction::CreateIndexConcurrently { name: Some(name), .. } => match index(run, name).await? {
            Index::Valid => Ok(Found::Done),
            Index::Absent => Ok(Found::NotDone),
            Index::Invalid => {
                drop_invalid(run, name).await?;
                Ok(Found::NotDone)
            }
        },
        NotInTransaction::DropIndexConcurrently { names } => {
            for name in names {
                if index(run, name).await? != Index::Absent {
                    return Ok(Found::NotDone);
                }
            }
            Ok(Found::Done)
        }
        NotInTransaction::Vacuum
        | NotInTransaction::ReindexConcurrently
        | NotInTransaction::ReindexMany
        | NotInTransaction::ClusterAll
        | NotInTransaction::AlterSystem
        | NotInTransaction::MoveDatabase => Ok(Found::NotDone),
        _ => Ok(Found::Doubt),
    }
}

/// Whether the statement is to be marked before it runs. An index that is already there when it is to be made, or missing when it
/// is to be dropped, is no work of this statement: the server refuses or skips, and a mark would later be settled as its work.
pub(crate) async fn before_start<S: Session>(
    run: &mut Run<'_, S>,
    why: Option<&NotInTransaction>,
) -> Result<bool, ApplyError> {
    match why {
        Some(NotInTransaction::CreateIndexConcurrently { name: Some(name), .. }) => {
            Ok(index(run, name).await? == Index::Absent)
        }
        Some(NotInTransaction::DropIndexConcurrently { names }) => {
            for name in names {
                if index(run, name).await? == Index::Absent {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Whether a statement that succeeded really took effect: `IF NOT EXISTS` also skips an invalid index, which is dropped here, and the
/// statement is to be run again.
pub(crate) async fn after_success<S: Session>(
    run: &mut Run<'_, S>,
    why: Option<&NotInTransaction>,
) -> Result<bool, ApplyError> {
    let Some(NotInTransaction::CreateIndexConcurrently { name: Some(name), .. }) = why else { return Ok(true) };
    let invalid = index(run, name).await? == Index::Invalid;
    if invalid {
        drop_invalid(run, name).await?;
    }
    Ok(!invalid)
}

/// Clears away what a failed statement left behind.
pub(crate) async fn after_failure<S: Session>(
    run: &mut Run<'_, S>,
    why: Option<&NotInTransaction>,
) -> Result<(), ApplyError> {
    match why {
        Some(NotInTransaction::CreateIndexConcurrently { name: Some(name), .. })
            if index(run, name).await? == Index::Invalid =>
        {
            drop_invalid(run, name).await
        }
        _ => Ok(()),
    }
}

async fn index<S: Session>(run: &mut Run<'_, S>, name: &QualifiedName) -> Result<Index, ApplyError> {
    let sql = format!(
        "SELECT i.indisvalid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} AND c.relname = {}",
        quote_literal(name.schema.as_str()),
        quote_literal(name.name.as_str())
    );
    let answer = run.session.ask(&sql).await.map_err(|error| ApplyError::own(DOING, &error))?;
    Ok(match answer.text(0) {
        "" => Index::Absent,
        "t" => Index::Valid,
        _ => Index::Invalid,
    })
}

async fn drop_invalid<S: Session>(run: &mut Run<'_, S>, name: &QualifiedName) -> Result<(), ApplyError> {
    let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {}.{}", name.schema.quoted(), name.name.quoted());
    run.own("dropping the invalid index of an interrupted CREATE INDEX CONCURRENTLY", &sql).await?;
    Ok(())
}
