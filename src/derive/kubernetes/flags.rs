//! Command line flags of components: found in argument lists, looked up by exact name.

use super::shell::{self, Env};
use crate::base::command_line;
use crate::base::symbol::Symbol;
use crate::catalog::kubernetes::components::Component;
use crate::derive::OriginPart;
use crate::expr::path::{Step, Steps};
use crate::expr::{Map, Value};
use crate::model::Text;

/// One argument of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// The argument; where a part of it is not known, as it was written.
    pub text: String,
    /// Where it stands in the object that it comes from.
    pub at: Option<Steps>,
    /// Why a part of it is not known.
    pub unknown: Option<String>,
}

impl Arg {
    /// An argument that stands nowhere in particular.
    pub fn new(text: impl Into<String>) -> Arg {
        Arg { text: text.into(), at: None, unknown: None }
    }

    /// The elements of a list of text that stands at `at`.
    pub fn list(list: &Value, at: &[Step]) -> Vec<Arg> {
        let item = |(n, item): (usize, &Value)| {
            let at = Some(at.iter().cloned().chain([Step::Index(n)]).collect());
            match item {
                Value::Str(text) => Arg { text: text.to_string(), at, unknown: None },
                Value::Unknown(why) => Arg { text: String::new(), at, unknown: Some(why.to_string()) },
                // YAML may turn an unquoted argument into a number or a boolean.
                other => Arg { text: other.to_json(4096), at, unknown: None },
            }
        };
        list.items().iter().enumerate().map(item).collect()
    }
}

/// A flag that is set.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// Name without dashes in front.
    pub name: String,
    /// Text, a list of text, a map of text, or unknown.
    pub value: Value,
    /// Where it stands in the object that it comes from.
    pub at: Option<Steps>,
    /// Where it comes from, in words.
    pub source: Text,
}

/// The flags of one process, in the order in which they first appear.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flags(Vec<Flag>);

/// Flags whose values are spelled `true` or `false` here, however they were spelled: 1, t, TRUE, ...
const BOOLEANS: &[&str] = &[
    "allow-privileged",
    "anonymous-auth",
    "authentication-token-webhook",
    "auto-tls",
    "client-cert-auth",
    "contention-profiling",
    "make-iptables-util-chains",
    "peer-auto-tls",
    "peer-client-cert-auth",
    "profiling",
    "protect-kernel-defaults",
    "rotate-certificates",
    "rotate-server-certificates",
    "seccomp-default",
    "service-account-extend-token-expiration",
    "service-account-lookup",
    "use-service-account-credentials",
];

impl Flags {
    /// The flags in the arguments of a component; an error if arguments that nobody knows may set further flags.
    /// `source` is where they come from (`the process on node cp-0`).
    pub fn parse(component: &Component, args: &[Arg], source: &str) -> Result<Flags, Text> {
        let mut flags = Flags::default();
        let mut rest = args.iter().peekable();
        while let Some(arg) = rest.next() {
            let hidden = |why: &str| Err(Text::from(format!("the command line of {} {why}", component.name)));
            let Some(body) = arg.text.strip_prefix("--").or_else(|| arg.text.strip_prefix('-')) else {
                match &arg.unknown {
                    Some(why) => return hidden(why),
                    None => continue,
                }
            };
            if arg.text == "--" {
                break;
            }
            let (name, text, unknown) = match (body.split_once('='), &arg.unknown) {
                (Some((name, _)), Some(why)) if name.contains(['$', '`']) => return hidden(why),
                (Some((name, value)), unknown) => (name, value, unknown),
                (None, Some(why)) => return hidden(why),
                (None, None) => match rest.next_if(|next| is_value(next)) {
                    Some(next) => (body, next.text.as_str(), &next.unknown),
                    None => (body, "true", &None),
                },
            };
            if name.is_empty() {
                continue;
            }
            let name = name.replace('_', "-");
            let value = match unknown {
                Some(why) => Err(Text::from(format!("--{name} of {} {why}", component.name))),
                None => Ok(text),
            };
            // What a pod shows is not redacted at its source, as the facts of a node are.
            let value = value.map(command_line::text);
            let value = value.as_deref().map_err(Clone::clone);
            let source = format!("flag --{name} of {source}");
            flags.add(component, &name, value, arg.at.clone(), source.into());
        }
        Ok(flags)
    }

