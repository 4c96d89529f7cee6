//! Kubeconfigs, good and bad. Nothing secret may ever be said.

use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use spm::collect::kubernetes::{ClusterAccess, ClusterError, collect, contexts};

use crate::server::Server;
use crate::{access, kubeconfig, objects, wanted};

const SECRET: &str = "hunter2";

/// What the configuration `text` leads to.
fn error(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    std::fs::write(&file, text).unwrap();
    let error = collect(&access(file), &wanted(&[]), Timestamp::UNIX_EPOCH, None, &()).unwrap_err();
    for said in [error.to_string(), format!("{error:?}")] {
        assert!(!said.contains(SECRET), "{said}");
    }
    error.to_string().replace(&dir.path().display().to_string(), "DIR")
}

/// A kubeconfig with this cluster and user.
fn with(cluster: &str, user: &str) -> String {
    format!(
        "current-context: t\nclusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
         contexts: [{{name: t, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    )
}

#[test]
fn wrong_files_are_told_by_field() {
    let server = "server: 'https://127.0.0.1:1'";
    let pem = format!("client-certificate-data: {SECRET}@, client-key-data: aGVsbG8K");
    for (text, expected) in [
        ("clusters: [".to_owned(), "DIR/config: line 2, column 1: not YAML"),
        (format!("- {SECRET}"), "DIR/config: the file: a map is expected here, not a list"),
        (String::new(), "DIR/config: contexts is empty: there is no cluster in it"),
        (
            "contexts: [{name: a, context: {cluster: c}}]".into(),
            "DIR/config: current-context is not set; choose one of: a",
        ),
        (
            "current-context: prodd\ncontexts: [{name: prod, context: {cluster: c}}]".into(),
            "DIR/config: no context `prodd` (did you mean `prod`?); there are: prod",
        ),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]".into(),
            "DIR/config: contexts[a].context.cluster: there is no cluster `c`",
        ),
        (with("", ""), "DIR/config: clusters[c].cluster.server is missing"),
        (
            with("server: 'localhost:6443'", ""),
            "DIR/config: clusters[].cluster.server is not of the form https://host:port",
        ),
        (with("server: ':::'", ""), "DIR/config: clusters[].cluster.server is not a URL"),
        (
            with(server, &format!("token: [{SECRET}]")),
            "DIR/config: users[0].user.token: text is expected here, not a list",
        ),
        (
            with(&format!("{server}, certificate-authority-data: '{SECRET}@'"), ""),
            "DIR/config: clusters[].cluster.certificate-authority-data is not base64",
        ),
        (
            with(&format!("{server}, certificate-authority: none.pem"), ""),
            "DIR/config: clusters[].cluster.certificate-authority: DIR/none.pem: No such file or directory (os error 2)",
        ),
        (with(server, &pem), "DIR/config: users[].user.client-certificate-data is not base64"),
        (
            with(server, "client-certificate-data: aGVsbG8K, client-key-data: aGVsbG8K"),
            "DIR/config: users[].user.client-certificate or client-key is not usable",
        ),
        (
            with(server, "tokenFile: none"),
            "cannot log in to https://127.0.0.1:1: token file DIR/none: No such file or directory (os error 2)",
        ),
        (
            with(&format!("{server}, proxy-url: 'socks4://u:{SECRET}@p:1'"), ""),
            "DIR/config: clusters[].cluster.proxy-url (or HTTPS_PROXY): only http, https and socks5 are supported",
        ),
    ] {
        assert_eq!(error(&text), expected, "{text}");
    }
}

#[test]
fn what_login_programs_say_stays_with_them() {
    let user = |command: &str, args: &str| {
        let exec = format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: {command}, args: {args}}}"
        );
        error(&with("server: 'https://127.0.0.1:1'", &exec))
    };
    let log_in = "cannot log in to https://127.0.0.1:1: ";
    assert_eq!(
        user("no-such-login", "[]"),
        format!("{log_in}`no-such-login` could not be started: No such file or directory (os error 2)")
    );
    assert_eq!(
        user("sh", &format!("[-c, 'echo {SECRET}; echo {SECRET} >&2; exit 3']")),
        format!("{log_in}`sh` failed (exit status: 3); run it by hand to see why")
    );
    assert_eq!(
        user("sh", &format!("[-c, 'echo {SECRET}']")),
        format!("{log_in}the output of `sh` is no ExecCredential")
    );
}

