//! The arguments of an attribute: words, words with a value, words with a list.
//!
//! Which words there are is known where they are asked for; this file finds what is misspelled, repeated or of the wrong kind,
//! and goes on after each mistake.

use schema_core::{Ident, IdentError};

use crate::finding::{
    ATTRIBUTE_CONFLICT, ATTRIBUTE_MISSING, ATTRIBUTE_REPEATED, ATTRIBUTE_UNKNOWN, ATTRIBUTE_VALUE, NAME_INVALID,
    SyntaxFinding,
};
use crate::suggest::nearest;
use crate::token::{Cursor, Kind, Span, string_value};

/// A value and the place of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

/// One argument.
#[derive(Clone, Debug)]
pub struct Arg<'a> {
    /// The word, or the text of a string that stands in its place.
    pub name: String,
    /// Where the word stands.
    pub name_span: Span,
    /// Where the value stands; the word when it has none.
    pub span: Span,
    /// The value.
    pub value: Value<'a>,
    taken: bool,
}

/// What follows a word.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Nothing.
    Flag,
    /// `= "text"`.
    Text(String),
    /// `= true`.
    Bool(bool),
    /// `= -3` or `= 0.5`, as written.
    Number(String),
    /// `(...)`.
    List(Cursor<'a>),
    /// Anything else, as written.
    Other(String),
    /// A string where a word was expected, as in `#[label("text")]`.
    Bare,
}

/// All arguments of the attributes of one name on one item.
#[derive(Debug, Default)]
pub struct Args<'a> {
    list: Vec<Arg<'a>>,
    /// How messages call the attribute: `#[column(...)]`, `index(...)`.
    owner: &'static str,
    /// Where it stands.
    pub span: Span,
}

/// Where findings go.
pub type Findings = Vec<SyntaxFinding>;

impl<'a> Args<'a> {
    /// No arguments yet.
    pub fn new(owner: &'static str, span: Span) -> Args<'a> {
        Args { list: Vec::new(), owner, span }
    }

    /// The arguments in a list.
    pub fn of(owner: &'static str, span: Span, list: Cursor<'a>, findings: &mut Findings) -> Args<'a> {
        let mut args = Args::new(owner, span);
        args.read(list, findings);
        args
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds the arguments of one attribute.
    pub fn read(&mut self, mut list: Cursor<'a>, findings: &mut Findings) {
        while !list.is_empty() {
            match argument(&mut list) {
                Ok(arg) => self.list.push(arg),
                Err(finding) => {
                    findings.push(*finding);
                    list.take_to_comma();
                    continue;
                }
            }
            if !list.is_empty() && !list.take(",") {
                let found = list.peek().map(|piece| piece.span).unwrap_or_default();
                findings.push(SyntaxFinding::error(ATTRIBUTE_VALUE, found, "expected `,` before the next word"));
                if !list.peek().is_some_and(|piece| piece.kind == Kind::Ident) {
                    list.take_to_comma();
                }
            }
        }
    }

    /// Whether the word stands here.
    pub fn has(&self, word: &str) -> bool {
        self.list.iter().any(|arg| arg.name == word)
    }

    /// Where the word stands.
    pub fn place_of(&self, word: &str) -> Option<Span> {
        self.list.iter().find(|arg| arg.name == word).map(|arg| arg.name_span)
    }

    /// The argument of this word; a second one is a finding.
    pub fn one(&mut self, word: &str, findings: &mut Findings) -> Option<Arg<'a>> {
        let mut found: Option<Arg<'a>> = None;
        for arg in self.list.iter_mut().filter(|arg| arg.name == word && !matches!(arg.value, Value::Bare)) {
            arg.taken = true;
            if let Some(first) = &found {
                let message = format!("`{word}` stands twice in `{}`, so only the first would count", self.owner);
                findings.push(
                    SyntaxFinding::error(ATTRIBUTE_REPEATED, arg.name_span, message)
                        .secondary(first.name_span, "the first one")
                        .help(format!("remove one `{word}`")),
                );
            } else {
                found = Some(arg.clone());
            }
        }
        found
    }