    /// Adds what one more mention of a flag says: scalars are replaced, lists and maps grow.
    pub fn add(
        &mut self,
        component: &Component,
        name: &str,
        text: Result<&str, Text>,
        at: Option<Steps>,
        source: Text,
    ) {
        let known = self.0.iter().position(|flag| flag.name == name);
        let before = known.and_then(|known| self.0.get(known)).map(|flag| &flag.value);
        let value = match text {
            Err(why) => Value::Unknown(why),
            Ok(_) if matches!(before, Some(Value::Unknown(_))) && is_collection(component, name) => {
                before.cloned().unwrap_or_default()
            }
            Ok(text) if component.lists.contains(&name) => {
                let more = text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::str);
                Value::list(before.map(Value::items).unwrap_or_default().iter().cloned().chain(more))
            }
            Ok(text) if component.maps.contains(&name) => {
                let mut entries: Vec<(Symbol, Value)> = before
                    .and_then(Value::as_map)
                    .map(|map| map.iter().map(|(key, value)| (key, value.clone())).collect())
                    .unwrap_or_default();
                for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
                    // An entry without a value switches something on.
                    let (key, value) = pair.split_once('=').unwrap_or((pair, "true"));
                    entries.push((Symbol::new(key.trim()), Value::str(spelled(value.trim()))));
                }
                Value::Map(Map::new(entries).into())
            }
            Ok(text) if BOOLEANS.contains(&name) => Value::str(boolean(text).map_or(text, |on| on.spelling())),
            Ok(text) => Value::str(spelled(text)),
        };
        let flag = Flag { name: name.to_owned(), value, at, source };
        match known {
            Some(known) => self.0[known] = flag,
            None => self.0.push(flag),
        }
    }

    /// Sets a flag to a value, whatever it was.
    pub fn set(&mut self, name: &str, value: Value, at: Option<Steps>, source: Text) {
        self.0.retain(|flag| flag.name != name);
        self.0.push(Flag { name: name.to_owned(), value, at, source });
    }

    /// Flags of `over` replace those here.
    pub fn overlay(&mut self, over: Flags) {
        self.0.retain(|flag| over.get(&flag.name).is_none());
        self.0.extend(over.0);
    }

    /// The flag `name`.
    pub fn get(&self, name: &str) -> Option<&Flag> {
        self.0.iter().find(|flag| flag.name == name)
    }

    /// The text of the flag `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|flag| flag.value.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Flag> {
        self.0.iter()
    }

    /// The map `flags` of a view.
    pub fn value(&self) -> Value {
        Value::Map(Map::new(self.0.iter().map(|flag| (Symbol::new(&flag.name), flag.value.clone())).collect()).into())
    }

    /// Where each flag stands, for a view that shows them below `flags`.
    pub fn parts(&self) -> Vec<OriginPart> {
        let mut parts = Vec::new();
        for flag in &self.0 {
            let view = vec![Step::Key(Symbol::new("flags")), Step::Key(Symbol::new(&flag.name))];
            let part = |view| OriginPart { view, real: flag.at.clone(), source: Some(flag.source.clone()) };
            // Elements of a list stand together in one argument.
            for n in 0..flag.value.items().len() {
                parts.push(part(view.iter().cloned().chain([Step::Index(n)]).collect()));
            }
            for (key, _) in flag.value.as_map().into_iter().flat_map(Map::iter) {
                parts.push(part(view.iter().cloned().chain([Step::Key(key)]).collect()));
            }
            parts.push(part(view));
        }
        parts
    }
}

fn is_collection(component: &Component, name: &str) -> bool {
    component.lists.contains(&name) || component.maps.contains(&name)
}

