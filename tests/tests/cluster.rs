//! The throwaway server that the other tests stand on: databases are separate, and nothing is left behind.

use schema_tests::cluster::database;

#[test]
fn databases_are_separate() {
    let (one, two) = (database(), database());
    one.client().batch_execute("CREATE TABLE only_in_one (id integer)").unwrap();
    assert_eq!(one.value("SELECT count(*) FROM only_in_one"), "0");
    assert!(one.dump().contains("CREATE TABLE public.only_in_one"));
    assert!(!two.dump().contains("only_in_one"));
}

#[test]
fn a_dropped_cluster_leaves_no_folder() {
    let cluster = schema_tests::cluster::Cluster::start(&["application_name=of_its_own"]);
    let folder = cluster.folder().to_owned();
    assert_eq!(cluster.database().value("SHOW application_name"), "of_its_own");
    drop(cluster);
    assert!(!folder.exists());
}