#[test]
fn a_login_program_gives_the_token() {
    let server = Server::start(&[("/api/v1/pods", objects("pod", "a", 1))], |_, _| None);
    let dir = tempfile::tempdir().unwrap();
    let credential =
        r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"made"}}"#;
    std::fs::write(dir.path().join("credential"), credential).unwrap();
    let exec = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: cat, args: [{}]}}",
        dir.path().join("credential").display()
    );
    let file = dir.path().join("config");
    std::fs::write(&file, with(&format!("server: '{}'", server.url), &exec)).unwrap();
    let inventory = collect(&access(file), &wanted(&[("Pod", "spec")]), Timestamp::UNIX_EPOCH, None, &()).unwrap();
    assert_eq!(inventory.of("Pod").len(), 1);
    assert!(server.requests().iter().all(|request| request.header("authorization") == "Bearer made"));
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let access = access("/no/such/kubeconfig".into());
    let error = collect(&access, &wanted(&[]), Timestamp::UNIX_EPOCH, None, &()).unwrap_err();
    assert_eq!(error.to_string(), "/no/such/kubeconfig: no such file");

    let (dir, file) = kubeconfig("http://127.0.0.1:1");
    for (name, text, expected) in [
        ("none.pem", None, "No such file or directory (os error 2)"),
        ("text.pem", Some("hello"), "no certificate in PEM form in it"),
    ] {
        let ca = dir.path().join(name);
        if let Some(text) = text {
            std::fs::write(&ca, text).unwrap();
        }
        let access = ClusterAccess { ca_file: Some(ca.clone()), ..crate::access(file.clone()) };
        let error = collect(&access, &wanted(&[]), Timestamp::UNIX_EPOCH, None, &()).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: {expected}", ca.display()));
    }
}

/// Runs the test `child_says` of this binary in an environment of its own; what it printed.
fn child(environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["configuration::child_says", "--exact", "--ignored", "--nocapture"]).env_clear();
    command.envs(environment.iter().copied());
    let out = command.output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().filter_map(|line| line.split_once("says: ")).map(|(_, said)| said.to_owned()).collect()
}

/// Says what the environment leads to.
#[test]
#[ignore = "run by the other tests as a process"]
fn child_says() {
    let access = ClusterAccess { timeout: std::time::Duration::from_millis(700), ..ClusterAccess::default() };
    let contexts = contexts(None).map_err(|error| error.to_string());
    let end = collect(&access, &wanted(&[]), Timestamp::UNIX_EPOCH, None, &());
    println!("says: {contexts:?} {:?}", end.map(|found| found.system.name).map_err(|error| error.to_string()));
}

fn write(dir: &Path, name: &str, context: &str, url: &str) -> String {
    let file = dir.join(name);
    let text = with(&format!("server: '{url}'"), "token: x")
        .replace("current-context: t", &format!("current-context: {context}"));
    std::fs::write(&file, text.replace("name: t", &format!("name: {context}"))).unwrap();
    file.display().to_string()
}

#[test]
fn the_environment_names_files() {
    let server = Server::start(&[], |_, _| None);
    let dir = tempfile::tempdir().unwrap();
    let first = write(dir.path(), "one", "first", &server.url);
    let second = write(dir.path(), "two", "second", "http://127.0.0.1:1");
    let joined = format!("{}:{first}::{second}", dir.path().join("absent").display());
    assert_eq!(child(&[("KUBECONFIG", &joined)]), r#"Ok(["first", "second"]) Ok("first")"#);

    // A proxy that is not there is in the way of nobody who is on this machine.
    let proxy = [("KUBECONFIG", first.as_str()), ("HTTPS_PROXY", "http://127.0.0.1:1")];
    assert_eq!(child(&proxy), r#"Ok(["first"]) Ok("first")"#);
}

#[test]
fn without_any_configuration_it_is_said_where_was_looked() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().display().to_string();
    let said = format!(
        "no cluster is given: no kubeconfig (no {home}/.kube/config), and this is not a pod of a cluster\n\
         give a kubeconfig with --kubeconfig FILE, or let `spm scan` read manifests, a dump or a snapshot with --from PATH, \
         an AWS account with --aws\n\
         to see what it is like: spm scan --from fixtures/demo-cluster, in a copy of the repository"
    );
    assert_eq!(child(&[("HOME", &home)]), format!("Err({said:?}) Err({said:?})"));

    let absent = format!("{home}/absent");
    assert!(child(&[("HOME", &home), ("KUBECONFIG", &absent)]).contains(&format!("no kubeconfig (no {absent})")));

    let pod = [("HOME", home.as_str()), ("KUBERNETES_SERVICE_HOST", "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", "1")];
    assert!(child(&pod).contains("service account of the pod: "), "{}", child(&pod));
}

#[test]
fn contexts_are_listed() {
    let (_dir, file) = kubeconfig("http://127.0.0.1:1");
    assert_eq!(contexts(Some(&file)).unwrap(), ["test"]);
    assert!(matches!(contexts(Some(Path::new("/no/such"))), Err(ClusterError::Kubeconfig { .. })));
}