// The argument behind a flag without `=`: a value unless it looks like the next flag; a negative number does not.
fn is_value(next: &Arg) -> bool {
    match next.text.strip_prefix('-') {
        None => true,
        Some(rest) => rest.starts_with(|c: char| c.is_ascii_digit()),
    }
}

/// A boolean as Go's flag packages read it.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

trait Spelling {
    fn spelling(self) -> &'static str;
}

impl Spelling for bool {
    fn spelling(self) -> &'static str {
        if self { "true" } else { "false" }
    }
}

// No flag has True as its text other than for true.
fn spelled(text: &str) -> &str {
    match text {
        "TRUE" | "True" => "true",
        "FALSE" | "False" => "false",
        text => text,
    }
}

/// A command line as far as a component is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// It starts something else.
    Other,
    /// Arguments of the component.
    Args(Vec<Arg>),
}

/// Finds the arguments of `component` in a command line: directly, behind a wrapper, in a shell script, or as a subcommand of
/// an all-in-one program. With `entrypoint` a command line of flags only is taken as what the image starts.
pub fn arguments(component: &Component, argv: &[Arg], env: &Env, entrypoint: bool) -> CommandLine {
    let shell = |arg: &Arg| matches!(program(&arg.text), "sh" | "bash" | "dash" | "ash");
    if let Some(at) = argv.iter().position(shell) {
        let options = argv.iter().skip(at + 1).take_while(|arg| arg.text.starts_with('-')).count();
        let is_script = argv
            .iter()
            .skip(at + 1)
            .take(options)
            .any(|arg| !arg.text.starts_with("--") && arg.text.ends_with('c') && arg.text.len() <= 5);
        if let Some(script) = argv.get(at + 1 + options).filter(|_| is_script) {
            // The first argument behind the script is its `$0`.
            let positional = argv.get(at + 3 + options..).unwrap_or_default();
            let commands = shell::commands(script, env, positional);
            let mut found: Vec<Vec<Arg>> = commands.iter().filter_map(|command| started(component, command)).collect();
            // Asked for its version, or checked for being there, it does not stay.
            found.retain(|args| !args.iter().any(|arg| matches!(arg.text.as_str(), "--version" | "--help" | "-h")));
            found.dedup();
            return match (found.pop(), found.is_empty()) {
                (None, _) => CommandLine::Other,
                (Some(args), true) => CommandLine::Args(args),
                (Some(_), false) => {
                    let why = format!("is one of several in a script that start {}", component.name);
                    CommandLine::Args(vec![Arg { unknown: Some(why), ..Arg::new("") }])
                }
            };
        }
    }
    if let Some(args) = behind_program(component, argv) {
        return CommandLine::Args(args);
    }
    match argv.first() {
        Some(first) if entrypoint && first.text.starts_with('-') => CommandLine::Args(argv.to_vec()),
        _ => CommandLine::Other,
    }
}

// The arguments of the component in a command of a script: it stands first, or behind a program that starts another.
fn started(component: &Component, words: &[Arg]) -> Option<Vec<Arg>> {
    const SHOWS: &[&str] = &["echo", "printf", "which", "command", "type", "ls", "cp", "test", "[", "pgrep", "pidof"];
    let first = words.iter().find(|word| !word.text.contains('='))?;
    if SHOWS.contains(&program(&first.text)) {
        return None;
    }
    behind_program(component, words)
}

fn behind_program(component: &Component, words: &[Arg]) -> Option<Vec<Arg>> {
    for (at, word) in words.iter().enumerate() {
        if word.text.starts_with('-') {
            continue;
        }
        let name = program(&word.text);
        let mut behind = at + 1;
        let found = component.runs_as(name)
            || (name == "hyperkube" && {
                behind = at + 2;
                words.get(at + 1).is_some_and(|sub| component.subcommands.contains(&sub.text.as_str()))
            });
        if found {
            return Some(words.get(behind..).unwrap_or_default().to_vec());
        }
    }
    None
}

