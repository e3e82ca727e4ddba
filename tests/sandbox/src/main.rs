//! `sandbox --listen 127.0.0.1:9780`: runs the stand-in for Zoho until it is interrupted.

use std::io::Write;
use std::net::SocketAddr;

use clap::Parser;
use sandbox::{Config, Sandbox};

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
    let sandbox = Sandbox::start(config).await?;
    writeln!(std::io::stdout(), "sandbox listening on {}", sandbox.url())?;
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
