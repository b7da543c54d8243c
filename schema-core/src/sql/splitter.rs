//! A migration text cut into the statements that are sent to the server one by one.
//!
//! The cut is psql's: a `;` outside parentheses and outside the body of a `BEGIN ATOMIC` function. What only psql understands is
//! refused here, because the server's own message would not say why. Nothing is sent, and statements are not checked.

use std::fmt;

use super::lexer::{Token, TokenKind, tokens};

/// One statement, without its `;` and the comments around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// From the first token the server would see to the last one.
    pub text: &'a str,
    /// First byte in the whole text.
    pub start: usize,
    /// One past the last byte in the whole text.
    pub end: usize,
    /// Line of the first token in the whole text, from 1.
    pub line: u32,
}

/// Why a text cannot be cut into statements that a server would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitError {
    /// What is wrong.
    pub problem: SplitProblem,
    /// The byte where it starts.
    pub offset: usize,
    /// Its line, from 1.
    pub line: u32,
}

/// What only psql understands, or nobody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitProblem {
    /// A string literal is open at the end.
    OpenString,
    /// A quoted name is open at the end.
    OpenIdent,
    /// A dollar-quoted string is open at the end; its delimiter.
    OpenDollar(String),
    /// A comment is open at the end.
    OpenComment,
    /// A command of psql, such as `\i` or `\restrict`.
    PsqlMeta(String),
    /// `COPY ... FROM STDIN`, whose rows are no SQL.
    CopyFromStdin,
    /// PostgreSQL texts cannot hold a NUL byte.
    Nul,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.problem, self.problem.remedy())
    }
}

impl std::error::Error for SplitError {}

impl fmt::Display for SplitProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SplitProblem::OpenString => f.write_str("a string starts here and never ends"),
            SplitProblem::OpenIdent => f.write_str("a quoted name starts here and never ends"),
            SplitProblem::OpenDollar(_) => f.write_str("a dollar-quoted string starts here and never ends"),
            SplitProblem::OpenComment => f.write_str("a comment starts here and never ends"),
            SplitProblem::PsqlMeta(command) => {
                write!(f, "`{command}` is a command of psql, which the server does not know")
            }
            SplitProblem::CopyFromStdin => {
                f.write_str("`COPY ... FROM STDIN` is followed by rows, which are no SQL and cannot be sent")
            }
            SplitProblem::Nul => f.write_str("a NUL byte, which PostgreSQL cannot store in any text"),
        }
    }
}

impl SplitProblem {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            SplitProblem::OpenString => "close it with `'`".to_owned(),
            SplitProblem::OpenIdent => "close it with `\"`".to_owned(),
            SplitProblem::OpenDollar(delimiter) => format!("close it with `{delimiter}`"),
            SplitProblem::OpenComment => "close it with `*/`; comments nest".to_owned(),
            SplitProblem::PsqlMeta(_) => "remove the line, or write what it does in SQL".to_owned(),
            SplitProblem::CopyFromStdin => {
                "write INSERT statements; pg_dump writes them with: pg_dump --inserts".to_owned()
            }
            SplitProblem::Nul => "remove it; the file may be UTF-16, and must be UTF-8".to_owned(),
        }
    }
}

/// Cuts a text into its statements; empty ones are left out.
///
/// ```
/// use schema_core::sql::split;
/// let text = "-- two\nSELECT ';';\n\nSELECT 2";
/// let found: Vec<_> = split(text).unwrap().iter().map(|s| (s.line, s.text)).collect();
/// assert_eq!(found, [(2, "SELECT ';'"), (4, "SELECT 2")]);
/// ```
pub fn split(text: &str) -> Result<Vec<Statement<'_>>, SplitError> {
    let mut cutter = Cutter { text, counted: 0, line: 1, found: Vec::new(), open: None };
    for token in tokens(text) {
        cutter.take(token)?;
    }
    cutter.finish()?;
    Ok(cutter.found)
}

/// The line and the column (in characters) of a byte, both from 1.
pub fn line_column(text: &str, offset: usize) -> (u32, u32) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    (count(line), count(before[line_start..].chars().count() + 1))
}

/// The byte of the character with this number, from 1, which is how the server counts positions in a statement.
pub fn byte_offset(text: &str, position: usize) -> usize {
    text.char_indices().nth(position.saturating_sub(1)).map_or(text.len(), |(offset, _)| offset)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

struct Cutter<'a> {
    text: &'a str,
    /// Up to which byte the lines are counted, and the line there.
    counted: usize,
    line: u32,
    found: Vec<Statement<'a>>,
    open: Option<Open>,
}

