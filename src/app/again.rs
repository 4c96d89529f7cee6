//! The command that reads the same again, for hints where nothing is kept.

use std::path::PathBuf;

use crate::cli::{GlobalArgs, NodeSource, ScanArgs};
use crate::report::argument;

/// `spm scan` with the options that say what is read and by which rules.
pub fn command(args: &ScanArgs, global: &GlobalArgs) -> String {
    let (input, aws) = (&args.input, &args.input.aws);
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let paths = |paths: &[PathBuf]| paths.iter().map(path).collect::<Vec<String>>();
    let list = |values: &[String]| Vec::from_iter(Some(values.join(",")).filter(|values| !values.is_empty()));
    let one = |value: &Option<String>| Vec::from_iter(value.clone());
    let nodes = input.nodes.nodes.map(|source| match source {
        NodeSource::Daemonset => "daemonset".to_owned(),
        NodeSource::Facts => "facts".to_owned(),
    });
    let valued = [
        ("--from", paths(&input.from)),
        ("--node-facts", paths(&input.node_facts)),
        ("--kubeconfig", Vec::from_iter(input.kubeconfig.as_ref().map(path))),
        ("--context", one(&input.context)),
        ("--profile", one(&aws.profile)),
        ("--role-arn", one(&aws.role_arn)),
        ("--external-id", one(&aws.external_id)),
        ("--region", list(&aws.region)),
        ("--exclude-region", list(&aws.exclude_region)),
        ("--accounts", list(&aws.accounts)),
        ("--account-role", one(&aws.account_role)),
        ("--system", one(&input.system)),
        ("--namespace", list(&input.namespace)),
        ("--exclude-namespace", list(&input.exclude_namespace)),
        ("--ca-file", Vec::from_iter(input.ca_file.as_ref().map(path))),
        ("--kubelet-ca", Vec::from_iter(input.kubelet_ca.as_ref().map(path))),
        ("--nodes", one(&nodes)),
        ("--node-image", one(&input.node_image)),
        ("--standard", list(&args.standards.standard)),
        ("--pack", paths(&global.pack)),
        ("--config", Vec::from_iter(global.config.as_ref().map(path))),
    ];
    let switches = [
        ("--all", input.all),
        ("--all-contexts", input.all_contexts),
        ("--aws", aws.aws),
        ("--allow-node-proxy", input.allow_node_proxy),
        ("--no-cloud", input.no_cloud),
    ];
    let mut command = "spm scan".to_owned();
    for (option, _) in switches.into_iter().filter(|(_, on)| *on) {
        command.push_str(&format!(" {option}"));
    }
    for (option, values) in valued {
        for value in values {
            command.push_str(&format!(" {option} {}", argument(&value)));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::command;
    use crate::cli::{Cli, Command};

    #[test]
    fn what_was_read_is_read_again() {
        for typed in [
            "spm scan",
            "spm scan --from a.yaml --from 'b c.yaml' --standard cis,stig --pack mine",
            "spm scan --kubeconfig k --context prod --namespace a,b",
            "spm scan --accounts 111111111111,222222222222 --account-role audit",
            "spm scan --all --config x/spm.yaml",
            "spm scan --aws --region eu-west-1 --system audit",
            "spm scan --aws --role-arn arn:aws:iam::111111111111:role/audit --external-id x --ca-file ca.pem",
            "spm scan --no-cloud --kubelet-ca ca.pem --nodes daemonset --node-image r.example/spm:1",
        ] {
            let words = typed.replace("'b c.yaml'", "b\u{a0}c.yaml");
            let words = words.split(' ').map(|word| word.replace('\u{a0}', " ").into());
            let Cli { global, command: Command::Scan(args) } = Cli::read(words).unwrap() else { panic!("{typed}") };
            assert_eq!(command(&args, &global), typed);
        }
    }
}
