//! `DATABASE_URL` from the `.env` file of the workspace's root.
//!
//! That one variable is read and nothing is exported: other settings have flags and a place in the manifest. The process's own
//! environment is read where the settings are put together, in [`crate::config`].

use std::path::{Path, PathBuf};

/// A variable found in a `.env` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFile {
    /// The file.
    pub path: PathBuf,
    /// The value.
    pub value: String,
}

/// Looks the variable up in `folder/.env`. A file that cannot be read counts as none.
pub fn url_from_env_file(folder: &Path, variable: &str) -> Option<EnvFile> {
    let path = folder.join(".env");
    let text = std::fs::read_to_string(&path).ok()?;
    Some(EnvFile { path, value: value_in(&text, variable)? })
}

/// The last assignment wins, as it does in a shell.
fn value_in(text: &str, variable: &str) -> Option<String> {
    let mut assignments = text.lines().filter_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        (name.trim() == variable).then(|| unquoted(value.trim()))
    });
    assignments.next_back().filter(|value| !value.is_empty())
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or_default().to_owned();
        }
    }
    // A comment needs a space before it: `#` is frequent in passwords.
    value.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::value_in;

    #[test]
    fn one_variable_is_read() {
        let text = "# DATABASE_URL=no\nOTHER=1\nexport DATABASE_URL=\"postgresql://u:p#w@h/d\" # local\n";
        assert_eq!(value_in(text, "DATABASE_URL").as_deref(), Some("postgresql://u:p#w@h/d"));
        assert_eq!(
            value_in("DATABASE_URL=postgresql://h/d # local", "DATABASE_URL").as_deref(),
            Some("postgresql://h/d")
        );
        assert_eq!(value_in("DATABASE_URL=", "DATABASE_URL"), None);
        assert_eq!(value_in("XDATABASE_URL=a", "DATABASE_URL"), None);
    }
}