/// The statement being read.
struct Open {
    start: usize,
    end: usize,
    parens: usize,
    body: Body,
    copy: CopyFrom,
}

impl<'a> Cutter<'a> {
    fn take(&mut self, token: Token<'a>) -> Result<(), SplitError> {
        if let Some(problem) = problem(&token) {
            // A NUL may stand inside the token; everything else starts with it.
            let inside = if problem == SplitProblem::Nul { token.text.find('\0').unwrap_or(0) } else { 0 };
            // The rows of a COPY can look like anything: name the cause, not the row.
            self.finish_copy()?;
            return Err(self.error(problem, token.start + inside));
        }
        if !token.kind.is_significant() {
            return Ok(());
        }
        if token.is_punct(";") && self.open.as_ref().is_none_or(Open::is_whole) {
            return self.finish();
        }
        let open = self.open.get_or_insert_with(|| Open::new(token.start));
        open.take(&token);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SplitError> {
        self.finish_copy()?;
        if let Some(Open { start, end, .. }) = self.open.take() {
            let line = self.line_of(start);
            self.found.push(Statement { text: &self.text[start..end], start, end, line });
        }
        Ok(())
    }

    fn finish_copy(&mut self) -> Result<(), SplitError> {
        match &self.open {
            Some(open) if open.copy == CopyFrom::FromStdin => Err(self.error(SplitProblem::CopyFromStdin, open.start)),
            _ => Ok(()),
        }
    }

    fn error(&self, problem: SplitProblem, offset: usize) -> SplitError {
        SplitError { problem, offset, line: line_column(self.text, offset).0 }
    }

    fn line_of(&mut self, offset: usize) -> u32 {
        self.line += count(self.text[self.counted..offset].matches('\n').count());
        self.counted = offset;
        self.line
    }
}

fn problem(token: &Token<'_>) -> Option<SplitProblem> {
    if token.text.contains('\0') {
        return Some(SplitProblem::Nul);
    }
    match token.kind {
        TokenKind::PsqlMeta => {
            let command = token.text.split_whitespace().next().unwrap_or("\\");
            Some(SplitProblem::PsqlMeta(command.to_owned()))
        }
        TokenKind::Unterminated => Some(match token.text.as_bytes() {
            [b'/', ..] => SplitProblem::OpenComment,
            [b'$', ..] => SplitProblem::OpenDollar(token.text.split('$').take(2).collect::<Vec<_>>().join("$") + "$"),
            [b'"', ..] | [_, b'&', b'"', ..] => SplitProblem::OpenIdent,
            _ => SplitProblem::OpenString,
        }),
        _ => None,
    }
}

impl Open {
    fn new(start: usize) -> Open {
        Open { start, end: start, parens: 0, body: Body::Start, copy: CopyFrom::Start }
    }

    fn is_whole(&self) -> bool {
        self.parens == 0 && !matches!(self.body, Body::Atomic { .. })
    }

    fn take(&mut self, token: &Token<'_>) {
        self.end = token.end;
        match token.text {
            "(" if token.kind == TokenKind::Punct => self.parens += 1,
            ")" if token.kind == TokenKind::Punct => self.parens = self.parens.saturating_sub(1),
            _ => {}
        }
        self.body = self.body.after(token);
        self.copy = self.copy.after(token);
    }
}

/// How far a `CREATE [OR REPLACE] FUNCTION | PROCEDURE ... BEGIN ATOMIC ... END` is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Start,
    Create,
    Routine,
    Begin,
    /// `END`s still to come, and whether the last token makes the next word a name: `x AS end`, `x.end`.
    Atomic {
        depth: u32,
        name_next: bool,
    },
    NoRoutine,
}

impl Body {
    fn after(self, token: &Token<'_>) -> Body {
        let is = |word| token.is_word(word);
        match self {
            Body::Start if is("create") => Body::Create,
            Body::Create if is("or") || is("replace") => Body::Create,
            Body::Create if is("function") || is("procedure") => Body::Routine,
            Body::Start | Body::Create | Body::NoRoutine => Body::NoRoutine,
            Body::Begin if is("atomic") => Body::Atomic { depth: 1, name_next: false },
            Body::Routine | Body::Begin if is("begin") => Body::Begin,
            Body::Routine | Body::Begin => Body::Routine,
            Body::Atomic { depth, name_next: false } if is("case") => {
                Body::Atomic { depth: depth + 1, name_next: false }
            }
            Body::Atomic { depth: 1, name_next: false } if is("end") => Body::Routine,
            Body::Atomic { depth, name_next: false } if is("end") => {
                Body::Atomic { depth: depth - 1, name_next: false }
            }
            Body::Atomic { depth, .. } => Body::Atomic { depth, name_next: is("as") || token.is_punct(".") },
        }
    }
}