    /// All arguments of this word.
    pub fn all(&mut self, word: &str) -> Vec<Arg<'a>> {
        let mut found = Vec::new();
        for arg in self.list.iter_mut().filter(|arg| arg.name == word) {
            arg.taken = true;
            found.push(arg.clone());
        }
        found
    }

    /// Every argument, for a list whose words are free.
    pub fn entries(self) -> Vec<Arg<'a>> {
        self.list
    }

    /// A string that stands in the place of a word.
    pub fn bare(&mut self) -> Option<Spanned<String>> {
        let arg = self.list.iter_mut().find(|arg| matches!(arg.value, Value::Bare) && !arg.taken)?;
        arg.taken = true;
        Some(Spanned { value: arg.name.clone(), span: arg.name_span })
    }

    /// `word = "text"`.
    pub fn text(&mut self, word: &str, findings: &mut Findings) -> Option<Spanned<String>> {
        let arg = self.one(word, findings)?;
        arg.text(findings)
    }

    /// `word = "text"` where an empty text means nothing PostgreSQL could read.
    pub fn sql(&mut self, word: &str, findings: &mut Findings) -> Option<Spanned<String>> {
        let text = self.text(word, findings)?;
        if text.value.trim().is_empty() {
            let message = format!("`{word}` is empty, and PostgreSQL could not read it");
            findings.push(
                SyntaxFinding::error(ATTRIBUTE_VALUE, text.span, message)
                    .help(format!("write SQL between the quotes, or remove `{word}`")),
            );
            return None;
        }
        Some(text)
    }

    /// `word = "name"`.
    pub fn name(&mut self, word: &str, findings: &mut Findings) -> Option<Spanned<Ident>> {
        let text = self.text(word, findings)?;
        ident(text.value, text.span, findings)
    }

    /// `word`, `word = true` or `word = false`; absent is none.
    pub fn switch(&mut self, word: &str, findings: &mut Findings) -> Option<bool> {
        let arg = self.one(word, findings)?;
        match arg.value {
            Value::Flag => Some(true),
            Value::Bool(value) => Some(value),
            _ => {
                findings.push(arg.wrong(&format!("`{word}` alone, or `{word} = false`")));
                None
            }
        }
    }

    /// Whether the word stands here and is not switched off.
    pub fn flag(&mut self, word: &str, findings: &mut Findings) -> bool {
        self.switch(word, findings).unwrap_or(false)
    }

    /// `word = 3`.
    pub fn number(&mut self, word: &str, findings: &mut Findings) -> Option<i64> {
        let arg = self.one(word, findings)?;
        let read = match &arg.value {
            Value::Number(text) => text.replace('_', "").parse().ok(),
            _ => None,
        };
        if read.is_none() {
            findings.push(arg.wrong(&format!("a whole number of 64 bits, as in `{word} = 100`")));
        }
        read
    }

    /// A word that must stand here, else a finding with the words to type.
    pub fn require<T>(&self, found: Option<T>, word: &str, example: &str, findings: &mut Findings) -> Option<T> {
        if found.is_none() && !self.has(word) {
            let message = format!("`{}` needs `{word}`, and without it there is nothing to create", self.owner);
            findings.push(SyntaxFinding::error(ATTRIBUTE_MISSING, self.span, message).help(format!("add `{example}`")));
        }
        found
    }

    /// A finding when both words stand here.
    pub fn exclude(&self, one: &str, other: &str, why: &str, findings: &mut Findings) {
        if let (Some(first), Some(second)) = (self.place_of(one), self.place_of(other)) {
            findings.push(
                SyntaxFinding::error(
                    ATTRIBUTE_CONFLICT,
                    second,
                    format!("`{one}` and `{other}` exclude each other: {why}"),
                )
                .secondary(first, format!("`{one}` is here"))
                .help(format!("remove `{one}` or `{other}`")),
            );
        }
    }

    /// Findings for the words that nobody asked for; `words` are those that somebody would have.
    pub fn finish(self, words: &[&str], findings: &mut Findings) {
        for arg in self.list.iter().filter(|arg| !arg.taken) {
            let known = words.contains(&arg.name.as_str());
            let (owner, name) = (self.owner, &arg.name);
            let near = nearest(name, words.iter().copied());
            let found = |code, message: String| SyntaxFinding::error(code, arg.name_span, message);
            findings.push(if matches!(arg.value, Value::Bare) {
                found(ATTRIBUTE_UNKNOWN, format!("`{owner}` takes no bare string, so \"{name}\" would be ignored"))
                    .help(format!("put a word before it: {}", listed(words)))
            } else if known {
                found(
                    ATTRIBUTE_CONFLICT,
                    format!("`{name}` does not go with the other words of `{owner}`, so it would be ignored"),
                )
                .help(format!("remove `{name}`"))
            } else if let Some(near) = near {
                found(ATTRIBUTE_UNKNOWN, format!("`{owner}` has no `{name}`; did you mean `{near}`?"))
                    .help(format!("write `{near}`"))
            } else {
                found(ATTRIBUTE_UNKNOWN, format!("`{owner}` has no `{name}`"))
                    .help(format!("it has: {}", listed(words)))
            });
        }
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

impl<'a> Arg<'a> {
    /// The text after `=`.
    pub fn text(&self, findings: &mut Findings) -> Option<Spanned<String>> {
        match &self.value {
            Value::Text(text) => Some(Spanned { value: text.clone(), span: self.span }),
            _ => {
                findings.push(self.wrong(&format!("a string, as in `{} = \"..\"`", self.name)));
                None
            }
        }
    }

    /// The list behind the word.
    pub fn list(&self, owner: &'static str, findings: &mut Findings) -> Option<Args<'a>> {
        match &self.value {
            Value::List(list) => Some(Args::of(owner, self.name_span, *list, findings)),
            _ => {
                findings.push(self.wrong(&format!("a list, as in `{owner}`")));
                None
            }
        }
    }

    /// The finding that the value is of the wrong kind.
    pub fn wrong(&self, expected: &str) -> SyntaxFinding {
        let name = &self.name;
        let message = format!("`{name}` takes {expected}");
        let finding = SyntaxFinding::error(ATTRIBUTE_VALUE, self.span, message);
        match &self.value {
            Value::Number(text) => finding.help(format!("write `{name} = \"{text}\"`")),
            Value::Bool(value) => finding.help(format!("write `{name} = \"{value}\"`")),
            _ => finding,
        }
    }
}

/// A text as a name of the catalog.
pub fn ident(text: String, span: Span, findings: &mut Findings) -> Option<Spanned<Ident>> {
    match Ident::new(text) {
        Ok(value) => Some(Spanned { value, span }),
        Err(problem) => {
            findings.push(name_finding(&problem, span));
            None
        }
    }
}

pub(crate) fn name_finding(problem: &IdentError, span: Span) -> SyntaxFinding {
    let help = match problem {
        IdentError::TooLong { .. } => "choose a name of at most 63 bytes",
        IdentError::Empty => "write a name between the quotes, or remove the word to get the default name",
        IdentError::Nul => "take the NUL byte out",
    };
    SyntaxFinding::error(NAME_INVALID, span, problem.to_string()).help(help)
}

/// `word`, `word = value`, `word(...)`, `"text"`; the comma is left.
fn argument<'a>(list: &mut Cursor<'a>) -> Result<Arg<'a>, Box<SyntaxFinding>> {
    let start = *list;
    let name = match list.peek() {
        Some(piece) if piece.kind == Kind::Literal => {
            list.next();
            let Some(text) = string_value(piece.text) else { return Err(no_word(piece.span, piece.text)) };
            text
        }
        Some(piece) if piece.kind == Kind::Ident => dotted_name(list),
        Some(piece) => return Err(no_word(piece.span, piece.text)),
        None => return Err(no_word(list.rest_span(), "")),
    };
    let bare = start.peek().is_some_and(|piece| piece.kind == Kind::Literal);
    let name_span = list.span_since(&start);
    let (value, span) = match list.take_group("(") {
        Some((inner, span)) => (Value::List(inner), span),
        None if list.take("=") => value(list, name_span)?,
        None if bare => (Value::Bare, name_span),
        None => (Value::Flag, name_span),
    };
    Ok(Arg { name, name_span, span, value, taken: false })
}

