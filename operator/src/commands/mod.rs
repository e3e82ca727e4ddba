//! The commands, one module each.

mod authorize;
mod changes;
mod doctor;
mod erase;
mod files;
mod hold;
mod messages;
mod rejects;
mod runs;
mod show;
mod status;
mod why;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::Screen;
use crate::stack::Stack;

/// Carries a command out.
///
/// # Errors
/// See [`OperatorError`]; each says what to do.
pub async fn run(cli: Cli, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "bigin-relay", &mut std::io::stdout());
        return Ok(ExitStatus::Complete);
    }
    let stack = Stack::load(&cli.stack).await;
    let stack = &stack;
    match cli.command {
        Command::Status { watch: true } => status::watch(stack, screen).await,
        Command::Status { watch: false } => status::show(stack, screen).await,
        Command::Authorize {
            file,
            data_center,
            change_org,
            keep,
        } => authorize::run(stack, screen, file.as_deref(), data_center.as_deref(), change_org, keep).await,
        Command::Check { file, module, mapping } => {
            files::check(stack, screen, &file, &module, mapping.as_deref()).await
        }
        Command::Import {
            file,
            module,
            mapping,
            wait,
        } => files::import(stack, screen, &file, &module, mapping.as_deref(), wait).await,
        Command::Runs { days, most } => runs::run(stack, screen, days, most).await,
        Command::Show { run } => show::run(stack, screen, &run).await,
        Command::Why { run, row } => why::run(stack, screen, &run, &row).await,
        Command::Rejects { run, save } => rejects::show(stack, screen, &run, save.as_deref()).await,
        Command::Retry { run, file, wait } => rejects::retry(stack, screen, &run, file.as_deref(), wait).await,
        Command::Send { file } => messages::send(stack, screen, &file).await,
        Command::Credits => status::credits(stack, screen).await,
        Command::Doctor => doctor::run(stack, screen).await,
        Command::Changes { module, most, tail } => changes::run(stack, screen, module.as_deref(), most, tail).await,
        Command::Queue { redrive: true } => messages::bring_back(stack, screen).await,
        Command::Queue { redrive: false } => status::queues(stack, screen).await,
        Command::Pause { reason } => hold::pause(stack, screen, reason.as_deref()).await,
        Command::Resume => hold::resume(stack, screen).await,
        Command::Held { module, reject } => hold::held(stack, screen, &module, reject).await,
        Command::Revoke { confirm, reason } => hold::revoke(stack, screen, confirm.as_deref(), reason.as_deref()).await,
        Command::Erase { person, confirm } => erase::run(stack, screen, &person, confirm.as_deref()).await,
        Command::Refresh => hold::refresh(stack, screen).await,
        Command::Completions { .. } => Ok(ExitStatus::Complete),
    }
}
