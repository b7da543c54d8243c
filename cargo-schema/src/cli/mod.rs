//! The command line: from words to a command, and from what it did to a report and an exit code.
//!
//! Commands know nothing of clap and of the process; they are in [`crate::commands`].

pub mod arguments;
mod branches;
pub mod exit;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use serde_json::Value;

use crate::commands::{self, Outcome, failure::Failure};
use crate::report::{Problem, Screen, Texts, json, render, render_findings};
use arguments::{Arguments, Format};
use exit::Exit;

/// Runs the command of these words, the first of which is the program.
pub fn main(mut words: Vec<OsString>) -> ExitCode {
    // `cargo schema status` runs `cargo-schema schema status`.
    if words.get(1).is_some_and(|word| word == "schema") {
        words.remove(1);
    }
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, &words),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let screen = Screen::new(&arguments.global, no_color);
    let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let texts = Texts::new(current.clone());
    let command = arguments.command.name();
    let done = commands::run(arguments, &screen, current, &texts);
    let exit = match done {
        Ok(outcome) => finished(command, &outcome, &screen, &texts),
        Err(failure) => failed(command, &failure, &screen, &texts),
    };
    ExitCode::from(exit.code())
}

fn finished(command: &str, outcome: &Outcome, screen: &Screen, texts: &Texts) -> Exit {
    let Outcome { exit, findings, text, result } = outcome;
    match screen.format {
        Format::Json => screen.result(&json::report(command, *exit, findings, None, result.clone(), texts)),
        Format::Human => {
            if !findings.is_empty() {
                screen.tell(render_findings(findings, texts, screen.err, screen.width).trim_end());
            }
            screen.result(text);
        }
    }
    *exit
}

fn failed(command: &str, failure: &Failure, screen: &Screen, texts: &Texts) -> Exit {
    let (exit, findings) = (failure.exit(), failure.findings());
    let problem = failure.problem(texts);
    match screen.format {
        Format::Json => {
            let said = problem.as_ref().map(|problem| failure.json(problem, texts));
            screen.result(&json::report(command, exit, findings, said, Value::Null, texts));
        }
        Format::Human => {
            if !findings.is_empty() {
                screen.tell(render_findings(findings, texts, screen.err, screen.width).trim_end());
            }
            if let Some(problem) = problem {
                screen.tell(&render(&problem, texts, screen.err, screen.width));
            }
        }
    }
    exit
}

/// What clap says: help and the version are no failure.
fn usage(error: &clap::Error, words: &[OsString]) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked || !wants_json(words) {
        // A reader that has gone away is no failure of ours.
        let _ = error.print();
    } else {
        let text = error.render().to_string();
        let problem = Problem::told(text.trim_start_matches("error: ").trim_end());
        let said = json::failure("usage", &problem, &Texts::default());
        let report = json::report("", Exit::Usage, &[], Some(said), Value::Null, &Texts::default());
        let _ = std::io::stdout().write_all(report.as_bytes());
    }
    ExitCode::from(if asked { Exit::Done } else { Exit::Usage }.code())
}

fn wants_json(words: &[OsString]) -> bool {
    let pairs = words.windows(2);
    words.iter().any(|word| word == "--format=json")
        || pairs.into_iter().any(|pair| pair[0] == "--format" && pair[1] == "json")
}
