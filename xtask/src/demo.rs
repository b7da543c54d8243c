//! `cargo xtask demo`: the life of the sample shop from nothing, on an embedded PostgreSQL, with everything real.
//!
//! The shop is copied to a temporary folder that also holds the servers of this run, so no database of the user is touched. What is
//! shown is what the commands really print; a command that does not end as it should ends the demo. Only a PostgreSQL that had to
//! be installed is kept for the next run.

mod screen;
mod stage;

use std::path::Path;
use std::time::Instant;

use screen::Screen;
use stage::{Ending, Stage};

/// The task.
pub(crate) fn run() -> Result<(), String> {
    let started = Instant::now();
    let screen = Screen::new();
    let stage = Stage::set(&screen)?;
    let played = play(&stage, &screen);
    let cleared = stage.clear();
    played.and(cleared)?;
    screen.title(&format!("Done in {} s, and cleared away.", started.elapsed().as_secs()));
    if let Some(servers) = stage.kept_servers() {
        screen.say(&format!("The PostgreSQL that was installed stays for the next run: {}", servers.display()));
    }
    screen.say("For your own project: docs/guide/getting-started.md");
    Ok(())
}

fn play(stage: &Stage, screen: &Screen) -> Result<(), String> {
    screen.title("1  A PostgreSQL that needs no setting up");
    stage.server()?;
    first_release(stage, screen)?;
    second_release(stage, screen)?;
    back_and_forth(stage, screen)
}

fn first_release(stage: &Stage, screen: &Screen) -> Result<(), String> {
    screen.title("2  The schema is a set of structs: 15 tables, no migration yet");
    screen.file(&stage.project().join("src/schema/catalog.rs"), "comment = \"what the shop sells", "\n}\n")?;

    screen.title("3  Structs become a migration, proven on a throwaway database before it is written");
    stage.schema(&["generate", "-m", "first release"], Ending::Good)?;

    screen.title("4  The migration is applied, and the shop writes its first rows");
    stage.schema(&["upgrade"], Ending::Good)?;
    screen.say("The shop is compiled, which takes a minute the first time.");
    stage.cargo(&["build"], Ending::Good)?;
    stage.keep_program("shop-1")?;
    stage.shop("shop", &["seed"], Ending::Good)?;
    stage.shop("shop", &["report"], Ending::Good)
}

fn second_release(stage: &Stage, screen: &Screen) -> Result<(), String> {
    screen.title("5  The structs change");
    for file in stage.put_second_release()? {
        screen.change(&file.name, &file.before, &file.after);
    }
    screen.title("6  Now the build fails, on the very fields that have no migration");
    let build = stage.cargo(&["build"], Ending::Bad(101))?;
    stage::must_say(&build, "pub title: String")?;

    screen.title("7  A column with values would be dropped: that has to be meant");
    let refused = stage.schema(&["generate", "-m", "second release"], Ending::Bad(1))?;
    stage::must_say(&refused, "customers.born")?;
    stage.schema(&["generate", "-m", "second release", "--allow-data-loss"], Ending::Good)?;

    screen.title("8  The program carries its migrations and applies them itself; the rows are still right");
    stage.cargo(&["build"], Ending::Good)?;
    stage.shop("shop", &["migrate"], Ending::Good)?;
    stage.shop("shop", &["report"], Ending::Good)?;
    stage.shop("shop", &["grow"], Ending::Good)
}

fn back_and_forth(stage: &Stage, screen: &Screen) -> Result<(), String> {
    screen.title("9  Back to the first release: its program refuses the newer database, until that is taken back");
    stage.shop("shop-1", &["report"], Ending::Bad(1))?;
    stage.schema(&["downgrade", "-1"], Ending::Good)?;
    stage.shop("shop-1", &["report"], Ending::Good)?;

    screen.title("10  And forth again");
    stage.schema(&["upgrade"], Ending::Good)?;
    stage.shop("shop", &["report"], Ending::Good)?;
    stage.schema(&["status"], Ending::Good)?;
    stage.schema(&["check"], Ending::Good)?;
    Ok(())
}

/// The lines of a text file.
fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
