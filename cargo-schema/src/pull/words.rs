//! The words of an attribute, and their text as rustfmt leaves it.
//!
//! What the words mean is `schema-syntax`'s to say; a list here knows only how it is written.

/// rustfmt's `attr_fn_like_width`: longer lists stand one word a line.
const WIDEST_LIST: usize = 70;
/// rustfmt's `max_width`.
const WIDEST_LINE: usize = 100;

/// One word with what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// `unique`
    Flag(String),
    /// `name = "users"`
    Text(String, String),
    /// `start = 100`
    Bare(String, String),
    /// `"so-so"`
    Label(String),
    /// `index(name = "..")`
    List(String, Vec<Word>),
}

impl Word {
    /// `unique`
    pub fn flag(name: &str) -> Word {
        Word::Flag(name.to_owned())
    }

    /// `name = "users"`
    pub fn text(name: &str, value: impl Into<String>) -> Word {
        Word::Text(name.to_owned(), value.into())
    }

    /// `start = 100`
    pub fn number(name: &str, value: i64) -> Word {
        Word::Bare(name.to_owned(), value.to_string())
    }

    /// The word with a list, or alone when the list is empty.
    pub fn list(name: &str, words: Vec<Word>) -> Word {
        if words.is_empty() { Word::flag(name) } else { Word::List(name.to_owned(), words) }
    }

    /// `name = "text"`, or a list that starts with it.
    pub fn text_or_list(name: &str, key: &str, value: impl Into<String>, rest: Vec<Word>) -> Word {
        if rest.is_empty() {
            return Word::text(name, value);
        }
        Word::List(name.to_owned(), std::iter::once(Word::text(key, value)).chain(rest).collect())
    }

    fn flat(&self) -> String {
        match self {
            Word::Flag(name) => name.clone(),
            Word::Text(name, value) => format!("{name} = {}", literal(value)),
            Word::Bare(name, value) => format!("{name} = {value}"),
            Word::Label(text) => literal(text),
            Word::List(name, words) => format!("{name}({})", flat(words)),
        }
    }

    /// At this place of a line whose indent is given; `behind` characters follow on it.
    fn at(&self, indent: usize, start: usize, behind: usize) -> String {
        match self {
            Word::List(name, words) => list(name, words, indent, start, behind),
            other => other.flat(),
        }
    }
}

/// `name(..)`: on one line, or with a single list in it that starts on the same line, or one word a line.
fn list(name: &str, words: &[Word], indent: usize, start: usize, behind: usize) -> String {
    let text = flat(words);
    let width = text.chars().count();
    let inside = start + name.chars().count() + 1;
    let room = !text.contains('\n') && inside + width + 1 + behind <= WIDEST_LINE;
    match words {
        // A list of one word may be as wide as the line, but not the lists in it.
        [Word::List(..)] if width <= WIDEST_LIST && room => format!("{name}({text})"),
        [single @ Word::List(..)] => format!("{name}({})", single.at(indent, inside, behind + 1)),
        [_] if room => format!("{name}({text})"),
        _ if room && width <= WIDEST_LIST => format!("{name}({text})"),
        _ => format!("{name}(\n{}\n{})", column(words, indent + 4), " ".repeat(indent)),
    }
}

fn flat(words: &[Word]) -> String {
    words.iter().map(Word::flat).collect::<Vec<_>>().join(", ")
}

fn column(words: &[Word], indent: usize) -> String {
    let lines = words.iter().map(|word| format!("{}{}", " ".repeat(indent), word.at(indent, indent, 1)));
    lines.collect::<Vec<_>>().join(",\n")
}

/// `#[name(..)]`, without the indent of its first line; none when there is nothing to say.
pub(super) fn attribute(name: &str, words: &[Word], indent: usize) -> Option<String> {
    (!words.is_empty()).then(|| format!("#[{}]", list(name, words, indent, indent + 2, 1)))
}

/// `name(..);` of a macro, whose text rustfmt does not touch.
pub(super) fn statement(name: &str, words: &[Word], indent: usize) -> String {
    format!("{};", list(name, words, indent, indent, 1))
}

/// A string literal: raw where that is easier to read.
pub(super) fn literal(text: &str) -> String {
    let odd = text.chars().any(|c| c.is_control() && c != '\n');
    if odd || !text.contains(['"', '\\']) {
        return match odd {
            true => format!("{text:?}"),
            false => format!("\"{text}\""),
        };
    }
    let longest = text.split('"').skip(1).map(|rest| rest.chars().take_while(|c| *c == '#').count() + 1).max();
    let hashes = "#".repeat(longest.unwrap_or(0));
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema_syntax::token::string_value;

    #[test]
    fn every_text_is_read_back() {
        for text in ["plain", "it's", "a\"b", "a\\b", "\"#\"##", "two\nlines", "two\n\"lines\"", "tab\t\r", "é\u{301}"]
        {
            assert_eq!(string_value(&literal(text)).as_deref(), Some(text));
        }
        assert_eq!(literal("a\"b\\"), "r#\"a\"b\\\"#");
        assert_eq!(literal("\\x"), "r\"\\x\"");
    }

    #[test]
    fn long_lists_stand_one_word_a_line() {
        let index = Word::list("index", vec![Word::text("columns", "a, b"), Word::flag("unique")]);
        let name = Word::text("name", "users");
        assert_eq!(
            attribute("table", &[name.clone(), index.clone()], 0).unwrap(),
            "#[table(name = \"users\", index(columns = \"a, b\", unique))]"
        );
        let long = Word::list("index", vec![Word::text("columns", "x".repeat(80))]);
        let expect =
            format!("#[table(\n    name = \"users\",\n    index(\n        columns = \"{}\"\n    )\n)]", "x".repeat(80));
        assert_eq!(attribute("table", &[name, long], 0).unwrap(), expect);
    }
}
