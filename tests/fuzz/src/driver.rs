//! Runs a target for a while.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::mutate::mutated;

/// An execution that takes longer hangs. The inputs have 4 KB at most: milliseconds is what they take.
const HANGS: Duration = Duration::from_mins(1);

/// Something that takes bytes from outside.
pub trait Target {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Inputs to begin with.
    fn seeds(&self) -> Vec<Vec<u8>>;

    /// Takes an input, asserts what must hold, and answers with what kind of answer it got.
    fn run(&self, input: &[u8]) -> u64;
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Inputs tried.
    pub executions: u64,
    /// Kinds of answers they got.
    pub kinds: usize,
}

/// Runs a target until the time is up.
///
/// # Panics
/// An input makes the target panic, or hang. The panic says where the input was written.
pub fn fuzz(target: &impl Target, time: Duration, seed: u64, tmp: &Path) -> Tally {
    let mut random = Rng::with_seed(seed);
    let watch = Watch::start(target.name(), tmp);
    let (mut corpus, mut kinds, mut executions) = (Vec::new(), HashSet::new(), 0);
    let mut attempt = |input: Vec<u8>, corpus: &mut Vec<Vec<u8>>| {
        watch.begin(&input);
        let kind = catch_unwind(AssertUnwindSafe(|| target.run(&input)));
        watch.end();
        executions += 1;
        match kind {
            Ok(kind) if kinds.insert(kind) => corpus.push(input),
            Ok(_) => {}
            Err(_) => {
                let place = keep(target.name(), tmp, &input);
                panic!("{}: {} breaks it", target.name(), place.display());
            }
        }
    };
    for input in target.seeds().into_iter().chain(found_before(target.name())) {
        attempt(input, &mut corpus);
    }
    let ends = Instant::now() + time;
    while Instant::now() < ends {
        for _ in 0..16 {
            attempt(mutated(&corpus, &mut random), &mut corpus);
        }
    }
    Tally {
        executions,
        kinds: corpus.len(),
    }
}

fn found_before(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(target);
    let files = std::fs::read_dir(folder).into_iter().flatten();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

fn keep(target: &str, tmp: &Path, input: &[u8]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let place = tmp.join(format!("fuzz-{target}-{:016x}", hasher.finish()));
    std::fs::write(&place, input).unwrap();
    place
}

/// Ends the process when an execution does not come to an end.
struct Watch {
    /// When the present execution began, in milliseconds from the start; 0 between two.
    since: Arc<AtomicU64>,
    input: Arc<Mutex<Vec<u8>>>,
    start: Instant,
}

impl Watch {
    fn start(target: &'static str, tmp: &Path) -> Self {
        let (since, input): (Arc<AtomicU64>, Arc<Mutex<Vec<u8>>>) = Default::default();
        let start = Instant::now();
        let (seen, of, tmp) = (Arc::clone(&since), Arc::clone(&input), tmp.to_owned());
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let since = seen.load(Ordering::SeqCst);
                if since > 0 && start.elapsed().saturating_sub(Duration::from_millis(since)) > HANGS {
                    keep(target, &tmp, &of.lock().unwrap());
                    std::process::abort();
                }
            }
        });
        Self { since, input, start }
    }

    fn begin(&self, input: &[u8]) {
        self.input.lock().unwrap().clone_from(&input.to_vec());
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(now.max(1), Ordering::SeqCst);
    }

    fn end(&self) {
        self.since.store(0, Ordering::SeqCst);
    }
}
