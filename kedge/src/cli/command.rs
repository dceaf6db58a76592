//! Which verbs there are.

use clap::Subcommand;

use super::{
    app, apps, blame, completions, crds, diff, doctor, man, plan, proof, render, repo, rollback,
    rollout, rollouts, state, suspend, sync, token, undelete, validate, why,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the applications: in sync or not, healthy or not, at which commit
    #[command(after_help = apps::EXAMPLE)]
    Apps(apps::Arguments),
    /// Show one application: its state, its objects, its last rollouts
    #[command(after_help = app::EXAMPLE)]
    App(app::Arguments),
    /// Show what bringing the cluster to a revision would change
    #[command(after_help = diff::EXAMPLE)]
    Diff(diff::Arguments),
    /// Show what a branch or pull request would do if it were merged
    #[command(after_help = plan::EXAMPLE)]
    Plan(plan::Arguments),
    /// Check files as a push would be checked; needs no server
    #[command(after_help = validate::EXAMPLE)]
    Validate(validate::Arguments),
    /// Print the objects that a path asks for; needs no server
    #[command(after_help = render::EXAMPLE)]
    Render(render::Arguments),
    /// List rollouts, newest first
    #[command(after_help = rollouts::EXAMPLE)]
    Rollouts(rollouts::Arguments),
    /// Show one rollout: its objects, and every step with its time
    #[command(after_help = rollout::EXAMPLE)]
    Rollout(rollout::Arguments),
    /// Show that the cluster was what a commit says, and make the proof again
    #[command(after_help = proof::EXAMPLE)]
    Proof(proof::Arguments),
    /// Push a commit that undoes one rollout, several of them, or all since a point
    #[command(after_help = rollback::EXAMPLE)]
    Rollback(rollback::Arguments),
    /// Roll out the tracked commit of an application now, whole or in part
    #[command(after_help = sync::EXAMPLE)]
    Sync(sync::Arguments),
    /// Have an application left alone, until it is resumed
    #[command(after_help = suspend::EXAMPLE)]
    Suspend(suspend::Suspend),
    /// Follow a suspended application again
    #[command(after_help = suspend::RESUME)]
    Resume(suspend::Resume),
    /// Show why something is broken or waits, down to the line in Git
    #[command(after_help = why::EXAMPLE)]
    Why(why::Arguments),
    /// Show the cluster, or an object, as it was
    #[command(after_help = state::EXAMPLE)]
    State(state::Arguments),
    /// Show who made each field of an object what it is, and what it was before
    #[command(after_help = blame::EXAMPLE)]
    Blame(blame::Arguments),
    /// Create a deleted object again
    #[command(after_help = undelete::EXAMPLE)]
    Undelete(undelete::Arguments),
    /// Make, list and delete hosted repositories
    #[command(after_help = repo::EXAMPLE)]
    Repo(repo::Arguments),
    /// Make, list and revoke the tokens that people and programs sign in with
    #[command(after_help = token::EXAMPLE)]
    Token(token::Arguments),
    /// Find out what is missing or broken: this machine, the instance, what it follows; and what to do
    #[command(after_help = doctor::EXAMPLE)]
    Doctor(doctor::Arguments),
    /// Print the definitions of Application and Rollout, for a cluster that is not Kedge's
    #[command(after_help = crds::EXAMPLE)]
    Crds(crds::Arguments),
    /// Write a man page for each verb
    #[command(after_help = man::EXAMPLE)]
    Man(man::Arguments),
    /// Print a completion script for a shell
    #[command(after_help = completions::EXAMPLE)]
    Completions(completions::Arguments),
}

/// Does what was asked for. `whole` is the complete command line, for man pages.
pub(crate) async fn run(command: Command, whole: clap::Command) -> anyhow::Result<()> {
    match command {
        Command::Apps(arguments) => apps::run(&arguments).await,
        Command::App(arguments) => app::run(&arguments).await,
        Command::Diff(arguments) => diff::run(&arguments).await,
        Command::Plan(arguments) => plan::run(&arguments).await,
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Rollouts(arguments) => rollouts::run(&arguments).await,
        Command::Rollout(arguments) => rollout::run(&arguments).await,
        Command::Proof(arguments) => proof::run(&arguments).await,
        Command::Rollback(arguments) => rollback::run(&arguments).await,
        Command::Sync(arguments) => sync::run(&arguments).await,
        Command::Suspend(arguments) => suspend::suspend(&arguments).await,
        Command::Resume(arguments) => suspend::resume(&arguments).await,
        Command::Why(arguments) => why::run(&arguments).await,
        Command::State(arguments) => state::run(&arguments).await,
        Command::Blame(arguments) => blame::run(&arguments).await,
        Command::Undelete(arguments) => undelete::run(&arguments).await,
        Command::Repo(arguments) => repo::run(&arguments).await,
        Command::Token(arguments) => token::run(&arguments).await,
        Command::Doctor(arguments) => doctor::run(&arguments).await,
        Command::Crds(arguments) => crds::run(&arguments),
        Command::Man(arguments) => man::run(&arguments, whole),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
