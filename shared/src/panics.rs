//! Panics without their words: they may quote what was worked on, such as the text that was cut in the middle of a
//! character. Where it happened is enough to find the fault.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use lambda_runtime::Diagnostic;

/// From now on a panic is one line of the log, with its place in the source.
pub(crate) fn log_places_only() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "a panic: a fault of the relay's own");
    }));
}

/// Runs an invocation. A panic becomes a failure with a text of ours. The runtime's own text would carry the
/// panic's words to the caller, into the dead-letter queue and into reports.
///
/// The work is put on the heap: its type is deep, and the runtime's layers make it deeper than the compiler follows.
pub fn contained<T, E: Into<Diagnostic>>(
    work: impl Future<Output = Result<T, E>>,
) -> impl Future<Output = Result<T, Diagnostic>> {
    let mut work = Box::pin(work);
    std::future::poll_fn(move |context| {
        // What the panic has left half done is dropped with the future.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(result.map_err(Into::into)),
            Err(_) => Poll::Ready(Err(Diagnostic {
                error_type: "Panic".to_owned(),
                error_message: "a fault of the relay's own; the log says in which line of its source".to_owned(),
            })),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_fails_the_invocation_without_its_words() {
        let record = "canary".to_owned();
        let failed = contained(async {
            tokio::task::yield_now().await;
            assert!(record.is_empty(), "{record}");
            Ok::<(), Diagnostic>(())
        });
        let failed = failed.await.unwrap_err();
        assert_eq!(failed.error_type, "Panic");
        assert!(!failed.error_message.contains("canary"));
    }

    #[tokio::test]
    async fn an_answer_and_a_failure_pass_through() {
        let diagnostic = Diagnostic {
            error_type: "Kind".to_owned(),
            error_message: "m".to_owned(),
        };
        assert_eq!(contained(async { Ok::<_, Diagnostic>(1) }).await.unwrap(), 1);
        let failed = contained(async { Err::<(), _>(diagnostic) }).await.unwrap_err();
        assert_eq!(failed.error_type, "Kind");
    }
}
