//! What the demo shows beside the commands' own output: titles, pieces of files, changes. Colours only on a terminal.

use std::io::IsTerminal;
use std::path::Path;

/// Where the demo is shown.
pub(super) struct Screen {
    /// Whether colours are understood and wanted.
    pub colour: bool,
}

const LONGEST_PIECE: usize = 40;

impl Screen {
    pub(super) fn new() -> Screen {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Screen { colour: wanted && std::io::stdout().is_terminal() }
    }

    pub(super) fn title(&self, text: &str) {
        println!("\n{}", self.painted("1", text));
    }

    pub(super) fn say(&self, text: &str) {
        println!("{}", format!("  {text}").trim_end());
    }

    /// A command as the user would type it.
    pub(super) fn command(&self, text: &str) {
        println!("{}", self.painted("36", &format!("$ {text}")));
    }

    /// What a command has printed, cut where it is long.
    pub(super) fn output(&self, text: &str, longest: usize) {
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().take(longest).for_each(|line| self.say(line));
        if longest < lines.len() {
            self.say(&self.painted("2", &format!("... {} lines more", lines.len() - longest)));
        }
    }

    /// The piece of a file from the line that has `from` to the end that is given.
    pub(super) fn file(&self, path: &Path, from: &str, to: &str) -> Result<(), String> {
        let text = super::read(path)?;
        let (folder, name) = (path.parent().and_then(Path::file_name), path.file_name().unwrap_or_default());
        let folder = folder.unwrap_or_default().to_string_lossy();
        println!("{}", self.painted("2", &format!("{folder}/{}:", name.to_string_lossy())));
        let piece = piece(&text, from, to).ok_or_else(|| format!("{}: has no `{from}`", path.display()))?;
        self.output(piece, LONGEST_PIECE);
        Ok(())
    }

    /// The lines that went and came.
    pub(super) fn change(&self, name: &str, before: &str, after: &str) {
        let only = |text: &str, other: &str| -> Vec<String> {
            let (mut rest, mut found): (Vec<&str>, _) = (other.lines().collect(), Vec::new());
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                match rest.iter().position(|known| *known == line) {
                    Some(at) => drop(rest.remove(at)),
                    None => found.push(line.to_owned()),
                }
            }
            found
        };
        println!("{}", self.painted("2", &format!("{name}:")));
        only(before, after).iter().for_each(|line| self.say(&self.painted("31", &format!("- {}", line.trim_start()))));
        only(after, before).iter().for_each(|line| self.say(&self.painted("32", &format!("+ {}", line.trim_start()))));
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// From the start of the paragraph that has `from` up to `to`; the whole text when both are empty.
fn piece<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let at = text.find(from)?;
    let start = text[..at].rfind("\n\n").map_or(0, |end| end + 2);
    let end = if to.is_empty() { text.len() } else { at + text[at..].find(to)? + to.len() };
    Some(&text[start..end])
}

#[cfg(test)]
mod tests {
    use super::piece;

    #[test]
    fn a_piece_starts_with_its_paragraph() {
        assert_eq!(piece("a\n\nb c\n}\n\nd\n", "c", "}\n"), Some("b c\n}\n"));
        assert_eq!(piece("a\nb\n", "", ""), Some("a\nb\n"));
        assert_eq!(piece("a\n", "z", "\n"), None);
    }
}
