//! The fast way: when no file that was read has changed, what was said last time is said again.
//!
//! A file counts as unchanged when its length and its time of change are the same, which is what cargo itself looks at.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::Report;

/// The file of stamps. Without `OUT_DIR` nothing is kept.
pub(super) struct Stamps {
    file: Option<PathBuf>,
}

/// Two checkouts that build into one target folder have one `OUT_DIR`, so the package's folder is among them.
const SETTINGS: [&str; 3] = ["CARGO_MANIFEST_DIR", "DOCS_RS", "SCHEMA_BUILD"];

/// Stands between the stamps and what was said.
const SEPARATOR: &str = "\n--\n";

impl Stamps {
    pub(super) fn in_out_dir() -> Stamps {
        Stamps { file: std::env::var_os("OUT_DIR").map(|folder| Path::new(&folder).join("schema-verify.stamps")) }
    }

    /// What was said last time, when nothing has changed since.
    pub(super) fn output_if_fresh(&self) -> Option<String> {
        let text = fs::read_to_string(self.file.as_ref()?).ok()?;
        let (head, output) = text.split_once(SEPARATOR)?;
        let mut lines = head.lines();
        if lines.next()? != settings() {
            return None;
        }
        lines
            .all(|line| line.split_once('\t').is_some_and(|(stamp, path)| stamp == stamp_of(Path::new(path))))
            .then(|| output.to_owned())
    }

    /// Notes what was read and said. A folder that cannot be written costs time, not correctness.
    pub(super) fn store(&self, report: &Report) {
        let Some(file) = &self.file else { return };
        let stamps: Vec<String> =
            report.read.iter().map(|path| format!("{}\t{}", stamp_of(path), path.display())).collect();
        let head = std::iter::once(settings()).chain(stamps).collect::<Vec<_>>().join("\n");
        let _ = fs::write(file, format!("{head}{SEPARATOR}{}", report.output));
    }
}

/// Everything apart from files that decides what is said.
fn settings() -> String {
    let mut set: Vec<String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with("CARGO_FEATURE_") || SETTINGS.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={}", value.to_string_lossy()))
        .collect();
    set.sort();
    format!("{} {}", env!("CARGO_PKG_VERSION"), set.join(" "))
}

fn stamp_of(path: &Path) -> String {
    let Ok(data) = fs::metadata(path) else { return "missing".to_owned() };
    let changed = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("{} {}", data.len(), changed.map_or(0, |time| time.as_nanos()))
}
