//! Drawing problems as rustc does: the message, the text it is about with a mark under it, and what to do.
//!
//! The drawing itself is annotate-snippets'.

use std::collections::BTreeSet;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use schema_core::diagnostic::{Diagnostic, Place, Severity};

use super::problem::{Pointed, Problem};
use super::texts::Texts;
use super::{PAGES, Paint, page};

/// Draws one problem; the text ends without a line end.
pub fn render(problem: &Problem, texts: &Texts, paint: Paint, width: usize) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(problem.message.clone());
    if let Some(code) = problem.code {
        title = title.id(code.as_str());
        if paint.on {
            title = title.id_url(page(code));
        }
    }
    let notes = problem.notes.iter().map(|note| Element::from(Level::NOTE.message(note.clone())));
    let help = problem.help.iter().map(|help| Element::from(Level::HELP.message(help.clone())));
    let elements = excerpts(&problem.places, texts).into_iter().chain(notes).chain(help);
    let group = Group::with_title(title).elements(elements);
    let renderer = if paint.on { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(width).render(&[group])
}

/// Draws findings, an empty line behind each, and where their pages are.
pub fn render_findings(findings: &[Diagnostic], texts: &Texts, paint: Paint, width: usize) -> String {
    let mut text: String =
        findings.iter().map(|finding| render(&finding.into(), texts, paint, width) + "\n\n").collect();
    let codes: BTreeSet<_> = findings.iter().map(|finding| finding.code).collect();
    let pages = match codes.first() {
        None => return text,
        Some(code) if codes.len() == 1 => page(*code),
        Some(_) => format!("{PAGES}<code>.md"),
    };
    text.push_str(&paint.dim(&format!("about these findings: {pages}")));
    text.push('\n');
    text
}

/// One excerpt a file, that of the primary place first.
fn excerpts<'t>(places: &[Pointed], texts: &Texts) -> Vec<Element<'t>> {
    let mut files: Vec<&str> = Vec::new();
    for pointed in places {
        if !files.contains(&pointed.place.file.as_str()) {
            files.push(&pointed.place.file);
        }
    }
    let excerpt = |file: &str| {
        let here = places.iter().filter(|pointed| pointed.place.file == file);
        let Some(text) = texts.get(file) else { return Element::from(Origin::path(file.to_owned())) };
        let annotations = here.map(|pointed| {
            let kind = if pointed.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            kind.span(within(&text, &pointed.place)).label(pointed.text.clone())
        });
        let annotations: Vec<_> = annotations.collect();
        Snippet::source(text.to_string()).path(file.to_owned()).annotations(annotations).into()
    };
    files.into_iter().map(excerpt).collect()
}

/// The place, as far as the text goes: the file may have changed since.
fn within(text: &str, place: &Place) -> Range<usize> {
    let clamp = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = clamp(place.start);
    start..clamp(place.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema_core::diagnostic::Code;

    #[test]
    fn a_finding_is_drawn_with_its_text_and_what_to_do() {
        let texts = Texts::default();
        texts.insert("src/lib.rs", "pub struct User {\n    pub id: i64,\n}\n");
        let place = Place { file: "src/lib.rs".into(), start: 26, end: 28 };
        let finding = Diagnostic::warning(Code::new("a-code"), "`users.id` is odd")
            .primary(Some(place), "here")
            .note("a fact")
            .help("type this");
        let drawn = render_findings(&[finding], &texts, Paint::default(), 100);
        let expected = "\
warning[a-code]: `users.id` is odd
 --> src/lib.rs:2:9
  |
2 |     pub id: i64,
  |         ^^ here
  |
  = note: a fact
  = help: type this

about these findings: ";
        assert!(drawn.starts_with(expected), "{drawn}");
        assert!(drawn.ends_with("/docs/codes/a-code.md\n"), "{drawn}");
    }

    #[test]
    fn a_place_beyond_the_text_is_no_bug() {
        let texts = Texts::default();
        texts.insert("a", "é");
        let problem = Problem {
            places: vec![Pointed {
                place: Place { file: "a".into(), start: 1, end: 99 },
                text: "x".into(),
                primary: true,
            }],
            ..Problem::told("m")
        };
        assert!(render(&problem, &texts, Paint::default(), 80).contains("--> a:1:1"));
    }
}
