//! The words of `#[table(...)]` that say something about the table as a whole: how it is stored and replicated, and who sees its
//! rows.

use schema_core::Ident;
use schema_core::kinds::{IndexPurpose, PartitionKey, ReplicaIdentity};

use super::names::split_outside;
use super::partition::partition_by;
use super::{NamePath, Spanned};
use crate::attr::{Args, Findings, ident};
use crate::finding::{ATTRIBUTE_VALUE, SyntaxFinding};

/// The words that are read here.
pub(super) const WORDS: &[&str] = &[
    "unlogged",
    "row_security",
    "force_row_security",
    "replica_identity",
    "cluster_on",
    "inherits",
    "partition_by",
    "partition",
];

/// What belongs to a table as a whole.
#[derive(Clone, Debug, Default)]
pub struct TableSettings {
    /// `unlogged`.
    pub unlogged: bool,
    /// `row_security`.
    pub row_security: bool,
    /// `force_row_security`.
    pub force_row_security: bool,
    /// `replica_identity`, unless it is an index.
    pub replica_identity: ReplicaIdentity,
    /// `inherits`.
    pub inherits: Vec<Spanned<NamePath>>,
    /// `partition_by`.
    pub partition_by: Option<PartitionKey>,
    /// `replica_identity = "index .."` and `cluster_on`.
    pub index_marks: Vec<(IndexPurpose, Spanned<Ident>)>,
}

impl TableSettings {
    pub(super) fn read(args: &mut Args<'_>, findings: &mut Findings) -> TableSettings {
        let settings = TableSettings::of_partition(args, findings);
        TableSettings { inherits: inherits(args, findings), ..settings }
    }

    /// Those that a partition may have: it takes columns over from one table only.
    pub(super) fn of_partition(args: &mut Args<'_>, findings: &mut Findings) -> TableSettings {
        let mut settings = TableSettings {
            unlogged: args.flag("unlogged", findings),
            row_security: args.flag("row_security", findings),
            force_row_security: args.flag("force_row_security", findings),
            partition_by: partition_by(args, findings),
            ..TableSettings::default()
        };
        settings.replica_identity(args, findings);
        let index = args.name("cluster_on", findings);
        settings.index_marks.extend(index.map(|index| (IndexPurpose::Cluster, index)));
        settings
    }

    fn replica_identity(&mut self, args: &mut Args<'_>, findings: &mut Findings) {
        let Some(text) = args.text("replica_identity", findings) else { return };
        let words = text.value.trim();
        match words.to_ascii_lowercase().as_str() {
            "default" => {}
            "full" => self.replica_identity = ReplicaIdentity::Full,
            "nothing" => self.replica_identity = ReplicaIdentity::Nothing,
            lower if lower.starts_with("index ") => {
                let index = ident(words["index ".len()..].trim().to_owned(), text.span, findings);
                self.index_marks.extend(index.map(|index| (IndexPurpose::ReplicaIdentity, index)));
            }
            _ => {
                let message = format!("`replica_identity` knows no `{words}`");
                let help = "it knows \"default\", \"full\", \"nothing\" and \"index NAME\"";
                findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message).help(help));
            }
        }
    }
}

/// `inherits = "parent, app.other"`.
fn inherits(args: &mut Args<'_>, findings: &mut Findings) -> Vec<Spanned<NamePath>> {
    let Some(text) = args.sql("inherits", findings) else { return Vec::new() };
    let parts = split_outside(&text.value, ',').into_iter().map(|part| part.trim().to_owned());
    let parts: Vec<String> = parts.collect();
    parts.into_iter().filter_map(|value| NamePath::read(Spanned { value, span: text.span }, findings)).collect()
}
