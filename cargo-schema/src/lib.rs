//! Part of cargo schema.

pub mod catalog;
pub mod cli;
pub mod commands;
pub mod config;
pub mod devdb;
pub mod ops;
pub mod project;
pub mod report;
pub mod workspace;
