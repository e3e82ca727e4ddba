//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

/// What AWS's settings have to say.
const SETTINGS: &str = "Account, region and endpoint come from AWS's own settings: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL.\n\
    Ends with 0 complete, 2 partial, 3 refused, 4 stopped or failed, 5 not allowed by AWS, 64 for a wrong command line.";

/// Operates a bigin-relay stack: authorizes it, imports files, and shows what became of them.
#[derive(Debug, Parser)]
#[command(name = "bigin-relay", version, after_help = SETTINGS)]
pub struct Cli {
    /// The stack's name.
    #[arg(
        long,
        global = true,
        env = "BIGIN_RELAY_STACK",
        default_value = "bigin-relay",
        value_name = "NAME"
    )]
    pub stack: String,
    /// Answers with JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows how the relay stands.
    #[command(after_help = "Example: bigin-relay status --watch")]
    Status {
        /// Shows it anew every few seconds, until Ctrl-C.
        #[arg(long)]
        watch: bool,
    },
    /// Looks at everything that has to be right, and says what to type where something is not.
    #[command(after_help = "Example: bigin-relay doctor")]
    Doctor,
    /// Hands the file that Zoho's API console gave to the relay, and removes it once it is used.
    #[command(after_help = "Example: bigin-relay authorize self_client.json --data-center eu")]
    Authorize {
        /// The downloaded file. Without one, what is stored is verified.
        file: Option<PathBuf>,
        /// The data centre whose console made the file.
        #[arg(long, value_name = "NAME")]
        data_center: Option<String>,
        /// Allows another organisation than before.
        #[arg(long)]
        change_org: bool,
        /// Leaves the file where it is.
        #[arg(long)]
        keep: bool,
    },
    /// Plans a file without sending anything: its faults, its repairs, what it would cost.
    #[command(after_help = "Example: bigin-relay check customers.csv Contacts")]
    Check {
        /// The file.
        file: PathBuf,
        /// The module.
        module: String,
        /// The mapping in mappings/<Module>/.
        #[arg(long, value_name = "NAME")]
        mapping: Option<String>,
    },
    /// Puts a file into the inbox.
    #[command(after_help = "Example: bigin-relay import customers.csv Contacts --wait")]
    Import {
        /// The file.
        file: PathBuf,
        /// The module.
        module: String,
        /// The mapping in mappings/<Module>/.
        #[arg(long, value_name = "NAME")]
        mapping: Option<String>,
        /// Waits until the import has ended, and shows how it goes.
        #[arg(long)]
        wait: bool,
    },
    /// Lists the runs of the last days, newest first.
    #[command(after_help = "Example: bigin-relay runs --days 7")]
    Runs {
        /// So many days, today included.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..))]
        days: u8,
        /// At most so many runs.
        #[arg(long, default_value_t = 20)]
        most: usize,
    },
    /// Shows one run's report.
    #[command(after_help = "Example: bigin-relay show 20261130T093000-1a2b3c4d")]
    Show {
        /// The run's id.
        run: String,
    },
    /// Tells what became of one row or message of a run.
    #[command(after_help = "Example: bigin-relay why 20261130T093000-1a2b3c4d 17")]
    Why {
        /// The run's id.
        run: String,
        /// The row's line, or the record's or message's id.
        row: String,
    },
    /// Shows a run's rejected rows by reason.
    #[command(after_help = "Example: bigin-relay rejects 20261130T093000-1a2b3c4d --save rejects.csv")]
    Rejects {
        /// The run's id.
        run: String,
        /// Saves the rows, to be mended and put back.
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Puts a run's rejected rows back into the inbox.
    #[command(after_help = "Example: bigin-relay retry 20261130T093000-1a2b3c4d --file rejects.csv --wait")]
    Retry {
        /// The run's id.
        run: String,
        /// The mended rows; without it the rows go back as they are.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Waits until the import has ended.
        #[arg(long)]
        wait: bool,
    },
    /// Sends messages to the queue, one JSON object a line.
    #[command(after_help = "Example: bigin-relay send orders.ndjson")]
    Send {
        /// The file; `-` reads from standard input.
        file: PathBuf,
    },
    /// Shows the API credits that are spent and left.
    #[command(after_help = "Example: bigin-relay credits")]
    Credits,
    /// Shows what waits on the queues.
    #[command(after_help = "Example: bigin-relay queue --redrive")]
    Queue {
        /// Brings the messages of the records dead-letter queue back, once what kept them is mended.
        #[arg(long)]
        redrive: bool,
    },
    /// Shows what has changed in Bigin, as pull brought it out.
    #[command(after_help = "Example: bigin-relay changes Contacts --tail")]
    Changes {
        /// The module's API name; without it all that are pulled.
        module: Option<String>,
        /// At most so many of those that are there.
        #[arg(long, default_value_t = 20)]
        most: usize,
        /// Goes on with those that come, until Ctrl-C.
        #[arg(long)]
        tail: bool,
    },
    /// Sends nothing until it is resumed.
    #[command(after_help = "Example: bigin-relay pause --reason 'Bigin is being cleaned up'")]
    Pause {
        /// Why, for those who look at it later.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Sends again.
    #[command(after_help = "Example: bigin-relay resume")]
    Resume,
    /// Decides a held module: its refused records are rejected, or tried at once.
    #[command(after_help = "Example: bigin-relay held Contacts --reject")]
    Held {
        /// The module.
        module: String,
        /// Rejects such records until one is accepted, for a day at most. Without it the module is tried at once.
        #[arg(long)]
        reject: bool,
    },
    /// Cuts the relay's access to Bigin off. What waits is kept.
    #[command(after_help = "Example: bigin-relay revoke --confirm 700012345 --reason 'the laptop was stolen'")]
    Revoke {
        /// The organisation's id, typed to confirm. Without it the command only says what would be done.
        #[arg(long, value_name = "ORG_ID")]
        confirm: Option<String>,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Erases one person's data from the bucket, old versions included. Shows first what it would erase.
    #[command(after_help = "Example: bigin-relay erase ann.rao@example.com")]
    Erase {
        /// An e-mail address, or an id: whatever the person is found by.
        person: String,
        /// The same once more, typed to confirm.
        #[arg(long, value_name = "PERSON")]
        confirm: Option<String>,
    },
    /// Asks for a fresh access token, as the schedule does.
    #[command(after_help = "Example: bigin-relay refresh")]
    Refresh,
    /// Prints what a shell needs to complete this tool's command lines.
    #[command(after_help = "Example: bigin-relay completions bash > /etc/bash_completion.d/bigin-relay")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_has_help_and_one_example_of_itself_that_is_understood() {
        let tool = Cli::command();
        tool.clone().debug_assert();
        for command in tool.get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let example = command.get_after_help().expect(name).to_string();
            let line = example.strip_prefix("Example: ").expect(name);
            let line = line.split(" > ").next().expect(name);
            assert!(line.starts_with(&format!("bigin-relay {name}")), "{example}");
            let words = line.replace('\'', "");
            // A reason of several words is one argument; the parser needs to see the options only.
            let first = words.split_once(" --reason").map_or(words.as_str(), |(first, _)| first);
            Cli::try_parse_from(first.split_whitespace()).unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }

    #[test]
    fn the_page_on_the_tool_has_every_command_and_no_other() {
        let page = include_str!("../../docs/tool.md");
        let rows = page.split("| command |").nth(1).unwrap().split("\n\n").next().unwrap();
        let cells = rows
            .lines()
            .filter_map(|row| row.strip_prefix("| `"))
            .filter_map(|row| row.split_once(" | "));
        let told: BTreeSet<&str> = cells
            .flat_map(|(names, _)| names.split(", "))
            .map(|name| name.trim_matches('`'))
            .collect();
        let tool = Cli::command();
        let known: BTreeSet<&str> = tool.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(told, known);
    }

    #[test]
    fn what_holds_for_all_commands_may_stand_before_and_behind_one() {
        for line in [
            "bigin-relay --stack shop --json status",
            "bigin-relay status --json --stack shop",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!((cli.stack.as_str(), cli.json), ("shop", true));
        }
    }
}
