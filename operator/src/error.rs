//! What can go wrong, and what to do then.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use shared::aws::problem;

use crate::exit_status::ExitStatus;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// AWS refused for want of a right.
    #[error("AWS does not allow {what}: {problem}\nto do: ask for that right, or use another profile (AWS_PROFILE)")]
    NotAllowed {
        /// What was tried.
        what: String,
        /// AWS's own words.
        problem: String,
    },
    /// There is no such stack here.
    #[error(
        "there is no function {function} in this account and region\nto do: name the stack with --stack or BIGIN_RELAY_STACK; check AWS_PROFILE and AWS_REGION"
    )]
    NoStack {
        /// The function that was looked for.
        function: String,
    },
    /// AWS did not do what it was asked.
    #[error(
        "{what} failed: {problem}\nto do: try again; if it stays, check region, credentials and network (`bigin-relay status`)"
    )]
    Aws {
        /// What was tried.
        what: String,
        /// AWS's own words, or what kept it from answering.
        problem: String,
    },
    /// A function answered with an error. Its own text says what to do.
    #[error("{function} answered {kind}: {message}")]
    Function {
        /// Which one.
        function: String,
        /// The error's kind, as the runbook's tables name it.
        kind: String,
        /// What it says.
        message: String,
    },
    /// What came back cannot be read.
    #[error(
        "{what} cannot be read: {problem}\nto do: check that tool and stack are of one version (`bigin-relay --version`)"
    )]
    Unreadable {
        /// What was read.
        what: String,
        /// Why not.
        problem: String,
    },
    /// A file of the operator's own cannot be used.
    #[error("{path}: {problem}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        problem: String,
    },
    /// No run has that id.
    #[error("no report of a run {0} was found\nto do: `bigin-relay runs` lists the runs of the last days")]
    NoRun(String),
    /// The run has nothing of the kind.
    #[error("{0}")]
    Nothing(String),
    /// Ctrl-C came while it waited.
    #[error("the import goes on by itself: {0}")]
    Interrupted(String),
    /// A dangerous command was not confirmed.
    #[error("nothing was done: {0}")]
    NotConfirmed(String),
    /// The screen cannot be written to.
    #[error("the answer could not be shown: {0}")]
    Screen(#[from] io::Error),
}

impl OperatorError {
    /// Of a call to AWS.
    pub(crate) fn aws<E: ProvideErrorMetadata + Error>(
        what: impl Into<String>,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let (what, problem) = (what.into(), problem(error));
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        match code {
            Some("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "403") => {
                Self::NotAllowed { what, problem }
            }
            _ => Self::Aws { what, problem },
        }
    }

    /// What the tool ends with.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::NotAllowed { .. } => ExitStatus::NotAllowed,
            Self::File { .. } | Self::NoRun(_) | Self::NoStack { .. } => ExitStatus::Usage,
            Self::NotConfirmed(_) | Self::Nothing(_) => ExitStatus::Refused,
            Self::Interrupted(_) => ExitStatus::Interrupted,
            Self::Screen(_) if self.is_reader_gone() => ExitStatus::Complete,
            _ => ExitStatus::Failed,
        }
    }

    /// Whether nobody reads the answer any more, as behind `| head`.
    pub fn is_reader_gone(&self) -> bool {
        matches!(self, Self::Screen(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::error::ErrorMetadata;
    use aws_sdk_lambda::operation::invoke::InvokeError;
    use aws_sdk_lambda::primitives::SdkBody;

    use super::*;

    fn refused(code: &str) -> OperatorError {
        let answer = HttpResponse::new(403.try_into().unwrap(), SdkBody::empty());
        let error = InvokeError::generic(ErrorMetadata::builder().code(code).message("not for you").build());
        OperatorError::aws("invoking relay-push", &SdkError::service_error(error, answer))
    }

    #[test]
    fn what_aws_does_not_allow_ends_otherwise_than_what_fails() {
        let denied = refused("AccessDeniedException");
        assert_eq!(
            (denied.exit_status(), denied.exit_status().code()),
            (ExitStatus::NotAllowed, 5)
        );
        assert!(denied.to_string().contains("not for you") && denied.to_string().contains("AWS_PROFILE"));
        assert_eq!(refused("ServiceException").exit_status(), ExitStatus::Failed);
    }
}
