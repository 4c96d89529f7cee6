
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'spm' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'spm'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'spm' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Read a system and assess it')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Show what has been scanned: coverage and posture of the known systems, or with --rules the results')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain a rule: what it means, how each resource does, what is missing, why it matters, how to fix it')
            [CompletionResult]::new('waive', 'waive', [CompletionResultType]::ParameterValue, 'Accept a failed finding for a while: append a waiver to the waiver file')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Say what is new, fixed and still open between two scans')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show the posture over time')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Look at the file of the history, or delete old scans from it')
            [CompletionResult]::new('standards', 'standards', [CompletionResultType]::ParameterValue, 'List standards: version, systems, how many requirements are answered by how many checks')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'List, show, check and write rules')
            [CompletionResult]::new('collect', 'collect', [CompletionResultType]::ParameterValue, 'Collect facts for later scans')
            [CompletionResult]::new('permissions', 'permissions', [CompletionResultType]::ParameterValue, 'Print the least rights that a scan needs')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what a scan will not see: rights that the identity lacks, and which rules that costs')
            [CompletionResult]::new('cleanup', 'cleanup', [CompletionResultType]::ParameterValue, 'Delete what a scan with `--nodes daemonset` left in a cluster because it was killed')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write generated files of the repository: completions, man pages, schema, reference')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;scan' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Files or directories instead of a running system: manifests, dumps (`kubectl get -A -o json`), snapshots; `-` for standard input')
            [CompletionResult]::new('--node-facts', '--node-facts', [CompletionResultType]::ParameterName, 'Node facts, written by `spm collect node`: files or directories')
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'System of the settings file to scan; or the name in reports and history of what the other options name, else the context or directory')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig; the current one if none')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only what lies in these namespaces, and what lies in none, judged by all that was read: of files everything, of a running cluster no other namespace but for its roles and bindings; of an account regions, see --region to read no others')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only what lies in these namespaces, and what lies in none, judged by all that was read: of files everything, of a running cluster no other namespace but for its roles and bindings; of an account regions, see --region to read no others')
            [CompletionResult]::new('--exclude-namespace', '--exclude-namespace', [CompletionResultType]::ParameterName, 'Not these namespaces (regions)')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Certificate authority to trust beside the kubeconfig''s')
            [CompletionResult]::new('--kubelet-ca', '--kubelet-ca', [CompletionResultType]::ParameterName, 'Certificate authority of the kubelets, which are asked for their configuration if the identity may `get nodes/configz`; that of the kubeconfig if none')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Longest time that one call to the system may take')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of the shared configuration and credentials files; else AWS_PROFILE')
            [CompletionResult]::new('--role-arn', '--role-arn', [CompletionResultType]::ParameterName, 'Role to assume before anything is read')
            [CompletionResult]::new('--external-id', '--external-id', [CompletionResultType]::ParameterName, 'External id that the roles ask for')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only these regions; else every one that the account has switched on')
            [CompletionResult]::new('--exclude-region', '--exclude-region', [CompletionResultType]::ParameterName, 'Not these regions')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Several accounts: their ids, or `organization` for all active ones of it; each through the role of --account-role')
            [CompletionResult]::new('--account-role', '--account-role', [CompletionResultType]::ParameterName, 'Name of the role to assume in each of --accounts')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Read the facts of nodes from pods: `daemonset` creates them for this scan, `facts` reads those of a permanent DaemonSet. Without it nothing is ever created')
            [CompletionResult]::new('--node-namespace', '--node-namespace', [CompletionResultType]::ParameterName, 'Namespace of these pods; created for the scan if it is not there')
            [CompletionResult]::new('--node-image', '--node-image', [CompletionResultType]::ParameterName, 'Image with spm for the pods of `--nodes daemonset`')
            [CompletionResult]::new('--node-timeout', '--node-timeout', [CompletionResultType]::ParameterName, 'Longest wait for the facts of nodes; those that do not come are told')
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Keep what was read, without secrets, for evaluation at any later time')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`')
            [CompletionResult]::new('--standard', '--standard', [CompletionResultType]::ParameterName, 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`')
            [CompletionResult]::new('--manual', '--manual', [CompletionResultType]::ParameterName, '`strict` leaves every requirement that the standard calls manual to a person')
            [CompletionResult]::new('--result', '--result', [CompletionResultType]::ParameterName, 'Only these results')
            [CompletionResult]::new('--severity', '--severity', [CompletionResultType]::ParameterName, 'Only rules of these severities')
            [CompletionResult]::new('--rule', '--rule', [CompletionResultType]::ParameterName, 'Only rules whose id, title or check contains this')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Only resources whose `Kind namespace/name` contains this')
            [CompletionResult]::new('--view', '--view', [CompletionResultType]::ParameterName, '`complete` also shows what is not relevant')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Order of the rules, by one of the columns attention, system, technology, standard, rule, title, severity, result, failed, waived, manual, passed, not-relevant, assessed')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of standard output, or of --output files that name none')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write a file beside the page on standard output; its format is that of --format or its ending; repeatable')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write a file beside the page on standard output; its format is that of --format or its ending; repeatable')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with 1 if something failed at or above this severity and is not waived (or, with `manual`, could not be decided)')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Compare with an earlier scan: a file that `spm scan --format json` wrote, or a stored scan by date, time, id or `latest`')
            [CompletionResult]::new('--fail-on-new', '--fail-on-new', [CompletionResultType]::ParameterName, 'Exit with 1 if something failed at or above this severity that had not failed in the baseline, by a check that is in the baseline')
            [CompletionResult]::new('--waivers', '--waivers', [CompletionResultType]::ParameterName, 'Files with waivers and attestations; `spm-waivers.yaml` of the current directory if it is there and none is named')
            [CompletionResult]::new('--in-source-waivers', '--in-source-waivers', [CompletionResultType]::ParameterName, 'Take waivers in the configuration itself (annotation `spm.dev/waive` of a resource), or refuse them and say where they are; else what the settings file says, else `allow`')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Scan every system of the settings file; one that cannot be read does not stop the others, but the exit code is 3')
            [CompletionResult]::new('--all-contexts', '--all-contexts', [CompletionResultType]::ParameterName, 'Scan every context of the kubeconfig; one that cannot be read does not stop the others, but the exit code is 3')
            [CompletionResult]::new('--allow-node-proxy', '--allow-node-proxy', [CompletionResultType]::ParameterName, 'Ask kubelets for their configuration through the API server; needs `get nodes/proxy`, a right that also allows to run commands in pods')
            [CompletionResult]::new('--no-cloud', '--no-cloud', [CompletionResultType]::ParameterName, 'Do not ask the cloud that runs the cluster: of EKS, AWS with the credentials of the environment')
            [CompletionResult]::new('--aws', '--aws', [CompletionResultType]::ParameterName, 'Scan the AWS account of the environment''s credentials; the other options of this group say so too')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'One line per rule')
            [CompletionResult]::new('--require-complete', '--require-complete', [CompletionResultType]::ParameterName, 'Exit with 3 if some part of a system could not be read; what is only read on demand (nodes, kubelets) counts only if it was asked for')
            [CompletionResult]::new('--ignore-waivers', '--ignore-waivers', [CompletionResultType]::ParameterName, 'Take what is waived as any other finding, in the page and in gates')
            [CompletionResult]::new('--no-store', '--no-store', [CompletionResultType]::ParameterName, 'Do not keep this scan')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;report' {
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Only these systems')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'Of each system the last scan at this date or time, or the scan with this id; without it, the last one')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan')
            [CompletionResult]::new('--standard', '--standard', [CompletionResultType]::ParameterName, 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only resources in these namespaces or regions')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only resources in these namespaces or regions')
            [CompletionResult]::new('--result', '--result', [CompletionResultType]::ParameterName, 'Only these results')
            [CompletionResult]::new('--severity', '--severity', [CompletionResultType]::ParameterName, 'Only rules of these severities')
            [CompletionResult]::new('--rule', '--rule', [CompletionResultType]::ParameterName, 'Only rules whose id, title or check contains this')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Only resources whose `Kind namespace/name` contains this')
            [CompletionResult]::new('--view', '--view', [CompletionResultType]::ParameterName, '`complete` also shows what is not relevant')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Order of the rules, by one of the columns attention, system, technology, standard, rule, title, severity, result, failed, waived, manual, passed, not-relevant, assessed')
            [CompletionResult]::new('--waivers', '--waivers', [CompletionResultType]::ParameterName, 'Files with waivers and attestations; `spm-waivers.yaml` of the current directory if it is there and none is named')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of standard output, or of --output files that name none')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write a file beside the page on standard output; its format is that of --format or its ending; repeatable')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write a file beside the page on standard output; its format is that of --format or its ending; repeatable')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'Print the same filter as a query instead: SQL for the history file, to be run with any SQLite tool, and in its comments DQL for a security platform with the findings as events; or one of the two')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'One line per rule')
            [CompletionResult]::new('--ignore-waivers', '--ignore-waivers', [CompletionResultType]::ParameterName, 'Take what is waived as any other finding, in the page and in gates')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;explain' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan')
            [CompletionResult]::new('--standard', '--standard', [CompletionResultType]::ParameterName, 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Only resources whose `Kind namespace/name` contains this')
            [CompletionResult]::new('--result', '--result', [CompletionResultType]::ParameterName, 'Only resources with these results; without it, all that are relevant')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Form of the answer')
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Only these systems')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'Of each system the last scan at this date or time, or the scan with this id; without it, the last one')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--waivers', '--waivers', [CompletionResultType]::ParameterName, 'Files with waivers and attestations; `spm-waivers.yaml` of the current directory if it is there and none is named')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--trace', '--trace', [CompletionResultType]::ParameterName, 'Also show how it was decided: the logic of the checks, their parameters, what they read, what could not be read')
            [CompletionResult]::new('--ignore-waivers', '--ignore-waivers', [CompletionResultType]::ParameterName, 'Take what is waived as any other finding, in the page and in gates')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;waive' {
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'What of it, as reports print it: `Kind namespace/name`, of AWS `Kind region/name`; `*` and `?` are patterns, `*` alone is everything')
            [CompletionResult]::new('--element', '--element', [CompletionResultType]::ParameterName, 'Element of the resource (container)')
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Only in this system')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why it is accepted')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Who answers for it')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'Last day on which it holds')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'File to append to; made if there is none')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;diff' {
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Compare with a file that `spm scan --format json` wrote instead of an earlier scan')
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Only these systems')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'As JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;history' {
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Only these systems')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan')
            [CompletionResult]::new('--standard', '--standard', [CompletionResultType]::ParameterName, 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'As JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;store' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Say where it is, how large, and what is in it')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete old scans; what either option keeps stays, and always the last scan of each system')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;store;info' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'As JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;store;prune' {
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep this many of the newest scans of each system')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Delete only scans that are older')
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Only of these systems')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;store;help' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Say where it is, how large, and what is in it')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete old scans; what either option keeps stays, and always the last scan of each system')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;store;help;info' {
            break
        }
        'spm;store;help;prune' {
            break
        }
        'spm;store;help;help' {
            break
        }
        'spm;standards' {
            [CompletionResult]::new('--technology', '--technology', [CompletionResultType]::ParameterName, 'Only those for this technology')
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Say which apply to this system of the settings file, and why')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'As JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;rules' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the checks')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a check: what, why, how to fix, severity, parameters, who asks for it')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Find every fault in the rule files of a directory')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Run the examples of the checks of a directory')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print the skeleton of a check, or write it below a directory')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of rule files, for editors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;rules;list' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--resources', '--resources', [CompletionResultType]::ParameterName, 'List the resources (kinds and views) with the fields that rules can read instead')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'As JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;rules;show' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'The file itself')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;rules;validate' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;rules;test' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;rules;new' {
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Kind or view that it assesses')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Directory of the pack; standard output if none')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;rules;schema' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;rules;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the checks')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a check: what, why, how to fix, severity, parameters, who asks for it')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Find every fault in the rule files of a directory')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Run the examples of the checks of a directory')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print the skeleton of a check, or write it below a directory')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of rule files, for editors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;rules;help;list' {
            break
        }
        'spm;rules;help;show' {
            break
        }
        'spm;rules;help;validate' {
            break
        }
        'spm;rules;help;test' {
            break
        }
        'spm;rules;help;new' {
            break
        }
        'spm;rules;help;schema' {
            break
        }
        'spm;rules;help;help' {
            break
        }
        'spm;collect' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('node', 'node', [CompletionResultType]::ParameterValue, 'Facts of this node for `spm scan --node-facts`: processes, modes and owners of files, known documents; no secrets')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;collect;node' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'File to write; standard output if none')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'File to write; standard output if none')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Root of the node''s file system: a mounted image, `/host` in a pod')
            [CompletionResult]::new('--node-name', '--node-name', [CompletionResultType]::ParameterName, 'Name of the node in the cluster; what the machine itself tells if none')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'When to stop and hand over what there is')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Collect again each time this has passed, until stopped; one line per document on standard output, for the log of a pod')
            [CompletionResult]::new('--node-image', '--node-image', [CompletionResultType]::ParameterName, 'Image with spm for the pods')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Namespace of the pods')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--print-daemonset', '--print-daemonset', [CompletionResultType]::ParameterName, 'Print a DaemonSet that does this on every node, hourly, instead')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;collect;help' {
            [CompletionResult]::new('node', 'node', [CompletionResultType]::ParameterValue, 'Facts of this node for `spm scan --node-facts`: processes, modes and owners of files, known documents; no secrets')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;collect;help;node' {
            break
        }
        'spm;collect;help;help' {
            break
        }
        'spm;permissions' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only for these namespaces, as `scan --namespace`')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only for these namespaces, as `scan --namespace`')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the roles')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Also bind them to this service account (NAMESPACE/NAME)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`')
            [CompletionResult]::new('--standard', '--standard', [CompletionResultType]::ParameterName, 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`')
            [CompletionResult]::new('--manual', '--manual', [CompletionResultType]::ParameterName, '`strict` leaves every requirement that the standard calls manual to a person')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Read the facts of nodes from pods: `daemonset` creates them for this scan, `facts` reads those of a permanent DaemonSet. Without it nothing is ever created')
            [CompletionResult]::new('--node-namespace', '--node-namespace', [CompletionResultType]::ParameterName, 'Namespace of these pods; created for the scan if it is not there')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--allow-node-proxy', '--allow-node-proxy', [CompletionResultType]::ParameterName, 'Include the right to ask kubelets through the API server, as `scan --allow-node-proxy` does')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;doctor' {
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig; the current one if none')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Certificate authority to trust beside the kubeconfig''s')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Longest time that one call may take')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of the shared configuration and credentials files; else AWS_PROFILE')
            [CompletionResult]::new('--role-arn', '--role-arn', [CompletionResultType]::ParameterName, 'Role to assume before anything is read')
            [CompletionResult]::new('--external-id', '--external-id', [CompletionResultType]::ParameterName, 'External id that the roles ask for')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only these regions; else every one that the account has switched on')
            [CompletionResult]::new('--exclude-region', '--exclude-region', [CompletionResultType]::ParameterName, 'Not these regions')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Several accounts: their ids, or `organization` for all active ones of it; each through the role of --account-role')
            [CompletionResult]::new('--account-role', '--account-role', [CompletionResultType]::ParameterName, 'Name of the role to assume in each of --accounts')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`')
            [CompletionResult]::new('--standard', '--standard', [CompletionResultType]::ParameterName, 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`')
            [CompletionResult]::new('--manual', '--manual', [CompletionResultType]::ParameterName, '`strict` leaves every requirement that the standard calls manual to a person')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only these namespaces')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only these namespaces')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Read the facts of nodes from pods: `daemonset` creates them for this scan, `facts` reads those of a permanent DaemonSet. Without it nothing is ever created')
            [CompletionResult]::new('--node-namespace', '--node-namespace', [CompletionResultType]::ParameterName, 'Namespace of these pods; created for the scan if it is not there')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--aws', '--aws', [CompletionResultType]::ParameterName, 'Scan the AWS account of the environment''s credentials; the other options of this group say so too')
            [CompletionResult]::new('--allow-node-proxy', '--allow-node-proxy', [CompletionResultType]::ParameterName, 'Also ask about the right to ask kubelets through the API server')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;cleanup' {
            [CompletionResult]::new('--node-namespace', '--node-namespace', [CompletionResultType]::ParameterName, 'Namespace of the pods')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Context of the kubeconfig; the current one if none')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Certificate authority to trust beside the kubeconfig''s')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Longest time that one call may take')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also what a scan that may still run has created')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;generate' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours on standard output')
            [CompletionResult]::new('--pack', '--pack', [CompletionResultType]::ParameterName, 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors, and no page on standard output beside files')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: leaves nothing out of the page; twice also says what is being read')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'spm;help' {
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Read a system and assess it')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Show what has been scanned: coverage and posture of the known systems, or with --rules the results')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain a rule: what it means, how each resource does, what is missing, why it matters, how to fix it')
            [CompletionResult]::new('waive', 'waive', [CompletionResultType]::ParameterValue, 'Accept a failed finding for a while: append a waiver to the waiver file')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Say what is new, fixed and still open between two scans')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'Show the posture over time')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Look at the file of the history, or delete old scans from it')
            [CompletionResult]::new('standards', 'standards', [CompletionResultType]::ParameterValue, 'List standards: version, systems, how many requirements are answered by how many checks')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'List, show, check and write rules')
            [CompletionResult]::new('collect', 'collect', [CompletionResultType]::ParameterValue, 'Collect facts for later scans')
            [CompletionResult]::new('permissions', 'permissions', [CompletionResultType]::ParameterValue, 'Print the least rights that a scan needs')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what a scan will not see: rights that the identity lacks, and which rules that costs')
            [CompletionResult]::new('cleanup', 'cleanup', [CompletionResultType]::ParameterValue, 'Delete what a scan with `--nodes daemonset` left in a cluster because it was killed')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write generated files of the repository: completions, man pages, schema, reference')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'spm;help;scan' {
            break
        }
        'spm;help;report' {
            break
        }
        'spm;help;explain' {
            break
        }
        'spm;help;waive' {
            break
        }
        'spm;help;diff' {
            break
        }
        'spm;help;history' {
            break
        }
        'spm;help;store' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Say where it is, how large, and what is in it')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete old scans; what either option keeps stays, and always the last scan of each system')
            break
        }
        'spm;help;store;info' {
            break
        }
        'spm;help;store;prune' {
            break
        }
        'spm;help;standards' {
            break
        }
        'spm;help;rules' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the checks')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a check: what, why, how to fix, severity, parameters, who asks for it')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Find every fault in the rule files of a directory')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Run the examples of the checks of a directory')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print the skeleton of a check, or write it below a directory')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of rule files, for editors')
            break
        }
        'spm;help;rules;list' {
            break
        }
        'spm;help;rules;show' {
            break
        }
        'spm;help;rules;validate' {
            break
        }
        'spm;help;rules;test' {
            break
        }
        'spm;help;rules;new' {
            break
        }
        'spm;help;rules;schema' {
            break
        }
        'spm;help;collect' {
            [CompletionResult]::new('node', 'node', [CompletionResultType]::ParameterValue, 'Facts of this node for `spm scan --node-facts`: processes, modes and owners of files, known documents; no secrets')
            break
        }
        'spm;help;collect;node' {
            break
        }
        'spm;help;permissions' {
            break
        }
        'spm;help;doctor' {
            break
        }
        'spm;help;cleanup' {
            break
        }
        'spm;help;completions' {
            break
        }
        'spm;help;generate' {
            break
        }
        'spm;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
