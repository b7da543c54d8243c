//! `cargo schema switch --template`: one database a git branch, copied from that of the branch it came from.
//!
//! The database of the branch is found or copied, brought to the checkout as any other, and put in place last: whatever fails before, the
//! one in place stays and the application notices nothing. How databases are copied and renamed is in [`crate::branches`].

use schema_core::history::Target;
use schema_runtime::Report;
use schema_runtime::connect::{connect, redacted};
use serde_json::{Value, json};

use super::database::Database;
use super::failure::Failure;
use super::follow::{Way, follow};
use super::world::World;
use super::{Outcome, runs};
use crate::branches::{BranchDatabase, BranchError, BranchServer, DETACHED, GitBranches, Mark, mark_of};
use crate::project::Project;
use crate::report::Problem;

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Wish<'w> {
    pub target: &'w Target,
    /// `--template`: a database of its own for this branch, even if it needs none yet.
    pub own: bool,
    pub dry_run: bool,
}

impl From<BranchError> for Failure {
    fn from(error: BranchError) -> Failure {
        let problem = Problem::told(&error.to_string());
        match error {
            BranchError::Busy { .. } => Failure::Refused(problem),
            BranchError::Git { .. } => Failure::Usage(problem),
            _ => Failure::Environment(problem),
        }
    }
}

/// Goes to the checkout as [`follow`] does; where branches have databases of their own, in that of the branch.
pub(super) fn go(
    world: &World<'_>,
    project: &Project,
    mut database: Database,
    wish: Wish<'_>,
) -> Result<Outcome, Failure> {
    if !wish.own && mark_of(&mut database.client)?.is_none() {
        let report = follow(world, project, &mut database, Way::Up(wish.target), wish.dry_run)?;
        return Ok(runs::outcome(world, project, &database.shown, &report));
    }
    let git = GitBranches::of(world.root())?;
    let (url, of) = (database.url(world), database.own_name()?);
    let shown = database.shown.clone();
    // A connection would keep the database from being copied; what keeps an embedded server up stays.
    let Database { client, embedded, .. } = database;
    drop(client);
    let server = BranchServer::open(&url, &of)?;
    let mut work = Work { world, project, wish, git, server, told: Vec::new() };
    let (report, facts) = work.run()?;
    drop(embedded);
    let mut outcome = runs::outcome(world, project, &shown, &report);
    outcome.text.insert_str(0, &work.told.iter().map(|line| format!("{line}\n")).collect::<String>());
    outcome.result["branch"] = facts;
    Ok(outcome)
}

/// `--in-place`: branches share the database in place again, which undoes and applies.
pub(super) fn leave(world: &World<'_>, database: &mut Database) -> Result<(), Failure> {
    let Some(mark) = mark_of(&mut database.client)? else { return Ok(()) };
    let git = GitBranches::of(world.root())?;
    let of = database.own_name()?;
    if !mark.base {
        let text = format!(
            "`{of}` is a copy that belongs to the branch `{}`, and the first database waits aside; nothing was done",
            mark.branch
        );
        let help = [format!("put that one in place first: git switch {} && cargo schema switch", git.main)];
        return Err(Failure::Refused(Problem::told(&text).with_help(help)));
    }
    let mut server = BranchServer::open(&database.url(world), &of)?;
    if let Some(active) = server.all()?.first_mut() {
        server.label(active, None)?;
    }
    git.note_mode(false)?;
    Ok(())
}

/// The database to work in, and why.
struct Chosen {
    database: BranchDatabase,
    why: Why,
}

#[derive(PartialEq, Eq)]
enum Why {
    /// It is the branch's own.
    Own,
    /// It is that of the closest branch, and what the checkout says.
    Shared,
    /// This command has made it from that of another branch.
    CopyOf(String),
    /// It is that of the closest branch, and would be copied.
    WouldBeCopied,
}

struct Work<'w> {
    world: &'w World<'w>,
    project: &'w Project,
    wish: Wish<'w>,
    git: GitBranches,
    server: BranchServer,
    told: Vec<String>,
}

