//! The `cargo schema` subcommand as a library: the command line, the commands, and all that they ask of the machine.
//!
//! What a schema is, how two differ and what SQL takes one to the other is decided in `schema-core`; what the structs say, in
//! `schema-syntax`; how revisions are applied, in `schema-runtime`. Here are the effects: files, servers, terminals.

pub mod adopt;
pub mod branches;
pub mod catalog;
pub mod cli;
pub mod commands;
pub mod config;
pub mod devdb;
pub mod hook;
pub mod ops;
pub mod project;
pub mod pull;
pub mod report;
pub mod workspace;
