//! `bigin-relay`: reads the command line, asks the stack, and ends with the status that the command found.

use std::process::ExitCode;

use clap::Parser;
use operator::{Cli, ExitStatus, Screen, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that went away needs no word about it.
            let _ = error.print();
            return if error.use_stderr() {
                ExitStatus::Usage
            } else {
                ExitStatus::Complete
            }
            .into();
        }
    };
    let mut screen = Screen::new(cli.json);
    match run(cli, &mut screen).await {
        Ok(status) => status.into(),
        Err(error) => {
            if !error.is_reader_gone() {
                screen.complain(&error);
            }
            error.exit_status().into()
        }
    }
}
