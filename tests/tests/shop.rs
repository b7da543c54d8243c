//! The life of the sample shop: two releases, forth, back and forth again, with its own rows read by its own program.

use std::fs;

use schema_tests::app::App;
use schema_tests::cluster;
use schema_tests::dump::{diff, dump};

const SUBCOMMAND: &str = env!("CARGO_BIN_EXE_cargo_schema");

#[test]
fn the_shop_lives_through_two_releases() {
    let database = cluster::database();
    let app = App::copy("shop", SUBCOMMAND, &database);

    app.schema(&["generate", "-m", "first release"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    app.cargo(&["build"]).ends_with(0);
    let first = app.folder().join("shop-1");
    fs::copy(app.program(), &first).expect("the shop was built");
    app.start(&first, &["seed"]).ends_with(0);
    let before = app.start(&first, &["report"]).ends_with(0);
    let dump_before = dump(&database);

    app.lay_over("v2");
    the_build_fails_on_the_fields(&app);
    let refused = app.schema(&["generate", "-m", "second release"]).ends_with(1);
    assert!(refused.contains("born"), "what would be lost is named: {refused}");
    app.schema(&["generate", "-m", "second release", "--allow-data-loss"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    app.cargo(&["build"]).ends_with(0);
    let after = app.start(&app.program(), &["report"]).ends_with(0);
    assert_eq!(before, after, "the rows are what they were");
    app.start(&app.program(), &["grow"]).ends_with(0);
    let dump_after = dump(&database);
    assert!(!diff(&dump_before, &dump_after).is_empty());

    app.schema(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(diff(&dump_before, &dump(&database)), Vec::<String>::new(), "down gives back what was there");
    let back = app.start(&first, &["report"]).ends_with(0);
    assert_eq!(before, back, "the rows are what they were");

    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(diff(&dump_after, &dump(&database)), Vec::<String>::new(), "up gives the second release again");
    app.start(&app.program(), &["report"]).ends_with(0);
    app.schema(&["check"]).ends_with(0);
    app.schema(&["generate", "--check"]).ends_with(0);
}

/// A struct without its migration is an error at each field that differs.
fn the_build_fails_on_the_fields(app: &App) {
    let failed = app.cargo(&["build"]).ends_with(101);
    for (file, field) in [("catalog.rs", "pub title: String"), ("customers.rs", "pub phone: Option<String>")] {
        let named = failed.contains(file) && failed.contains(field);
        assert!(named, "{file}: `{field}` is shown:\n{failed}");
    }
}