/// The file name of a program.
pub fn program(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Fills in `$(NAME)` as Kubernetes does it in commands and arguments; `$$(NAME)` stays as `$(NAME)`.
pub fn expand(args: Vec<Arg>, env: &Env) -> Vec<Arg> {
    args.into_iter().map(|arg| if arg.text.contains("$(") { expand_one(arg, env) } else { arg }).collect()
}

fn expand_one(arg: Arg, env: &Env) -> Arg {
    let mut out = String::with_capacity(arg.text.len());
    let mut unknown = arg.unknown;
    let mut rest = arg.text.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let from = &rest[at..];
        if let Some(behind) = from.strip_prefix("$$") {
            out.push('$');
            rest = behind;
            continue;
        }
        let reference = from.strip_prefix("$(").and_then(|inner| inner.split_once(')'));
        match reference.map(|(name, behind)| (name, behind, shell::variable(env, name))) {
            Some((_, behind, Some(Some(value)))) => {
                out.push_str(value);
                rest = behind;
            }
            Some((name, behind, Some(None))) => {
                out.push_str(&format!("$({name})"));
                unknown.get_or_insert_with(|| format!("uses $({name}), which is set at run time"));
                rest = behind;
            }
            // Not a reference, or to no variable: stays as it is.
            _ => {
                out.push('$');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    Arg { text: out, at: arg.at, unknown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::kubernetes::components::{APISERVER, ETCD, KUBELET};

    fn args(list: &[&str]) -> Vec<Arg> {
        list.iter().map(|text| Arg::new(*text)).collect()
    }

    fn json(flags: &Flags) -> String {
        flags.value().to_json(4000)
    }

    fn parse(list: &[&str]) -> Flags {
        Flags::parse(&APISERVER, &args(list), "the process").unwrap()
    }

    #[test]
    fn every_spelling_of_a_flag() {
        let flags = parse(&[
            "--profiling=False",
            "--anonymous_auth",
            "0",
            "--authorization-mode=Node,RBAC",
            "--v",
            "-5",
            "-logtostderr",
            "--feature-gates=A=true,B=false",
            "--feature-gates=C=True",
            "--authorization-mode",
            "Webhook",
            "--audit-log-path=",
            "--request-timeout=60s",
            "--request-timeout=5m0s",
        ]);
        assert_eq!(
            json(&flags),
            r#"{"profiling":"false","anonymous-auth":"false","authorization-mode":["Node","RBAC","Webhook"],"v":"-5","logtostderr":"true","feature-gates":{"A":"true","B":"false","C":"true"},"audit-log-path":"","request-timeout":"5m0s"}"#
        );
    }

    // kubernetes.md 23, vectors 2 and 4.
    #[test]
    fn names_are_exact_and_bare_flags_are_true() {
        let flags = parse(&["--contention-profiling=false"]);
        assert!(flags.get("profiling").is_none());
        let etcd = Flags::parse(&ETCD, &args(&["--client-cert-auth", "--name=a"]), "x").unwrap();
        assert_eq!(etcd.text("client-cert-auth"), Some("true"));
    }

    #[test]
    fn the_end_of_flags_is_respected() {
        assert_eq!(json(&parse(&["--a=1", "--", "--b=2"])), r#"{"a":"1"}"#);
    }

    #[test]
    fn no_password_gets_on() {
        let shown =
            json(&parse(&["--etcd-servers=https://root:s3cret@e:2379/x", "--oidc-issuer-url", "https://u:s3cret@i"]));
        assert_eq!(
            shown,
            r#"{"etcd-servers":["https://(redacted)@e:2379/x"],"oidc-issuer-url":"https://(redacted)@i"}"#
        );
    }

    #[test]
    fn wrappers_shells_and_entrypoints() {
        let found = |list: &[&str], entrypoint| match arguments(&APISERVER, &args(list), &Vec::new(), entrypoint) {
            CommandLine::Other => "other".to_owned(),
            CommandLine::Args(args) => args.into_iter().map(|arg| arg.text).collect::<Vec<_>>().join(" "),
        };
        assert_eq!(found(&["kube-apiserver", "--a=1"], false), "--a=1");
        assert_eq!(
            found(&["/usr/local/bin/kube-log-runner", "--log-file=x", "/bin/kube-apiserver", "--a"], false),
            "--a"
        );
        assert_eq!(found(&["/hyperkube", "apiserver", "--a"], false), "--a");
        assert_eq!(found(&["/hyperkube", "kubelet", "--a"], false), "other");
        assert_eq!(found(&["/bin/sh", "-c", "exec kube-apiserver --a=1 2>&1"], false), "--a=1");
        assert_eq!(found(&["/bin/sh", "-ec", "echo kube; exec kube-apiserver \"$@\"", "sh", "--b"], false), "--b");
        let script = |text: &str| found(&["sh", "-c", text], false);
        assert_eq!(script("kube-apiserver --version; A=b exec kube-apiserver --a=1"), "--a=1");
        assert_eq!(script("echo start kube-apiserver --a=2 && exec /bin/kube-apiserver --a=1"), "--a=1");
        assert_eq!(script("cp /x/kube-apiserver /y"), "other");
        // Which of them runs, nobody can tell.
        let either = args(&["sh", "-c", "if x; then kube-apiserver --a=1; else kube-apiserver --a=2; fi"]);
        let CommandLine::Args(either) = arguments(&APISERVER, &either, &Vec::new(), false) else { panic!("not found") };
        let why = Flags::parse(&APISERVER, &either, "x").unwrap_err();
        assert_eq!(&*why, "the command line of kube-apiserver is one of several in a script that start kube-apiserver");
        assert_eq!(found(&["--a=1"], true), "--a=1");
        assert_eq!(found(&["--a=1"], false), "other");
        assert_eq!(found(&["etcd", "--name=kube-apiserver"], false), "other");
    }

    #[test]
    fn what_is_set_at_run_time_is_unknown() {
        let env: Env = vec![("IP".to_owned(), None), ("NAME".to_owned(), Some("cp-0".to_owned()))];
        let line = expand(args(&["--advertise-address=$(IP)", "--n=$(NAME)", "--o=$(NONE)", "--p=$$(NAME)"]), &env);
        let flags = Flags::parse(&APISERVER, &line, "x").unwrap();
        assert!(matches!(flags.get("advertise-address").unwrap().value, Value::Unknown(_)));
        assert_eq!(flags.text("n"), Some("cp-0"));
        assert_eq!(flags.text("o"), Some("$(NONE)"));
        assert_eq!(flags.text("p"), Some("$(NAME)"));

        let CommandLine::Args(line) =
            arguments(&KUBELET, &args(&["sh", "-c", "kubelet --a=1 $EXTRA"]), &Vec::new(), false)
        else {
            panic!("not found");
        };
        let why = Flags::parse(&KUBELET, &line, "x").unwrap_err();
        assert_eq!(&*why, "the command line of kubelet uses $EXTRA, which is set at run time");
    }

    #[test]
    fn evidence_points_to_the_argument() {
        let list = Value::list(["kube-apiserver", "--authorization-mode=Node,RBAC"].map(Value::str));
        let line = Arg::list(&list, &crate::derive::keys(&["command"]));
        let flags = Flags::parse(&APISERVER, &line[1..], "the mirror pod").unwrap();
        let origin = crate::derive::Origin { parts: flags.parts(), ..Default::default() };
        let at = origin.locate(&crate::derive::keys(&["flags", "authorization-mode"]));
        assert_eq!(at.path, "command[1]");
        assert_eq!(at.source.as_deref(), Some("flag --authorization-mode of the mirror pod"));
        let mut element = crate::derive::keys(&["flags", "authorization-mode"]);
        element.push(Step::Index(1));
        assert_eq!(origin.locate(&element).path, "command[1]");
    }
}
