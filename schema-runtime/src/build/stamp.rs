//! The fast way: when no file that was read has changed, what was said last time is said again.
//!
//! A file counts as unchanged when its length and its time of change are the same, which is what cargo itself looks at. Of a source
//! that declares nothing only its modules matter, so that an edit of other code costs the reading of that one file.

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

/// Stands for a file that matters as a whole.
const DECLARES: &str = "-";

/// A file that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Of a source that declares nothing, its modules: all that it adds to what is said. One line, without tabs.
    pub(super) modules: Option<String>,
}

/// Stands between the stamps and what was said.
const SEPARATOR: &str = "\n--\n";

impl Stamps {
    pub(super) fn in_out_dir() -> Stamps {
        Stamps { file: std::env::var_os("OUT_DIR").map(|folder| Path::new(&folder).join("schema-verify.stamps")) }
    }

    /// What was said last time, when nothing has changed since. `modules` says of a source what [`Read::modules`] says, or `None`.
    pub(super) fn output_if_fresh(&self, modules: impl Fn(&Path) -> Option<String>) -> Option<String> {
        let text = fs::read_to_string(self.file.as_ref()?).ok()?;
        let (head, output) = text.split_once(SEPARATOR)?;
        let mut lines = head.lines();
        if lines.next()? != settings() {
            return None;
        }
        let fresh = |line: &str| {
            let mut parts = line.splitn(3, '\t');
            let (Some(stamp), Some(noted), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
                return false;
            };
            let path = Path::new(path);
            stamp == stamp_of(path) || (noted != DECLARES && modules(path).is_some_and(|now| now == noted))
        };
        lines.all(fresh).then(|| output.to_owned())
    }

    /// Notes what was read and said. A folder that cannot be written costs time, not correctness.
    pub(super) fn store(&self, report: &Report) {
        let Some(file) = &self.file else { return };
        let stamps: Vec<String> = report
            .read
            .iter()
            .map(|read| {
                format!(
                    "{}\t{}\t{}",
                    stamp_of(&read.path),
                    read.modules.as_deref().unwrap_or(DECLARES),
                    read.path.display()
                )
            })
            .collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with two sources, one of which declares nothing, and the stamps of both.
    struct Kept {
        folder: PathBuf,
        stamps: Stamps,
    }

    impl Kept {
        fn new(name: &str) -> Kept {
            let folder = std::env::temp_dir().join(format!("schema-stamps-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            let kept = Kept { stamps: Stamps { file: Some(folder.join("stamps")) }, folder };
            kept.write("tables.rs", "tables");
            kept.write("other.rs", "mod a;");
            let read = |file: &str, modules: Option<&str>| Read {
                path: kept.folder.join(file),
                modules: modules.map(str::to_owned),
            };
            let read = vec![read("tables.rs", None), read("other.rs", Some("mod a;"))];
            kept.stamps.store(&Report { output: "said".to_owned(), read });
            kept
        }

        fn write(&self, file: &str, text: &str) {
            fs::write(self.folder.join(file), text).unwrap();
        }

        fn fresh(&self) -> bool {
            let first_line = |path: &Path| fs::read_to_string(path).ok()?.lines().next().map(str::to_owned);
            self.stamps.output_if_fresh(first_line).as_deref() == Some("said")
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    #[test]
    fn only_what_matters_is_a_change() {
        let kept = Kept::new("matters");
        assert!(kept.fresh());
        kept.write("other.rs", "mod a;\nfn more() {}");
        assert!(kept.fresh());
        kept.write("other.rs", "mod a; mod b;");
        assert!(!kept.fresh());
        kept.write("other.rs", "mod a;");
        assert!(kept.fresh());
        kept.write("tables.rs", "tables\nmore");
        assert!(!kept.fresh());
    }

    #[test]
    fn a_file_that_is_gone_is_a_change() {
        let kept = Kept::new("gone");
        fs::remove_file(kept.folder.join("other.rs")).unwrap();
        assert!(!kept.fresh());
    }
}