impl Work<'_> {
    fn run(&mut self) -> Result<(Report, Value), Failure> {
        let all = self.marked()?;
        let active = all[0].clone();
        let chosen = self.choose(all)?;
        let report = match self.follow_in(&chosen.database, self.wish.dry_run) {
            Ok(report) => report,
            Err(failure) => {
                if let Why::CopyOf(_) = chosen.why {
                    // Nobody has seen it, and all its rows are in the one it was copied from.
                    self.server.drop_database(&chosen.database)?;
                }
                return Err(failure);
            }
        };
        let moved = chosen.database.name != active.name;
        if !self.wish.dry_run {
            if moved {
                self.server.put_in_place(&chosen.database, &active)?;
            }
            self.git.note_mode(true)?;
        }
        let whose = chosen.database.mark.as_ref().map(|mark| mark.branch.clone()).unwrap_or_default();
        self.tell(&whose, moved, &chosen.why);
        let copied_from = if let Why::CopyOf(from) = &chosen.why { Some(from) } else { None };
        Ok((report, json!({ "name": whose, "moved": moved, "copied_from": copied_from })))
    }

    /// The databases, the first of which is in place; one that nobody has marked is that of the main branch.
    fn marked(&mut self) -> Result<Vec<BranchDatabase>, Failure> {
        let mut all = self.server.all()?;
        if let Some(active) = all.first_mut().filter(|active| active.mark.is_none()) {
            let (of, used) = (self.server.of().to_owned(), self.server.now()?);
            let mark = Mark { of, branch: self.git.main.clone(), base: true, used };
            match self.wish.dry_run {
                true => active.mark = Some(mark),
                false => self.server.label(active, Some(mark))?,
            }
        }
        all.retain(|database| database.mark.is_some());
        Ok(all)
    }

    /// The branch's own, or that of the closest branch as long as it is what the checkout says, or a copy of that.
    fn choose(&mut self, all: Vec<BranchDatabase>) -> Result<Chosen, Failure> {
        let branch = self.git.current.clone();
        if let Some(own) = all.iter().find(|database| of_branch(database) == branch) {
            return Ok(Chosen { database: own.clone(), why: Why::Own });
        }
        if let Some(renamed) = self.renamed(&all) {
            let (mut database, mark) = (renamed.clone(), renamed.mark.clone());
            if !self.wish.dry_run {
                self.server.label(&mut database, mark.map(|mark| Mark { branch, ..mark }))?;
            }
            return Ok(Chosen { database, why: Why::Own });
        }
        let closest = self.git.closest(all.iter().map(of_branch))?.map(str::to_owned);
        let parent = closest.and_then(|closest| all.iter().find(|database| of_branch(database) == closest));
        let parent = parent.unwrap_or(&all[0]).clone();
        if !self.wish.own && self.is_there(&parent)? {
            return Ok(Chosen { database: parent, why: Why::Shared });
        }
        if self.wish.dry_run {
            return Ok(Chosen { database: parent, why: Why::WouldBeCopied });
        }
        self.world
            .screen
            .doing("Copying", &format!("the database of `{}` for {}", of_branch(&parent), in_words(&branch)));
        let database = self.server.copy(&parent, &branch)?;
        Ok(Chosen { database, why: Why::CopyOf(of_branch(&parent).to_owned()) })
    }

    /// The database whose branch is gone because it has another name now: the one in place, or that of the main branch.
    fn renamed<'a>(&self, all: &'a [BranchDatabase]) -> Option<&'a BranchDatabase> {
        let gone =
            |database: &&BranchDatabase| of_branch(database) != DETACHED && !self.git.all.contains(of_branch(database));
        if self.git.current == DETACHED {
            return None;
        }
        let is_main = self.git.current == self.git.main;
        let base = all.iter().find(|database| is_main && database.mark.as_ref().is_some_and(|mark| mark.base));
        base.filter(gone).or_else(|| all.first().filter(gone))
    }

    /// Whether a database is what the checkout says.
    fn is_there(&self, database: &BranchDatabase) -> Result<bool, Failure> {
        let report = self.follow_in(database, true)?;
        Ok(report.revisions.is_empty() && report.restored.is_empty())
    }

    fn follow_in(&self, database: &BranchDatabase, dry_run: bool) -> Result<Report, Failure> {
        let url = self.server.url(database);
        let (client, shown) = (connect(&url)?, redacted(&url));
        let mut database = Database { client, shown, origin: String::new(), local: true, embedded: None };
        follow(self.world, self.project, &mut database, Way::Up(self.wish.target), dry_run)
    }

    fn tell(&mut self, whose: &str, moved: bool, why: &Why) {
        let (of, whose) = (self.server.of(), in_words(whose));
        let line = match (why, moved) {
            (Why::CopyOf(from), _) => {
                format!("`{of}` is the database of {whose} now, a copy of that of {}", in_words(from))
            }
            (Why::WouldBeCopied, _) => format!("the database of {whose} would be copied, and the copy would be `{of}`"),
            (_, true) if self.wish.dry_run => format!("the database of {whose} would be `{of}`"),
            (_, true) => format!("`{of}` is the database of {whose} now"),
            (_, false) => format!("`{of}` is the database of {whose}"),
        };
        let more = if *why == Why::Shared { "; this branch shares it until their revisions differ" } else { "" };
        self.told.push(line + more);
    }
}

fn of_branch(database: &BranchDatabase) -> &str {
    database.mark.as_ref().map_or("", |mark| mark.branch.as_str())
}

/// A branch in a sentence.
pub(super) fn in_words(branch: &str) -> String {
    if branch == DETACHED { "checkouts without a branch".to_owned() } else { format!("`{branch}`") }
}
