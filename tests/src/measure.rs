//! What benchmarks share: the cost of a command, and how it is shown.
//!
//! Nothing is asserted about costs: machines are shared and noisy, so only figures of one run can be compared.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// CPU and wall seconds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Cost {
    /// User and system, of the process and its children.
    pub cpu: f64,
    /// By the clock.
    pub wall: f64,
}

/// A number from the environment.
pub fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Writes a file of the benchmark's own.
pub fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
    assert!(status.success(), "{command:?} failed");
}

/// What a command costs that must succeed.
pub fn once(command: &mut Command) -> Cost {
    let (before, start) = (children_cpu(), Instant::now());
    let status = command.status().unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
    let cost = Cost { wall: start.elapsed().as_secs_f64(), cpu: children_cpu() - before };
    assert!(status.success(), "{command:?} failed");
    cost
}

/// User and system seconds of all children that have ended.
fn children_cpu() -> f64 {
    let usage =
        nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// Prints a line, with the ratio to a yardstick.
pub fn show(what: &str, cost: Cost, yardstick: Option<Cost>) {
    let ratio =
        yardstick.map(|other| format!("{:.2} x wall, {:.2} x CPU", cost.wall / other.wall, cost.cpu / other.cpu));
    println!("{what:<44} {:>9.3} {:>9.3}  {}", cost.cpu, cost.wall, ratio.unwrap_or_default());
}
