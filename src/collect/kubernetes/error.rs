//! What stops a scan, and what of the client's errors is safe to say: tokens, keys and the output of login programs never
//! are.

use kube::client::AuthError;

use crate::base::text::{sanitise, shorten};

/// Why a cluster could not be read at all. What could be read only in part is a gap instead.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nothing says which cluster.
    #[error(
        "no cluster is given: no kubeconfig ({looked}), and this is not a pod of a cluster\n\
        give a kubeconfig with --kubeconfig FILE, or let `spm scan` read manifests, a dump or a snapshot with --from PATH, \
        an AWS account with --aws\n\
        to see what it is like: spm scan --from fixtures/demo-cluster, in a copy of the repository"
    )]
    NoKubeconfig {
        /// Where it was looked for.
        looked: String,
    },
    /// A kubeconfig is unreadable or wrong.
    #[error("{file}: {problem}")]
    Kubeconfig {
        /// The file, or files if several are merged.
        file: String,
        /// The field and what is wrong with it.
        problem: String,
    },
    /// The context is not in the kubeconfig.
    #[error("{file}: no context `{name}`{}; there are: {}", did_you_mean(nearest.as_deref()), known.join(", "))]
    UnknownContext {
        /// The file, or files if several are merged.
        file: String,
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// A namespace that was named cannot be scanned.
    #[error("namespace `{name}`: {problem}")]
    Namespace {
        /// The name given.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The additional certificate file is unusable.
    #[error("{file}: {problem}")]
    CaFile {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The login itself failed, before the cluster was asked.
    #[error("cannot log in to {server}: {problem}")]
    Login {
        /// Address of the API server.
        server: String,
        /// What failed.
        problem: String,
    },
    /// The cluster does not accept the identity.
    #[error("not authenticated: {server} does not accept the credentials ({problem})")]
    NotAuthenticated {
        /// Address of the API server.
        server: String,
        /// What the server said.
        problem: String,
    },
    /// No answer that could be used.
    #[error("{server} could not be read: {problem}")]
    NoAnswer {
        /// Address of the API server.
        server: String,
        /// What happened instead.
        problem: String,
    },
    /// The user stopped the scan.
    #[error("interrupted; {left}")]
    Interrupted {
        /// What became of what was created for it.
        left: String,
    },
    /// Threads could not be started.
    #[error("the network could not be set up")]
    Runtime(#[source] std::io::Error),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

/// Foreign text in one safe line of bounded length.
pub(super) fn safe(text: &str) -> String {
    shorten(&sanitise(text.trim()), 300).into_owned()
}

/// The login error behind a client error, in words that hold no secret.
pub(super) fn login_problem(error: &kube::Error, program: Option<&str>) -> Option<String> {
    chain(error).find_map(|cause| cause.downcast_ref::<AuthError>()).map(|auth| login_words(auth, program))
}

// The texts of these errors hold the command line, the output and the environment of the login program: none is used.
fn login_words(error: &AuthError, program: Option<&str>) -> String {
    let program = safe(program.unwrap_or("the login program"));
    match error {
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => {
            "the token or password holds characters that cannot be sent".into()
        }
        AuthError::UnrefreshableTokenResponse => format!("`{program}` gave no token that can be refreshed"),
        AuthError::ExecPluginFailed => format!("`{program}` gave no credentials"),
        AuthError::MalformedTokenExpirationDate(_) => format!("`{program}` gave an expiry that is no date"),
        AuthError::AuthExecStart(cause) => format!("`{program}` could not be started: {cause}"),
        AuthError::AuthExecRun { out, .. } => {
            format!("`{program}` failed ({}); run it by hand to see why", out.status)
        }
        AuthError::AuthExecParse(_) => format!("the output of `{program}` is no ExecCredential"),
        AuthError::ReadTokenFile(cause, path) => format!("token file {}: {cause}", path.display()),
        AuthError::MissingCommand => "users[].user.exec.command is missing".into(),
        AuthError::Oidc(_) => "the OIDC token is invalid or expired and could not be refreshed".into(),
        _ => "the way to log in that users[].user names is not supported or failed".into(),
    }
}

/// The innermost cause, which says most: `Connection refused`, `invalid peer certificate: ...`.
pub(super) fn innermost(error: &kube::Error) -> String {
    safe(&chain(error).last().map(ToString::to_string).unwrap_or_default())
}

fn chain(error: &kube::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let own: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(own), |error| error.source())
}
