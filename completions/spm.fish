# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_spm_global_optspecs
    string join \n q/quiet v/verbose color= pack= config= h/help V/version
end

function __fish_spm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_spm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_spm_using_subcommand
    set -l cmd (__fish_spm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c spm -n "__fish_spm_needs_command" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_needs_command" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_needs_command" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_needs_command" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_needs_command" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_needs_command" -s V -l version -d 'Print version'
complete -c spm -n "__fish_spm_needs_command" -f -a "scan" -d 'Read a system and assess it'
complete -c spm -n "__fish_spm_needs_command" -f -a "report" -d 'Show what has been scanned: coverage and posture of the known systems, or with --rules the results'
complete -c spm -n "__fish_spm_needs_command" -f -a "explain" -d 'Explain a rule: what it means, how each resource does, what is missing, why it matters, how to fix it'
complete -c spm -n "__fish_spm_needs_command" -f -a "waive" -d 'Accept a failed finding for a while: append a waiver to the waiver file'
complete -c spm -n "__fish_spm_needs_command" -f -a "diff" -d 'Say what is new, fixed and still open between two scans'
complete -c spm -n "__fish_spm_needs_command" -f -a "history" -d 'Show the posture over time'
complete -c spm -n "__fish_spm_needs_command" -f -a "store" -d 'Look at the file of the history, or delete old scans from it'
complete -c spm -n "__fish_spm_needs_command" -f -a "standards" -d 'List standards: version, systems, how many requirements are answered by how many checks'
complete -c spm -n "__fish_spm_needs_command" -f -a "rules" -d 'List, show, check and write rules'
complete -c spm -n "__fish_spm_needs_command" -f -a "collect" -d 'Collect facts for later scans'
complete -c spm -n "__fish_spm_needs_command" -f -a "permissions" -d 'Print the least rights that a scan needs'
complete -c spm -n "__fish_spm_needs_command" -f -a "doctor" -d 'Say what a scan will not see: rights that the identity lacks, and which rules that costs'
complete -c spm -n "__fish_spm_needs_command" -f -a "cleanup" -d 'Delete what a scan with `--nodes daemonset` left in a cluster because it was killed'
complete -c spm -n "__fish_spm_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c spm -n "__fish_spm_needs_command" -f -a "generate" -d 'Write generated files of the repository: completions, man pages, schema, reference'
complete -c spm -n "__fish_spm_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand scan" -l from -d 'Files or directories instead of a running system: manifests, dumps (`kubectl get -A -o json`), snapshots; `-` for standard input' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l node-facts -d 'Node facts, written by `spm collect node`: files or directories' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l system -d 'System of the settings file to scan; or the name in reports and history of what the other options name, else the context or directory' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l kubeconfig -d 'Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l context -d 'Context of the kubeconfig; the current one if none' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -s n -l namespace -d 'Only what lies in these namespaces, and what lies in none, judged by all that was read: of files everything, of a running cluster no other namespace but for its roles and bindings; of an account regions, see --region to read no others' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l exclude-namespace -d 'Not these namespaces (regions)' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l ca-file -d 'Certificate authority to trust beside the kubeconfig\'s' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l kubelet-ca -d 'Certificate authority of the kubelets, which are asked for their configuration if the identity may `get nodes/configz`; that of the kubeconfig if none' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l timeout -d 'Longest time that one call to the system may take' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l profile -d 'Profile of the shared configuration and credentials files; else AWS_PROFILE' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l role-arn -d 'Role to assume before anything is read' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l external-id -d 'External id that the roles ask for' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l region -d 'Only these regions; else every one that the account has switched on' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l exclude-region -d 'Not these regions' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l accounts -d 'Several accounts: their ids, or `organization` for all active ones of it; each through the role of --account-role' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l account-role -d 'Name of the role to assume in each of --accounts' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l nodes -d 'Read the facts of nodes from pods: `daemonset` creates them for this scan, `facts` reads those of a permanent DaemonSet. Without it nothing is ever created' -r -f -a "daemonset\t'Pods that are created for this scan on every node, and deleted when they have answered'
facts\t'The logs of the permanent DaemonSet that `spm collect node --print-daemonset` prints'"
complete -c spm -n "__fish_spm_using_subcommand scan" -l node-namespace -d 'Namespace of these pods; created for the scan if it is not there' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l node-image -d 'Image with spm for the pods of `--nodes daemonset`' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l node-timeout -d 'Longest wait for the facts of nodes; those that do not come are told' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l save -d 'Keep what was read, without secrets, for evaluation at any later time' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -s s -l standard -d 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l manual -d '`strict` leaves every requirement that the standard calls manual to a person' -r -f -a "decide\t'What can be decided is decided'
strict\t'The standard\'s word'"
complete -c spm -n "__fish_spm_using_subcommand scan" -l result -d 'Only these results' -r -f -a "failed\t''
manual\t''
passed\t''
not-relevant\t''"
complete -c spm -n "__fish_spm_using_subcommand scan" -l severity -d 'Only rules of these severities' -r -f -a "critical\t''
high\t''
medium\t''
low\t''"
complete -c spm -n "__fish_spm_using_subcommand scan" -l rule -d 'Only rules whose id, title or check contains this' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l resource -d 'Only resources whose `Kind namespace/name` contains this' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l view -d '`complete` also shows what is not relevant' -r -f -a "recommended\t'Without what is not relevant'
complete\t'Everything'"
complete -c spm -n "__fish_spm_using_subcommand scan" -l sort -d 'Order of the rules, by one of the columns attention, system, technology, standard, rule, title, severity, result, failed, waived, manual, passed, not-relevant, assessed' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l format -d 'Format of standard output, or of --output files that name none' -r -f -a "table\t'Readable page for a terminal: posture, what failed and why, what could not be decided'
json\t'Everything in one document, what is Not relevant too, format spm.assessment/v1'
csv\t'One row per rule and resource, for spreadsheets'
html\t'Interactive page in one file for a browser, works offline'
markdown\t'Summary for pull requests and tickets'
sarif\t'SARIF 2.1.0 for code scanning: what failed, with file and line where known'
junit\t'JUnit XML for pipelines: a suite per standard, a test case per rule and resource'"
complete -c spm -n "__fish_spm_using_subcommand scan" -s o -l output -d 'Write a file beside the page on standard output; its format is that of --format or its ending; repeatable' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l fail-on -d 'Exit with 1 if something failed at or above this severity and is not waived (or, with `manual`, could not be decided)' -r -f -a "critical\t'Failed rules of critical severity'
high\t'High and above'
medium\t'Medium and above'
low\t'Any failed rule'
manual\t'Any failed rule, and any that could not be decided'"
complete -c spm -n "__fish_spm_using_subcommand scan" -l baseline -d 'Compare with an earlier scan: a file that `spm scan --format json` wrote, or a stored scan by date, time, id or `latest`' -r
complete -c spm -n "__fish_spm_using_subcommand scan" -l fail-on-new -d 'Exit with 1 if something failed at or above this severity that had not failed in the baseline, by a check that is in the baseline' -r -f -a "critical\t'Failed rules of critical severity'
high\t'High and above'
medium\t'Medium and above'
low\t'Any failed rule'
manual\t'Any failed rule, and any that could not be decided'"
complete -c spm -n "__fish_spm_using_subcommand scan" -l waivers -d 'Files with waivers and attestations; `spm-waivers.yaml` of the current directory if it is there and none is named' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l in-source-waivers -d 'Take waivers in the configuration itself (annotation `spm.dev/waive` of a resource), or refuse them and say where they are; else what the settings file says, else `allow`' -r -f -a "allow\t'As much as those in a waiver file'
refuse\t'Nothing: who changes the configuration may not accept its faults'"
complete -c spm -n "__fish_spm_using_subcommand scan" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand scan" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand scan" -l all -d 'Scan every system of the settings file; one that cannot be read does not stop the others, but the exit code is 3'
complete -c spm -n "__fish_spm_using_subcommand scan" -l all-contexts -d 'Scan every context of the kubeconfig; one that cannot be read does not stop the others, but the exit code is 3'
complete -c spm -n "__fish_spm_using_subcommand scan" -l allow-node-proxy -d 'Ask kubelets for their configuration through the API server; needs `get nodes/proxy`, a right that also allows to run commands in pods'
complete -c spm -n "__fish_spm_using_subcommand scan" -l no-cloud -d 'Do not ask the cloud that runs the cluster: of EKS, AWS with the credentials of the environment'
complete -c spm -n "__fish_spm_using_subcommand scan" -l aws -d 'Scan the AWS account of the environment\'s credentials; the other options of this group say so too'
complete -c spm -n "__fish_spm_using_subcommand scan" -l rules -d 'One line per rule'
complete -c spm -n "__fish_spm_using_subcommand scan" -l require-complete -d 'Exit with 3 if some part of a system could not be read; what is only read on demand (nodes, kubelets) counts only if it was asked for'
complete -c spm -n "__fish_spm_using_subcommand scan" -l ignore-waivers -d 'Take what is waived as any other finding, in the page and in gates'
complete -c spm -n "__fish_spm_using_subcommand scan" -l no-store -d 'Do not keep this scan'
complete -c spm -n "__fish_spm_using_subcommand scan" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand scan" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand report" -l system -d 'Only these systems' -r
complete -c spm -n "__fish_spm_using_subcommand report" -l at -d 'Of each system the last scan at this date or time, or the scan with this id; without it, the last one' -r
complete -c spm -n "__fish_spm_using_subcommand report" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand report" -s s -l standard -d 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan' -r
complete -c spm -n "__fish_spm_using_subcommand report" -s n -l namespace -d 'Only resources in these namespaces or regions' -r
complete -c spm -n "__fish_spm_using_subcommand report" -l result -d 'Only these results' -r -f -a "failed\t''
manual\t''
passed\t''
not-relevant\t''"
complete -c spm -n "__fish_spm_using_subcommand report" -l severity -d 'Only rules of these severities' -r -f -a "critical\t''
high\t''
medium\t''
low\t''"
complete -c spm -n "__fish_spm_using_subcommand report" -l rule -d 'Only rules whose id, title or check contains this' -r
complete -c spm -n "__fish_spm_using_subcommand report" -l resource -d 'Only resources whose `Kind namespace/name` contains this' -r
complete -c spm -n "__fish_spm_using_subcommand report" -l view -d '`complete` also shows what is not relevant' -r -f -a "recommended\t'Without what is not relevant'
complete\t'Everything'"
complete -c spm -n "__fish_spm_using_subcommand report" -l sort -d 'Order of the rules, by one of the columns attention, system, technology, standard, rule, title, severity, result, failed, waived, manual, passed, not-relevant, assessed' -r
complete -c spm -n "__fish_spm_using_subcommand report" -l waivers -d 'Files with waivers and attestations; `spm-waivers.yaml` of the current directory if it is there and none is named' -r -F
complete -c spm -n "__fish_spm_using_subcommand report" -l format -d 'Format of standard output, or of --output files that name none' -r -f -a "table\t'Readable page for a terminal: posture, what failed and why, what could not be decided'
json\t'Everything in one document, what is Not relevant too, format spm.assessment/v1'
csv\t'One row per rule and resource, for spreadsheets'
html\t'Interactive page in one file for a browser, works offline'
markdown\t'Summary for pull requests and tickets'
sarif\t'SARIF 2.1.0 for code scanning: what failed, with file and line where known'
junit\t'JUnit XML for pipelines: a suite per standard, a test case per rule and resource'"
complete -c spm -n "__fish_spm_using_subcommand report" -s o -l output -d 'Write a file beside the page on standard output; its format is that of --format or its ending; repeatable' -r
complete -c spm -n "__fish_spm_using_subcommand report" -l query -d 'Print the same filter as a query instead: SQL for the history file, to be run with any SQLite tool, and in its comments DQL for a security platform with the findings as events; or one of the two' -r -f -a "sql\t'SQL on the views of the history file'
dql\t'DQL on compliance events'
both\t'SQL, with DQL in comments'"
complete -c spm -n "__fish_spm_using_subcommand report" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand report" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand report" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand report" -l rules -d 'One line per rule'
complete -c spm -n "__fish_spm_using_subcommand report" -l ignore-waivers -d 'Take what is waived as any other finding, in the page and in gates'
complete -c spm -n "__fish_spm_using_subcommand report" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand report" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand explain" -s s -l standard -d 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan' -r
complete -c spm -n "__fish_spm_using_subcommand explain" -l resource -d 'Only resources whose `Kind namespace/name` contains this' -r
complete -c spm -n "__fish_spm_using_subcommand explain" -l result -d 'Only resources with these results; without it, all that are relevant' -r -f -a "failed\t''
manual\t''
passed\t''
not-relevant\t''"
complete -c spm -n "__fish_spm_using_subcommand explain" -l format -d 'Form of the answer' -r -f -a "text\t'For people at a terminal'
markdown\t'For tickets'
json\t'For tools'"
complete -c spm -n "__fish_spm_using_subcommand explain" -l system -d 'Only these systems' -r
complete -c spm -n "__fish_spm_using_subcommand explain" -l at -d 'Of each system the last scan at this date or time, or the scan with this id; without it, the last one' -r
complete -c spm -n "__fish_spm_using_subcommand explain" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand explain" -l waivers -d 'Files with waivers and attestations; `spm-waivers.yaml` of the current directory if it is there and none is named' -r -F
complete -c spm -n "__fish_spm_using_subcommand explain" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand explain" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand explain" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand explain" -l trace -d 'Also show how it was decided: the logic of the checks, their parameters, what they read, what could not be read'
complete -c spm -n "__fish_spm_using_subcommand explain" -l ignore-waivers -d 'Take what is waived as any other finding, in the page and in gates'
complete -c spm -n "__fish_spm_using_subcommand explain" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand explain" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand waive" -l resource -d 'What of it, as reports print it: `Kind namespace/name`, of AWS `Kind region/name`; `*` and `?` are patterns, `*` alone is everything' -r
complete -c spm -n "__fish_spm_using_subcommand waive" -l element -d 'Element of the resource (container)' -r
complete -c spm -n "__fish_spm_using_subcommand waive" -l system -d 'Only in this system' -r
complete -c spm -n "__fish_spm_using_subcommand waive" -l reason -d 'Why it is accepted' -r
complete -c spm -n "__fish_spm_using_subcommand waive" -l owner -d 'Who answers for it' -r
complete -c spm -n "__fish_spm_using_subcommand waive" -l expires -d 'Last day on which it holds' -r
complete -c spm -n "__fish_spm_using_subcommand waive" -l file -d 'File to append to; made if there is none' -r -F
complete -c spm -n "__fish_spm_using_subcommand waive" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand waive" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand waive" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand waive" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand waive" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand waive" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand waive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand diff" -l baseline -d 'Compare with a file that `spm scan --format json` wrote instead of an earlier scan' -r -F
complete -c spm -n "__fish_spm_using_subcommand diff" -l system -d 'Only these systems' -r
complete -c spm -n "__fish_spm_using_subcommand diff" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand diff" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand diff" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand diff" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand diff" -l json -d 'As JSON'
complete -c spm -n "__fish_spm_using_subcommand diff" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand diff" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand history" -l system -d 'Only these systems' -r
complete -c spm -n "__fish_spm_using_subcommand history" -s s -l standard -d 'Only these standards: short or full name, a version with `cis@1.11.1`. CIS is in every scan' -r
complete -c spm -n "__fish_spm_using_subcommand history" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand history" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand history" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand history" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand history" -l json -d 'As JSON'
complete -c spm -n "__fish_spm_using_subcommand history" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand history" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -f -a "info" -d 'Say where it is, how large, and what is in it'
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -f -a "prune" -d 'Delete old scans; what either option keeps stays, and always the last scan of each system'
complete -c spm -n "__fish_spm_using_subcommand store; and not __fish_seen_subcommand_from info prune help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -l json -d 'As JSON'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -l keep -d 'Keep this many of the newest scans of each system' -r
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -l older-than -d 'Delete only scans that are older' -r
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -l system -d 'Only of these systems' -r
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "info" -d 'Say where it is, how large, and what is in it'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Delete old scans; what either option keeps stays, and always the last scan of each system'
complete -c spm -n "__fish_spm_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand standards" -l technology -d 'Only those for this technology' -r -f -a "kubernetes\t''
aws\t''"
complete -c spm -n "__fish_spm_using_subcommand standards" -l system -d 'Say which apply to this system of the settings file, and why' -r
complete -c spm -n "__fish_spm_using_subcommand standards" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand standards" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand standards" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand standards" -l json -d 'As JSON'
complete -c spm -n "__fish_spm_using_subcommand standards" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand standards" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand standards" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -f -a "list" -d 'List the checks'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -f -a "show" -d 'Show a check: what, why, how to fix, severity, parameters, who asks for it'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -f -a "validate" -d 'Find every fault in the rule files of a directory'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -f -a "test" -d 'Run the examples of the checks of a directory'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -f -a "new" -d 'Print the skeleton of a check, or write it below a directory'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -f -a "schema" -d 'Print the JSON Schema of rule files, for editors'
complete -c spm -n "__fish_spm_using_subcommand rules; and not __fish_seen_subcommand_from list show validate test new schema help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -l resources -d 'List the resources (kinds and views) with the fields that rules can read instead'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from show" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from show" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from show" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from show" -l source -d 'The file itself'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from show" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from validate" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from validate" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from validate" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from test" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from test" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from test" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from test" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -l resource -d 'Kind or view that it assesses' -r
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -l dir -d 'Directory of the pack; standard output if none' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from schema" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from schema" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from schema" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the checks'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a check: what, why, how to fix, severity, parameters, who asks for it'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "validate" -d 'Find every fault in the rule files of a directory'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "test" -d 'Run the examples of the checks of a directory'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "new" -d 'Print the skeleton of a check, or write it below a directory'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Print the JSON Schema of rule files, for editors'
complete -c spm -n "__fish_spm_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -f -a "node" -d 'Facts of this node for `spm scan --node-facts`: processes, modes and owners of files, known documents; no secrets'
complete -c spm -n "__fish_spm_using_subcommand collect; and not __fish_seen_subcommand_from node help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -s o -l output -d 'File to write; standard output if none' -r -F
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l root -d 'Root of the node\'s file system: a mounted image, `/host` in a pod' -r -F
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l node-name -d 'Name of the node in the cluster; what the machine itself tells if none' -r
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l deadline -d 'When to stop and hand over what there is' -r
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l every -d 'Collect again each time this has passed, until stopped; one line per document on standard output, for the log of a pod' -r
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l node-image -d 'Image with spm for the pods' -r
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l namespace -d 'Namespace of the pods' -r
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -l print-daemonset -d 'Print a DaemonSet that does this on every node, hourly, instead'
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from node" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from help" -f -a "node" -d 'Facts of this node for `spm scan --node-facts`: processes, modes and owners of files, known documents; no secrets'
complete -c spm -n "__fish_spm_using_subcommand collect; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand permissions" -s n -l namespace -d 'Only for these namespaces, as `scan --namespace`' -r
complete -c spm -n "__fish_spm_using_subcommand permissions" -l name -d 'Name of the roles' -r
complete -c spm -n "__fish_spm_using_subcommand permissions" -l bind -d 'Also bind them to this service account (NAMESPACE/NAME)' -r
complete -c spm -n "__fish_spm_using_subcommand permissions" -s s -l standard -d 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`' -r
complete -c spm -n "__fish_spm_using_subcommand permissions" -l manual -d '`strict` leaves every requirement that the standard calls manual to a person' -r -f -a "decide\t'What can be decided is decided'
strict\t'The standard\'s word'"
complete -c spm -n "__fish_spm_using_subcommand permissions" -l nodes -d 'Read the facts of nodes from pods: `daemonset` creates them for this scan, `facts` reads those of a permanent DaemonSet. Without it nothing is ever created' -r -f -a "daemonset\t'Pods that are created for this scan on every node, and deleted when they have answered'
facts\t'The logs of the permanent DaemonSet that `spm collect node --print-daemonset` prints'"
complete -c spm -n "__fish_spm_using_subcommand permissions" -l node-namespace -d 'Namespace of these pods; created for the scan if it is not there' -r
complete -c spm -n "__fish_spm_using_subcommand permissions" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand permissions" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand permissions" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand permissions" -l allow-node-proxy -d 'Include the right to ask kubelets through the API server, as `scan --allow-node-proxy` does'
complete -c spm -n "__fish_spm_using_subcommand permissions" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand permissions" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand permissions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand doctor" -l kubeconfig -d 'Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod' -r -F
complete -c spm -n "__fish_spm_using_subcommand doctor" -l context -d 'Context of the kubeconfig; the current one if none' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l ca-file -d 'Certificate authority to trust beside the kubeconfig\'s' -r -F
complete -c spm -n "__fish_spm_using_subcommand doctor" -l timeout -d 'Longest time that one call may take' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l profile -d 'Profile of the shared configuration and credentials files; else AWS_PROFILE' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l role-arn -d 'Role to assume before anything is read' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l external-id -d 'External id that the roles ask for' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l region -d 'Only these regions; else every one that the account has switched on' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l exclude-region -d 'Not these regions' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l accounts -d 'Several accounts: their ids, or `organization` for all active ones of it; each through the role of --account-role' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l account-role -d 'Name of the role to assume in each of --accounts' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -s s -l standard -d 'Standards to show and gate: short or full name, a version with `cis@1.11.1`; CIS if none. See `spm standards`' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l manual -d '`strict` leaves every requirement that the standard calls manual to a person' -r -f -a "decide\t'What can be decided is decided'
strict\t'The standard\'s word'"
complete -c spm -n "__fish_spm_using_subcommand doctor" -s n -l namespace -d 'Only these namespaces' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l nodes -d 'Read the facts of nodes from pods: `daemonset` creates them for this scan, `facts` reads those of a permanent DaemonSet. Without it nothing is ever created' -r -f -a "daemonset\t'Pods that are created for this scan on every node, and deleted when they have answered'
facts\t'The logs of the permanent DaemonSet that `spm collect node --print-daemonset` prints'"
complete -c spm -n "__fish_spm_using_subcommand doctor" -l node-namespace -d 'Namespace of these pods; created for the scan if it is not there' -r
complete -c spm -n "__fish_spm_using_subcommand doctor" -l store -d 'File of the history, on a disk of this machine; else `spm/history.db` in XDG_DATA_HOME or ~/.local/share' -r -F
complete -c spm -n "__fish_spm_using_subcommand doctor" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand doctor" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand doctor" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand doctor" -l aws -d 'Scan the AWS account of the environment\'s credentials; the other options of this group say so too'
complete -c spm -n "__fish_spm_using_subcommand doctor" -l allow-node-proxy -d 'Also ask about the right to ask kubelets through the API server'
complete -c spm -n "__fish_spm_using_subcommand doctor" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand doctor" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l node-namespace -d 'Namespace of the pods' -r
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l kubeconfig -d 'Kubeconfig file; else KUBECONFIG, ~/.kube/config or the service account of the pod' -r -F
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l context -d 'Context of the kubeconfig; the current one if none' -r
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l ca-file -d 'Certificate authority to trust beside the kubeconfig\'s' -r -F
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l timeout -d 'Longest time that one call may take' -r
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand cleanup" -l all -d 'Also what a scan that may still run has created'
complete -c spm -n "__fish_spm_using_subcommand cleanup" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand cleanup" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand cleanup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand completions" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand completions" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand completions" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand completions" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand completions" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand generate" -l color -d 'Colours on standard output' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c spm -n "__fish_spm_using_subcommand generate" -l pack -d 'Directory with more checks, standards or parameters (`checks/`, `standards/`, `parameters.yaml`); repeatable' -r -F
complete -c spm -n "__fish_spm_using_subcommand generate" -l config -d 'Settings: systems, standards, parameters; else the first of ./spm.yaml, spm/spm.yaml in XDG_CONFIG_HOME or ~/.config, /etc/spm/spm.yaml' -r -F
complete -c spm -n "__fish_spm_using_subcommand generate" -s q -l quiet -d 'Nothing on standard error but errors, and no page on standard output beside files'
complete -c spm -n "__fish_spm_using_subcommand generate" -s v -l verbose -d 'More: leaves nothing out of the page; twice also says what is being read'
complete -c spm -n "__fish_spm_using_subcommand generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "scan" -d 'Read a system and assess it'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "report" -d 'Show what has been scanned: coverage and posture of the known systems, or with --rules the results'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "explain" -d 'Explain a rule: what it means, how each resource does, what is missing, why it matters, how to fix it'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "waive" -d 'Accept a failed finding for a while: append a waiver to the waiver file'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "diff" -d 'Say what is new, fixed and still open between two scans'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "history" -d 'Show the posture over time'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "store" -d 'Look at the file of the history, or delete old scans from it'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "standards" -d 'List standards: version, systems, how many requirements are answered by how many checks'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "rules" -d 'List, show, check and write rules'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "collect" -d 'Collect facts for later scans'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "permissions" -d 'Print the least rights that a scan needs'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "doctor" -d 'Say what a scan will not see: rights that the identity lacks, and which rules that costs'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "cleanup" -d 'Delete what a scan with `--nodes daemonset` left in a cluster because it was killed'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "generate" -d 'Write generated files of the repository: completions, man pages, schema, reference'
complete -c spm -n "__fish_spm_using_subcommand help; and not __fish_seen_subcommand_from scan report explain waive diff history store standards rules collect permissions doctor cleanup completions generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "info" -d 'Say where it is, how large, and what is in it'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "prune" -d 'Delete old scans; what either option keeps stays, and always the last scan of each system'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "list" -d 'List the checks'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "show" -d 'Show a check: what, why, how to fix, severity, parameters, who asks for it'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "validate" -d 'Find every fault in the rule files of a directory'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "test" -d 'Run the examples of the checks of a directory'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "new" -d 'Print the skeleton of a check, or write it below a directory'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "schema" -d 'Print the JSON Schema of rule files, for editors'
complete -c spm -n "__fish_spm_using_subcommand help; and __fish_seen_subcommand_from collect" -f -a "node" -d 'Facts of this node for `spm scan --node-facts`: processes, modes and owners of files, known documents; no secrets'
