//! A real schema of 46 tables as structs: the database they generate is the original, object by object as `pg_dump` shows it.

use std::fs;

use schema_tests::app::App;
use schema_tests::cluster;
use schema_tests::dump::{diff, dump};

#[test]
fn structs_give_the_database_they_were_written_after() {
    let (database, original) = (cluster::database(), cluster::database());
    let app = App::copy("zksync_structs", env!("CARGO_BIN_EXE_cargo_schema"), &database);
    let sql = fs::read_to_string(app.folder().join("original.sql")).expect("the original is part of the fixture");
    original.client().batch_execute(&sql).expect("the original can be loaded");
    let expected = dump(&original);
    let tables = expected.keys().filter(|key| key.starts_with("TABLE ")).count();
    assert_eq!(tables, 46);

    app.schema(&["generate", "-m", "all tables"]).ends_with(0);
    app.schema(&["upgrade"]).ends_with(0);
    assert_eq!(diff(&expected, &dump(&database)), Vec::<String>::new());

    app.schema(&["generate", "--check"]).ends_with(0);
    app.cargo(&["build"]).ends_with(0);
}
