//! `sandbox --listen 127.0.0.1:9780`: runs the stand-in for Zoho until it is interrupted. SIGUSR1 makes it go away for two
//! seconds, as a restart does, and come back with all that it knew.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use sandbox::{Config, Sandbox};
use tokio::signal::unix::{SignalKind, signal};

/// How long a restart takes.
const AWAY: Duration = Duration::from_secs(2);

/// A stateful stand-in for Zoho Accounts and Bigin, for development and tests only.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen; port 0 picks a free one, and the line on stdout says which.
    #[arg(long, default_value = "127.0.0.1:9780")]
    listen: SocketAddr,
    /// Ids and tokens are drawn from this number; another one each time without it.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Arguments { listen, seed } = Arguments::parse();
    let default = Config::default();
    let config = Config {
        listen,
        seed: seed.unwrap_or(default.seed),
        ..default
    };
    let mut sandbox = Sandbox::start(config).await?;
    let mut restarts = signal(SignalKind::user_defined1())?;
    writeln!(std::io::stdout(), "sandbox listening on {}", sandbox.url())?;
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                sandbox.stop().await;
                return Ok(());
            }
            _ = restarts.recv() => sandbox.restart(AWAY).await?,
        }
    }
}
