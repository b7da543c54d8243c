//! What happens while revisions are applied: a line that is drawn again on a terminal, plain lines elsewhere.
//!
//! The observer is called on the thread that applies and must not hold it up; a second thread draws the time of a long statement.

use std::io::{Write, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use schema_runtime::Event;
use schema_runtime::apply::{Direction, Holder};

use super::{Paint, Screen, duration};

/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Shows a run until it is dropped.
pub struct Progress {
    shared: Arc<Shared>,
    ticker: Option<JoinHandle<()>>,
}

struct Shared {
    line: Mutex<Option<Line>>,
    ended: AtomicBool,
    screen: Screen,
}

/// What the drawn line says.
struct Line {
    revision: String,
    place: String,
    statement: String,
    since: Instant,
}

impl Progress {
    /// Progress on this screen; nothing with `--quiet`.
    pub fn new(screen: &Screen) -> Progress {
        let shared = Arc::new(Shared { line: Mutex::new(None), ended: AtomicBool::new(false), screen: screen.clone() });
        let draws = screen.live && !screen.quiet && !screen.verbose;
        let ticker = draws.then(|| {
            let shared = Arc::clone(&shared);
            spawn(move || shared.draw_until_ended())
        });
        Progress { shared, ticker }
    }

    /// Who is told what happens.
    pub fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + use<> {
        let shared = Arc::clone(&self.shared);
        let draws = self.ticker.is_some();
        move |event| {
            if !shared.screen.quiet {
                shared.event(event, draws);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            // A panic there has been printed; the run itself is not affected.
            let _ = ticker.join();
        }
    }
}

impl Shared {
    fn event(&self, event: &Event<'_>, draws: bool) {
        match event {
            Event::StatementStarted { id, index, of, sql, .. } => {
                let place = format!("{}/{of}", index + 1);
                if draws {
                    let line =
                        Line { revision: id.to_string(), place, statement: one_line(sql), since: Instant::now() };
                    *self.line() = Some(line);
                } else {
                    self.screen.detail(&format!("             {place} {}", one_line(sql)));
                }
            }
            Event::StatementFinished { duration, .. } if self.screen.verbose => {
                self.screen.detail(&format!("             took {}", duration::shown(*duration)));
            }
            Event::RevisionStarted { id, resumed, .. } if 0 < *resumed => {
                self.print("Resuming", &format!("{id} after {resumed} statements that are done"));
            }
            Event::RevisionFinished { id, direction, duration } => {
                let verb = if *direction == Direction::Up { "Applied" } else { "Undone" };
                let paint = self.screen.err;
                self.print(verb, &format!("{id} {}", paint.dim(&duration::shown(*duration))));
            }
            Event::RolledBack { ids } => {
                let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
                self.print("Rolled back", &ids.join(", "));
            }
            Event::WaitingForLock { holder, waited } => {
                let text = format!("for another deployer{} ({})", held_by(*holder), duration::shown(*waited));
                self.print("Waiting", &text);
            }
            Event::Retrying { id, attempt, failure, pause, oldest } => {
                let text = format!(
                    "{id} in {} (attempt {attempt}: {}{})",
                    duration::shown(*pause),
                    failure.message,
                    oldest
                        .first()
                        .map(|holder| format!("; the oldest open transaction is {}", name(holder)))
                        .unwrap_or_default()
                );
                self.print("Retrying", &text);
            }
            _ => {}
        }
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Option<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, verb: &str, text: &str) {
        let mut line = self.line();
        if line.take().is_some() {
            clear();
        }
        self.screen.doing(verb, text);
    }

    fn draw_until_ended(&self) {
        while !self.ended.load(Ordering::Relaxed) {
            if let Some(line) = &*self.line() {
                draw(line, self.screen.err, self.screen.width);
            }
            sleep(TICK);
        }
        if self.line().take().is_some() {
            clear();
        }
    }
}

fn draw(line: &Line, paint: Paint, width: usize) {
    let took = duration::shown(Duration::from_millis(100 * (line.since.elapsed().as_millis() / 100) as u64));
    let head = format!("{} {} {}", line.revision, line.place, took);
    let room = width.saturating_sub(head.chars().count() + 16);
    let statement: String = line.statement.chars().take(room).collect();
    let _ = write!(stderr(), "\r\x1b[2K{} {head} {}", paint.good("    Applying"), paint.dim(&statement));
    let _ = stderr().flush();
}

fn clear() {
    let _ = write!(stderr(), "\r\x1b[2K");
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().take(40).collect::<Vec<_>>().join(" ")
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(": {}", name(holder))).unwrap_or_default()
}

fn name(holder: &Holder) -> String {
    let since = holder.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    format!("process {} (`{}`, user `{}`{since})", holder.pid, holder.application, holder.user)
}
