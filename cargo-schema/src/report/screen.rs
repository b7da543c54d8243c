//! The two streams of a command and what may be done with them.
//!
//! It knows whether people or programs read, whether questions may be asked, and where colours go.

use std::io::{BufRead, IsTerminal, Write, stderr, stdin, stdout};

use super::Paint;
use crate::cli::arguments::{ColorChoice, Format, Global};

/// Where a command writes.
#[derive(Clone, Debug)]
pub struct Screen {
    /// Who reads stdout.
    pub format: Format,
    /// Only results, findings and failures.
    pub quiet: bool,
    /// More of what is done.
    pub verbose: bool,
    /// Colours of stdout.
    pub out: Paint,
    /// Colours of stderr.
    pub err: Paint,
    /// Whether stderr is a terminal, so that a line can be drawn again.
    pub live: bool,
    /// Whether somebody can answer.
    pub interactive: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// The width where there is no terminal.
const WIDTH: usize = 120;

impl Screen {
    /// The streams of this process.
    pub fn new(global: &Global, no_color: bool) -> Screen {
        let (out, err) = (stdout().is_terminal(), stderr().is_terminal());
        let colored = |terminal: bool| match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !no_color,
        };
        let json = global.format == Format::Json;
        Screen {
            format: global.format,
            quiet: global.quiet,
            verbose: global.verbose,
            out: Paint { on: colored(out) && !json },
            err: Paint { on: colored(err) },
            live: err,
            interactive: err && stdin().is_terminal() && !json,
            width: width(),
        }
    }

    /// What is being done, as cargo says it: a verb in front.
    pub fn doing(&self, verb: &str, text: &str) {
        if !self.quiet {
            self.tell(&format!("{} {text}", self.err.good(&format!("{verb:>12}"))));
        }
    }

    /// More of it, with `--verbose`.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            self.tell(&self.err.dim(text));
        }
    }

    /// A line on stderr.
    pub fn tell(&self, text: &str) {
        // A reader that has gone away is no reason to stop half-way.
        let _ = writeln!(stderr(), "{text}");
    }

    /// The result, on stdout.
    pub fn result(&self, text: &str) {
        let mut out = stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Asks on the terminal; `None` when nobody can answer or the input has ended.
    pub fn ask(&self, question: &str) -> Option<String> {
        if !self.interactive {
            return None;
        }
        let _ = write!(stderr(), "{question} ").and_then(|()| stderr().flush());
        let mut line = String::new();
        match stdin().lock().read_line(&mut line) {
            Ok(1..) => Some(line.trim().to_owned()),
            _ => None,
        }
    }
}

fn width() -> usize {
    let columns = rustix::termios::tcgetwinsize(stderr()).map(|size| usize::from(size.ws_col));
    columns.ok().filter(|columns| 20 < *columns).unwrap_or(WIDTH)
}
