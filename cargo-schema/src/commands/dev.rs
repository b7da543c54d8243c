//! `cargo schema dev`: the embedded database of this checkout, and the servers behind it.
//!
//! How a server is found, started and kept is [`crate::devdb`]'s matter.

use serde_json::{Value, json};

use super::database::Database;
use super::environment::refuse_in_production;
use super::failure::Failure;
use super::world::World;
use super::{Outcome, branches};
use crate::branches::{BranchServer, mark_of};
use crate::cli::arguments::Dev;
use crate::devdb::{self, Purpose, developer, install};
use crate::report::Problem;
use crate::report::table::{Cell, Color, aligned};

pub(super) fn run(world: &World<'_>, command: &Dev) -> Result<Outcome, Failure> {
    match command {
        Dev::Start => start(world),
        Dev::Stop => stop(world),
        Dev::Status => status(world),
        Dev::Url => url(world),
        Dev::Psql { arguments } => psql(world, arguments),
        Dev::Reset => reset(world),
        Dev::Branches { command } => branches::run(world, command.as_ref()),
        Dev::Install { major, with } => bring(world, *major, with.as_deref()),
    }
}

fn facts(database: &developer::DeveloperDatabase) -> Value {
    json!({
        "database": database.name,
        "url": database.url,
        "created": database.created,
        "server_version_num": database.server().version_num(),
    })
}

fn start(world: &World<'_>) -> Result<Outcome, Failure> {
    let database = developer::open(&world.dev_options(), world.root())?;
    let paint = world.screen.out;
    let rows = [
        vec![
            Cell::from("database"),
            Cell::new(&database.name, Color::Name),
            Cell::from(if database.created { "new" } else { "" }),
        ],
        vec![Cell::from("server"), format!("PostgreSQL {}", database.server().major()).into()],
        vec![Cell::from("url"), database.url.as_str().into()],
    ];
    let text = format!("{}\nfor other programs: export DATABASE_URL='{}'\n", aligned(&rows, paint), database.url);
    Ok(Outcome::done(text, facts(&database)))
}

fn url(world: &World<'_>) -> Result<Outcome, Failure> {
    let database = developer::open(&world.dev_options(), world.root())?;
    Ok(Outcome::done(format!("{}\n", database.url), facts(&database)))
}

fn stop(world: &World<'_>) -> Result<Outcome, Failure> {
    let stopped = devdb::stop(&world.dev_options())?;
    let text = match stopped.len() {
        0 => "no server was running\n".to_owned(),
        1 => "1 server stopped; its data is kept\n".to_owned(),
        count => format!("{count} servers stopped; their data is kept\n"),
    };
    let folders: Vec<String> = stopped.iter().map(|folder| folder.display().to_string()).collect();
    Ok(Outcome::done(text, json!({ "stopped": folders })))
}

fn status(world: &World<'_>) -> Result<Outcome, Failure> {
    let clusters = devdb::clusters(&world.dev_options())?;
    let rows: Vec<Vec<Cell>> = clusters
        .iter()
        .map(|cluster| {
            let state = match cluster.pid {
                Some(pid) => Cell::new(format!("running, process {pid}"), Color::Good),
                None => Cell::new("stopped", Color::Dim),
            };
            let purpose = if cluster.purpose == Purpose::Scratch { "throwaway" } else { "developer" };
            vec![purpose.into(), state, cluster.folder.display().to_string().into()]
        })
        .collect();
    let clusters = clusters.iter().map(|cluster| {
        json!({ "purpose": cluster.purpose.name(), "folder": cluster.folder.display().to_string(), "pid": cluster.pid })
    });
    let result = json!({ "clusters": clusters.collect::<Vec<_>>() });
    let text = if rows.is_empty() { "no kept servers\n".to_owned() } else { aligned(&rows, world.screen.out) };
    Ok(Outcome::done(text, result))
}

fn psql(world: &World<'_>, arguments: &[String]) -> Result<Outcome, Failure> {
    let database = developer::open(&world.dev_options(), world.root())?;
    let mut command = database.psql()?;
    let ended = command.args(arguments).status();
    let told = |text: String| Failure::Environment(Problem::told(&text));
    let status = ended.map_err(|error| told(format!("psql cannot be run: {error}")))?;
    match status.code() {
        Some(0) => Ok(Outcome::done("", json!({}))),
        Some(code) => Err(told(format!("psql ended with exit code {code}"))),
        None => Err(told("psql was killed".to_owned())),
    }
}

fn reset(world: &World<'_>) -> Result<Outcome, Failure> {
    // A database of a version that is gone cannot be asked, and is not dropped either.
    let mut mark = None;
    if let Ok(mut database) = Database::embedded(world) {
        refuse_in_production(world, &mut database, "all its rows would be lost")?;
        mark = mark_of(&mut database.client)?;
    }
    let refusal = "all rows of the embedded database would be lost, and nobody can be asked here; nothing was done\n\
                   help: to confirm: cargo schema dev reset --yes";
    world.confirm("drop the embedded database of this checkout with all its rows?", refusal)?;
    let database = developer::reset(&world.dev_options(), world.root())?;
    if let Some(mark) = mark {
        // The empty one is that of the same branch.
        let mut server = BranchServer::open(&database.url, &database.name)?;
        if let Some(active) = server.all()?.first_mut() {
            server.label(active, Some(mark))?;
        }
    }
    let text = format!("`{}` is empty; to apply the revisions: cargo schema upgrade\n", database.name);
    Ok(Outcome::done(text, facts(&database)))
}

fn bring(world: &World<'_>, major: Option<u32>, with: Option<&str>) -> Result<Outcome, Failure> {
    let options = world.dev_options();
    let offers = install::offers(&options, major)?;
    let name = |offer: &install::Offer| format!("{:?}", offer.kind).to_lowercase();
    let chosen = offers.iter().find(|offer| with.is_none_or(|with| with == name(offer)));
    let Some(offer) = chosen else {
        let known: Vec<String> = offers.iter().map(name).collect();
        let text = match with {
            Some(with) => format!("`{with}` cannot bring a server here; what can: {}", known.join(", ")),
            None => "no package manager that brings PostgreSQL is on this machine\n\
                     help: install PostgreSQL by hand, then: cargo schema dev start --pg-bin FOLDER"
                .to_owned(),
        };
        return Err(Failure::Environment(Problem::told(&text)));
    };
    world.confirm(
        &format!("run `{}`?", offer.shown()),
        &format!(
            "`{}` would be run, and nobody can be asked here\nhelp: to confirm: cargo schema dev install --yes",
            offer.shown()
        ),
    )?;
    world.screen.doing("Running", &offer.shown());
    let server = offer.run(&options)?;
    let text = format!("PostgreSQL {} is in {}\n", server.major, server.bin.display());
    Ok(Outcome::done(text, json!({ "major": server.major, "bin": server.bin.display().to_string() })))
}