fn no_word(span: Span, found: &str) -> Box<SyntaxFinding> {
    Box::new(SyntaxFinding::error(
        ATTRIBUTE_VALUE,
        span,
        format!("expected a word such as `name = \"..\"`, not `{found}`"),
    ))
}

/// Storage parameters have dots: `toast.autovacuum_enabled`.
fn dotted_name(list: &mut Cursor<'_>) -> String {
    let mut name = String::new();
    while let Some((part, _)) = list.take_ident() {
        name.push_str(part);
        if !list.take(".") {
            break;
        }
        name.push('.');
    }
    name
}

fn value<'a>(list: &mut Cursor<'a>, name: Span) -> Result<(Value<'a>, Span), Box<SyntaxFinding>> {
    let start = *list;
    let negative = list.take("-");
    let Some(piece) = list.peek() else {
        return Err(SyntaxFinding::error(ATTRIBUTE_VALUE, name, "a value is missing after `=`").into());
    };
    list.next();
    let simple = list.is_empty() || list.sees(",");
    let digits = piece.text.starts_with(|c: char| c.is_ascii_digit());
    let value = match piece.kind {
        Kind::Literal if simple && digits && negative => Value::Number(format!("-{}", piece.text)),
        Kind::Literal if simple && digits => Value::Number(piece.text.to_owned()),
        Kind::Literal if simple && !negative => {
            string_value(piece.text).map_or_else(|| Value::Other(piece.text.to_owned()), Value::Text)
        }
        Kind::Ident if simple && !negative && matches!(piece.text, "true" | "false") => {
            Value::Bool(piece.text == "true")
        }
        // A second word without a comma in between is told apart from an expression by the caller.
        Kind::Literal if !negative && list.peek().is_some_and(|next| next.kind == Kind::Ident) => {
            string_value(piece.text).map_or_else(|| Value::Other(piece.text.to_owned()), Value::Text)
        }
        _ => {
            let mut rest = start;
            let expression = rest.take_to_comma();
            while !list.is_empty() && !list.sees(",") {
                list.next();
            }
            return Ok((Value::Other(expression.rest_text().to_owned()), expression.rest_span()));
        }
    };
    Ok((value, list.span_since(&start)))
}
