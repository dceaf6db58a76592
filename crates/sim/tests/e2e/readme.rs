//! The tour of the README, command by command: what it says is what happens.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use sim::instance::{Instance, examples, wait};
use sim::work_tree::WorkTree;

/// A command of the tour and the lines that it prints, among others.
#[derive(Debug, Default)]
struct Step {
    command: String,
    output: Vec<String>,
}

#[test]
fn the_tour_is_true() -> anyhow::Result<()> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let steps = tour(&std::fs::read_to_string(readme)?);
    ensure!(steps.len() > 10, "only {} commands were found", steps.len());
    let instance = Instance::start("readme", &["--seed", &examples()])?;
    let work = WorkTree::clone(&instance, "cluster")?;
    work.git(&["config", "user.name", "Ann"])?;
    work.git(&["config", "user.email", "ann@example.org"])?;
    // The README's paths are those of an instance with the usual data directory.
    std::os::unix::fs::symlink(instance.data(), work.path().join(".kedge"))?;
    work.write(".git/info/exclude", ".kedge\n")?;
    for step in &steps {
        let played = play(&instance, work.path(), step);
        if let Err(error) = played {
            panic!(
                "$ {}\n{error:#}\n\nThe logs:\n{}",
                step.command,
                instance.logs()
            );
        }
    }
    Ok(())
}

/// What follows the prompts of the console blocks below "The tour".
fn tour(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut console = false;
    let after = readme.split("## The tour").nth(1).unwrap_or_default();
    let tour = after.split("\n## ").next().unwrap_or_default();
    for line in tour.lines() {
        let line = line.strip_prefix("   ").unwrap_or(line);
        if line.starts_with("```") {
            console = line == "```console";
        } else if !console {
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                output: Vec::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            step.output.push(normal(line));
        }
    }
    steps
}

/// Runs one command where a reader would be, until it prints what the README says.
fn play(instance: &Instance, directory: &Path, step: &Step) -> anyhow::Result<()> {
    let programs = instance.program().parent().map(PathBuf::from);
    let programs = programs.context("the program is in no directory")?;
    let run = || -> anyhow::Result<(String, Option<String>)> {
        let script = format!("export PATH={}:$PATH\n{}", programs.display(), step.command);
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(directory)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let printed: Vec<String> = text.lines().map(normal).collect();
        let mut rest = printed.iter();
        let missing = step.output.iter().find(|line| !rest.any(|it| it == *line));
        Ok((text, missing.cloned()))
    };
    let (mut text, mut missing) = run()?;
    // What only looks may have looked too early; what changes something is done once.
    let looks = ["kedge rollout", "kedge why"];
    if looks.iter().any(|look| step.command.starts_with(look)) {
        wait(
            "the command to say what the README says",
            SignedDuration::from_secs(30),
            || run().is_ok_and(|(_, missing)| missing.is_none()),
        )?;
        (text, missing) = run()?;
    }
    ensure!(missing.is_none(), "it does not print {missing:?}:\n{text}");
    Ok(())
}

/// A line without what is another in every run: commits, names of pods, ages, numbers of ratings.
fn normal(line: &str) -> String {
    let words = line.split_whitespace().map(|word| {
        let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
        let hex = bare.len() >= 7 && bare.bytes().all(|it| it.is_ascii_hexdigit());
        let digits = bare.trim_end_matches(['s', 'm', 'h']);
        let time =
            !digits.is_empty() && digits != bare && digits.bytes().all(|it| it.is_ascii_digit());
        if hex {
            word.replace(bare, "COMMIT")
        } else if time {
            "TIME".to_owned()
        } else if bare.starts_with("ui-") && bare.matches('-').count() == 2 {
            word.replace(bare, "POD")
        } else {
            word.to_owned()
        }
    });
    let mut line = words.collect::<Vec<_>>().join(" ");
    if let Some(ratings) = line.find("learned from ") {
        line.truncate(ratings);
    }
    line
}
