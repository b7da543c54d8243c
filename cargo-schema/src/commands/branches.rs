//! `cargo schema dev branches`: the databases of git branches, listed and removed.
//!
//! The one in place and the one that was there first are never removed, and nothing is removed unasked.

use serde_json::{Value, json};

use super::Outcome;
use super::database::Database;
use super::environment::refuse_in_production;
use super::failure::Failure;
use super::template::in_words;
use super::world::World;
use crate::branches::{BranchDatabase, BranchServer, DETACHED, GitBranches};
use crate::cli::arguments::Branches;
use crate::report::Problem;
use crate::report::table::{Cell, Color, aligned};

pub(super) fn run(world: &World<'_>, command: Option<&Branches>) -> Result<Outcome, Failure> {
    let mut database = Database::open(world)?;
    let git = GitBranches::of(world.root())?;
    if command.is_some() {
        refuse_in_production(world, &mut database, "copies of it would be dropped")?;
    }
    let mut server = BranchServer::open(&database.url(world), &database.own_name()?)?;
    let all = server.all()?;
    let list = List { world, git, of: server.of().to_owned(), all };
    match command {
        None => Ok(list.shown()),
        Some(Branches::Remove { branches, merged }) => list.removed(&mut server, branches, *merged),
    }
}

/// How a database stands to its branch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is in place.
    InPlace,
    /// The branch is there, with commits of its own.
    Open,
    /// The main branch has all its commits.
    Merged,
    /// git has no branch of this name.
    Gone,
    /// A copy without a mark: a command that made it was interrupted, or it is none of ours.
    Unmarked,
}

impl State {
    fn word(self) -> (&'static str, Color) {
        match self {
            State::InPlace => ("in place", Color::Good),
            State::Open => ("", Color::Plain),
            State::Merged => ("merged", Color::Open),
            State::Gone => ("branch is gone", Color::Open),
            State::Unmarked => ("has no mark", Color::Bad),
        }
    }

    fn name(self) -> &'static str {
        match self {
            State::InPlace => "in-place",
            State::Open => "open",
            State::Merged => "merged",
            State::Gone => "gone",
            State::Unmarked => "unmarked",
        }
    }
}

struct List<'w> {
    world: &'w World<'w>,
    git: GitBranches,
    of: String,
    all: Vec<BranchDatabase>,
}

impl List<'_> {
    fn state(&self, database: &BranchDatabase) -> State {
        match &database.mark {
            _ if database.name == self.of => State::InPlace,
            None => State::Unmarked,
            Some(mark) if mark.branch == DETACHED => State::Open,
            Some(mark) if !self.git.all.contains(&mark.branch) => State::Gone,
            Some(mark) if self.git.is_merged(&mark.branch) => State::Merged,
            Some(_) => State::Open,
        }
    }

    fn shown(&self) -> Outcome {
        let rows: Vec<Vec<Cell>> = self.all.iter().map(|database| self.row(database)).collect();
        let mut text = aligned(&rows, self.world.screen.out);
        if self.all.iter().any(|database| matches!(self.state(database), State::Merged | State::Gone)) {
            text.push_str(
                "\nto remove those of branches that are merged or gone: cargo schema dev branches remove --merged\n",
            );
        }
        if self.all.len() == 1 && self.all[0].mark.is_none() {
            text.push_str(
                "\nbranches share this database; for one of its own for each: cargo schema switch --template\n",
            );
        }
        let branches: Vec<Value> = self.all.iter().map(|database| self.value(database)).collect();
        Outcome::done(text, json!({ "branches": branches }))
    }

    fn row(&self, database: &BranchDatabase) -> Vec<Cell> {
        let mark = database.mark.as_ref();
        let (word, color) = self.state(database).word();
        let branch = match mark {
            None => "-",
            Some(mark) if mark.branch == DETACHED => "(no branch)",
            Some(mark) => &mark.branch,
        };
        vec![
            Cell::new(branch, Color::Name),
            database.name.as_str().into(),
            database.bytes.map(size).unwrap_or_default().into(),
            mark.map(|mark| format!("used {}", mark.used)).unwrap_or_default().into(),
            Cell::new(word, color),
            Cell::new(if mark.is_some_and(|mark| mark.base) { "the first one" } else { "" }, Color::Dim),
        ]
    }

    fn value(&self, database: &BranchDatabase) -> Value {
        let mark = database.mark.as_ref();
        json!({
            "branch": mark.map(|mark| &mark.branch),
            "database": database.name,
            "bytes": database.bytes,
            "used": mark.map(|mark| &mark.used),
            "first": mark.is_some_and(|mark| mark.base),
            "state": self.state(database).name(),
        })
    }

    fn removed(&self, server: &mut BranchServer, names: &[String], merged: bool) -> Result<Outcome, Failure> {
        let mut going: Vec<&BranchDatabase> =
            names.iter().map(|name| self.removable(name)).collect::<Result<_, _>>()?;
        if merged {
            going.extend(self.all.iter().filter(|database| {
                let first = database.mark.as_ref().is_some_and(|mark| mark.base);
                !first && matches!(self.state(database), State::Merged | State::Gone)
            }));
        }
        going.sort_by(|a, b| a.name.cmp(&b.name));
        going.dedup();
        if going.is_empty() {
            return Ok(Outcome::done(
                "nothing to do: no branch with a database is merged or gone\n",
                json!({ "removed": [] }),
            ));
        }
        let list = aligned(&going.iter().map(|database| self.row(database)).collect::<Vec<_>>(), self.world.screen.err);
        self.world.screen.tell(list.trim_end());
        let count = if going.len() == 1 { "1 database".to_owned() } else { format!("{} databases", going.len()) };
        self.world.confirm(
            &format!("drop {count} with all rows?"),
            &format!("the rows of {count} would be lost for good, and nobody can be asked here; nothing was done\nhelp: to confirm: add --yes"),
        )?;
        for database in &going {
            server.drop_database(database)?;
        }
        let removed: Vec<Value> = going.iter().map(|database| self.value(database)).collect();
        Ok(Outcome::done(format!("{count} removed\n"), json!({ "removed": removed })))
    }

    /// The database of a branch, or of this name, if it may go.
    fn removable(&self, name: &str) -> Result<&BranchDatabase, Failure> {
        let of_branch = |database: &&BranchDatabase| database.mark.as_ref().is_some_and(|mark| mark.branch == name);
        let found = self.all.iter().find(of_branch).or_else(|| self.all.iter().find(|database| database.name == name));
        let Some(database) = found else {
            let text =
                format!("`{name}` has no database\nhelp: to list those that are there: cargo schema dev branches");
            return Err(Failure::usage(&text));
        };
        let refuse = |why: &str, help: &str| {
            let text = format!("the database of {} {why}; nothing was done", in_words(name));
            Err(Failure::Refused(Problem::told(&text).with_help([help.to_owned()])))
        };
        if database.name == self.of {
            return refuse("is in place", "put another one in place first: git switch BRANCH && cargo schema switch");
        }
        if database.mark.as_ref().is_some_and(|mark| mark.base) {
            return refuse(
                "was there first and is no copy, so it is not removed here",
                "DROP DATABASE in psql, if it must go",
            );
        }
        Ok(database)
    }
}

/// Bytes for people.
fn size(bytes: i64) -> String {
    match bytes {
        ..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