/// How far a `COPY ... FROM STDIN` is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CopyFrom {
    Start,
    Copy,
    From,
    FromStdin,
    NoCopy,
}

impl CopyFrom {
    fn after(self, token: &Token<'_>) -> CopyFrom {
        match self {
            CopyFrom::Start if token.is_word("copy") => CopyFrom::Copy,
            CopyFrom::Start | CopyFrom::NoCopy => CopyFrom::NoCopy,
            CopyFrom::FromStdin => CopyFrom::FromStdin,
            CopyFrom::From if token.is_word("stdin") => CopyFrom::FromStdin,
            CopyFrom::Copy | CopyFrom::From if token.is_word("from") => CopyFrom::From,
            CopyFrom::Copy | CopyFrom::From => CopyFrom::Copy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found = split(text).unwrap();
        assert_eq!(found.iter().map(|statement| statement.text).collect::<Vec<_>>(), expected);
        for Statement { text: own, start, end, line } in found {
            assert_eq!((own, line), (&text[start..end], line_column(text, start).0));
        }
    }

    fn refused(text: &str, problem: SplitProblem, line: u32) {
        let found = split(text).unwrap_err();
        assert_eq!((&found.problem, found.line), (&problem, line), "{text}");
        assert!(found.to_string().contains(&format!("line {line}: ")), "{found}");
    }

    #[test]
    fn statements_end_at_semicolons_outside_everything() {
        check(
            "a ';' \";\" $$;$$ /* ; */ b -- ;\n;\n\n ; -- nothing\n;c d -- end",
            &["a ';' \";\" $$;$$ /* ; */ b", "c d"],
        );
        check(
            "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); x",
            &["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "x"],
        );
        check("", &[]);
        check("a)\n;b", &["a)", "b"]);
    }

    #[test]
    fn atomic_bodies_are_one_statement() {
        let body = "CREATE OR REPLACE FUNCTION f(begin int) RETURNS int BEGIN ATOMIC
            SELECT CASE WHEN true THEN (CASE 1 WHEN 1 THEN 2 END) END AS end; SELECT t.case FROM t; END";
        check(&format!("{body};\nSELECT 1"), &[body, "SELECT 1"]);
        check(
            "CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END; BEGIN; END",
            &["CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END", "BEGIN", "END"],
        );
    }

    #[test]
    fn what_never_ends_is_named_with_its_line() {
        refused("a;\n'b;\n", SplitProblem::OpenString, 2);
        refused("\n\n\"b", SplitProblem::OpenIdent, 3);
        refused("a $body$ $$", SplitProblem::OpenDollar("$body$".into()), 1);
        refused("/* /* */", SplitProblem::OpenComment, 1);
    }

    #[test]
    fn what_only_psql_knows_is_refused() {
        refused("SELECT 1;\n\\restrict abc\n", SplitProblem::PsqlMeta("\\restrict".into()), 2);
        refused("SELECT 1 \\gexec", SplitProblem::PsqlMeta("\\gexec".into()), 1);
        refused("x;\nCOPY t (a) FROM stdin;\nit's a row\n\\.\n", SplitProblem::CopyFromStdin, 2);
        refused("COPY t FROM stdin\n\\.", SplitProblem::CopyFromStdin, 1);
        check("COPY t FROM '/tmp/stdin'; COPY t TO STDOUT", &["COPY t FROM '/tmp/stdin'", "COPY t TO STDOUT"]);
    }

    #[test]
    fn nul_bytes_are_refused_wherever_they_stand() {
        refused("SELECT 1;\n'a\n\0'", SplitProblem::Nul, 3);
        assert_eq!(split("ab\0").unwrap_err().offset, 2);
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(line_column("é\nàb", 5), (2, 2));
        assert_eq!(line_column("a", 99), (1, 2));
        assert_eq!(line_column("é", 1), (1, 1));
        assert_eq!((byte_offset("éa", 2), byte_offset("éa", 9)), (2, 3));
    }
}
