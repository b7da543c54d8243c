//! The words of `#[column(...)]` about the storage of a column.

use std::collections::BTreeMap;

use schema_core::kinds::{ColumnSettings, Storage};

use super::constraint::parameters;
use crate::attr::{Args, Findings};
use crate::finding::{ATTRIBUTE_VALUE, SyntaxFinding};

/// The words that are read here.
pub(super) const WORDS: &[&str] = &["storage", "compression", "statistics", "with"];

/// PostgreSQL takes no more (`MAX_STATISTICS_TARGET`).
pub(super) const MOST_STATISTICS: u16 = 10_000;

pub(super) fn read(args: &mut Args<'_>, findings: &mut Findings) -> ColumnSettings {
    ColumnSettings {
        storage: storage(args, findings),
        compression: compression(args, findings),
        statistics: statistics(args, findings),
        options: options(args, findings),
    }
}

fn storage(args: &mut Args<'_>, findings: &mut Findings) -> Option<Storage> {
    let text = args.text("storage", findings)?;
    let found = Storage::parse(text.value.trim());
    if found.is_none() {
        let message = format!("`storage` knows no `{}`", text.value);
        let help = "it knows \"plain\", \"external\", \"extended\" and \"main\"";
        findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message).help(help));
    }
    found
}

fn compression(args: &mut Args<'_>, findings: &mut Findings) -> Option<String> {
    let text = args.text("compression", findings)?;
    let word = text.value.trim().to_ascii_lowercase();
    if matches!(word.as_str(), "pglz" | "lz4" | "default") {
        return Some(word);
    }
    let message = format!("`compression` knows no `{}`", text.value);
    findings.push(
        SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message).help("it knows \"pglz\", \"lz4\" and \"default\""),
    );
    None
}

fn statistics(args: &mut Args<'_>, findings: &mut Findings) -> Option<u16> {
    let span = args.place_of("statistics")?;
    let number = args.number("statistics", findings)?;
    let found = u16::try_from(number).ok().filter(|number| *number <= MOST_STATISTICS);
    if found.is_none() {
        let message = format!("`statistics` is from 0 to {MOST_STATISTICS}, and {number} is not");
        findings
            .push(SyntaxFinding::error(ATTRIBUTE_VALUE, span, message).help("leave it out for the server's default"));
    }
    found
}

fn options(args: &mut Args<'_>, findings: &mut Findings) -> BTreeMap<String, String> {
    parameters(args, "with(n_distinct = 100)", findings)
}
