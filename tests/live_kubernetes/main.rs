//! A real API server, scanned with exactly the rights that the program asks for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]

mod bed;
#[path = "../common/mod.rs"]
mod common;
mod proxy;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bed::{Bed, SCANNER, bed, permissions, until};
use common::{Scan, assert_same, run, spm};
use proxy::{Fault, Proxy, TIMEOUT};
use serde_json::{Value as Json, json};

const CIS: &str = "cis-kubernetes-1.12.0";

/// Rules with other results than before: `5.2.3: passed -> failed`.
fn changes(before: &Scan, after: &Scan) -> Vec<String> {
    let new = after.rules(CIS);
    let before = before.rules(CIS);
    assert!(before.keys().eq(new.keys()));
    before
        .iter()
        .filter(|(id, result)| new[*id] != **result)
        .map(|(id, result)| format!("{id}: {result} -> {}", new[id]))
        .collect()
}

/// Findings of `after` that `before` does not have.
fn new_findings(before: &Scan, after: &Scan) -> Vec<String> {
    after.findings().difference(&before.findings()).cloned().collect()
}

/// The role for the whole cluster that the program prints.
fn role() -> Json {
    serde_yaml::from_str(permissions().split("---\n").next().unwrap()).unwrap()
}

/// Group and plural of everything that the role lets list.
fn listed(role: &Json) -> BTreeSet<(String, String)> {
    let strings = |value: &Json| value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect();
    let mut all = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        let (groups, resources): (Vec<String>, Vec<String>) =
            (strings(&rule["apiGroups"]), strings(&rule["resources"]));
        all.extend(groups.iter().flat_map(|group| resources.iter().map(move |r| (group.clone(), r.clone()))));
    }
    all
}

/// Verb, group, resource and name (empty for any) of every right in the printed roles, but for those on custom resources,
/// of which the cluster has none.
fn granted() -> BTreeSet<[String; 4]> {
    let mut all = BTreeSet::new();
    for document in permissions().split("---\n") {
        let role: Json = serde_yaml::from_str(document).unwrap();
        if !role["kind"].as_str().unwrap().ends_with("Role") || role["metadata"]["name"] == "spm-reader-custom" {
            continue;
        }
        for rule in role["rules"].as_array().unwrap() {
            let texts = |key: &str| -> Vec<String> {
                let items = rule[key].as_array().into_iter().flatten();
                items.map(|item| item.as_str().unwrap().to_owned()).collect()
            };
            let names = if rule["resourceNames"].is_null() { vec![String::new()] } else { texts("resourceNames") };
            for verb in texts("verbs") {
                for group in texts("apiGroups") {
                    for resource in texts("resources") {
                        all.extend(names.iter().map(|name| [&verb, &group, &resource, name].map(String::clone)));
                    }
                }
            }
        }
    }
    all
}

/// What `kubectl get` prints of everything that the scanner may list.
fn dump(bed: &Bed, path: &Path) {
    let kinds = listed(&role())
        .into_iter()
        .map(|(group, resource)| if group.is_empty() { resource } else { format!("{resource}.{group}") });
    let kinds = kinds.collect::<Vec<_>>().join(",");
    fs::write(path, bed.kubectl(&["get", &kinds, "--all-namespaces", "-o", "json"])).unwrap();
}

/// The requests of the scanner that were answered.
fn requests(bed: &Bed) -> Vec<Json> {
    let text = fs::read_to_string(&bed.audit).unwrap();
    // The last line may not be complete yet.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    lines.filter(|entry| entry["user"]["username"] == SCANNER).collect()
}

#[test]
fn a_cluster_and_its_dump_have_the_same_results() {
    let bed = bed();
    let live = bed.scan(&["--system", "shop"]);
    assert_eq!(live.assessment["system"]["version"], "1.34.4");
    assert_eq!(live.rules(CIS)["5.2.2"], "failed");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dump.json");
    dump(&bed, &file);
    // The version is that of the node; the ConfigMaps, which are no part of the dump, do not exist.
    let dumped = Scan::files(&[&file], &["--system", "shop"]);
    assert_eq!(changes(&live, &dumped), [""; 0]);
    assert_eq!(live.findings(), dumped.findings());

    // Pods that the controllers made from a template are reported at it, once.
    let secrets = live.failed("kubernetes-container-no-secret-env");
    assert_eq!(secrets.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Deployment lab/bench [main]"]);
    let pods = live.assessment["resources_read"]["Pod"].as_u64().unwrap();
    assert!(pods >= 6, "{pods} pods");
}

#[test]
fn the_printed_rights_are_enough_and_only_used_to_read() {
    let bed = bed();
    let before = requests(&bed).len();
    let scan = bed.scan(&[]);
    // The last requests are logged a moment after they are answered.
    let all = || requests(&bed).split_off(before);
    let asked = |resource: &str| all().iter().any(|entry| entry["objectRef"]["resource"] == resource);
    let wanted = listed(&role());
    until("the audit log", || wanted.iter().all(|(_, resource)| asked(resource)));

    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let mut used = BTreeSet::new();
    for entry in all() {
        let what = &entry["objectRef"];
        let (verb, resource, uri) = (text(&entry["verb"]), text(&what["resource"]), text(&entry["requestURI"]));
        match (verb.as_str(), resource.as_str()) {
            // Everybody may ask for these.
            ("get", "") => assert!(["/version", "/api", "/apis"].contains(&uri.as_str()), "{uri}"),
            ("get", "configmaps") => assert_eq!(what["namespace"], "kube-system", "{uri}"),
            ("list", _) => {}
            // Everybody may ask what they may, and nothing is stored.
            ("create", "selfsubjectaccessreviews") => continue,
            _ => panic!("{verb} {uri}"),
        }
        if !resource.is_empty() {
            used.insert([verb, text(&what["apiGroup"]), resource, text(&what["name"])]);
        }
        // Nothing was refused; of the ConfigMaps there is none.
        let code = entry["responseStatus"]["code"].as_u64().unwrap();
        assert!(code == 200 || (code == 404 && uri.contains("/configmaps/")), "{code} {uri}");
    }
    // And every verb that was granted was used; this one is for the kubelets themselves.
    used.insert(["get", "", "nodes/configz", ""].map(str::to_owned));
    assert_eq!(used, granted());
    let gaps = scan.assessment["gaps"].as_array().unwrap();
    let kinds: Vec<&str> = gaps.iter().map(|gap| gap["kind"].as_str().unwrap()).collect();
    // Asking kubelets is a right that has to be wanted.
    assert_eq!(kinds, ["KubeletConfigz"]);
    assert_eq!(gaps[0]["reason"], "not asked for");
    // So the scan is complete without it; once it is wanted, it is missing.
    let complete = |args: &[&str], code| {
        let mut command = spm();
        command.args(["scan", "--require-complete", "--format", "csv", "--kubeconfig"]).arg(&bed.scanner).args(args);
        run(&mut command, code)
    };
    complete(&[], 0);
    complete(&["--allow-node-proxy"], 3);

    // The token is nowhere.
    let secret = bed.token.rsplit('.').next().unwrap();
    for format in ["table", "json", "csv", "html"] {
        let mut command = spm();
        command.args(["scan", "-vv", "--format", format, "--kubeconfig"]).arg(&bed.scanner);
        let (page, said) = run(&mut command, 0);
        assert!(!page.contains(secret) && !said.contains(secret), "{format}");
    }
}

#[test]
fn without_one_right_exactly_the_rules_that_need_it_are_manual() {
    let bed = bed();
    let before = bed.scan(&[]);
    for (resource, group, expected) in [
        ("networkpolicies", "networking.k8s.io", &["5.3.2: failed -> manual"][..]),
        // Whether a workload that says nothing itself gets a token is the account's to say.
        ("serviceaccounts", "", &["5.1.5: failed -> manual", "5.1.6: failed -> manual"]),
        // What the roles grant that every cluster has is known, and so who is administrator.
        ("clusterroles", "rbac.authorization.k8s.io", &["5.1.3: failed -> manual"]),
        // A violation that was seen elsewhere stays one; where the DaemonSet had the only one, or none was seen at all, nobody
        // can tell any more.
        (
            "daemonsets",
            "apps",
            &[
                "5.2.10: passed -> manual",
                "5.2.11: failed -> manual",
                "5.2.2: failed -> manual",
                "5.2.3: passed -> manual",
                "5.2.4: failed -> manual",
            ],
        ),
    ] {
        let mut less = role();
        let rules = less["rules"].as_array_mut().unwrap();
        let rule = rules.iter_mut().find(|rule| rule["apiGroups"] == json!([group])).unwrap();
        rule["resources"].as_array_mut().unwrap().retain(|r| r != resource);
        bed.apply(&less.to_string());
        let full = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        bed.until_may("list", &full, false);

        let scan = bed.scan(&[]);
        assert_eq!(changes(&before, &scan), expected, "without {full}");
        let gaps = scan.assessment["gaps"].as_array().unwrap();
        let permission = format!("list {full}");
        assert!(gaps.iter().any(|gap| gap["permission"] == permission.as_str()), "{gaps:#?}");
        let mut strict = spm();
        strict.args(["scan", "--require-complete", "--format", "csv", "--kubeconfig"]).arg(&bed.scanner);
        run(&mut strict, 3);
        bed.apply(&permissions());
        bed.until_may("list", &full, true);
    }
    assert_eq!(changes(&before, &bed.scan(&[])), [""; 0]);
}

#[test]
fn one_change_changes_exactly_the_rules_it_should() {
    let bed = bed();
    let before = bed.scan(&[]);
    let patch = |patch: &str| bed.kubectl(&["patch", "deployment", "web", "-n", "shop", "-p", patch]);
    let settled = || {
        // The pods of the new template are there, and those of the old one are gone or wait to be replaced.
        let status = ["get", "deployment", "web", "-n", "shop", "-o"];
        let generations = [&status[..], &["jsonpath={.metadata.generation} {.status.observedGeneration}"]].concat();
        until("the controller", || {
            let text = bed.kubectl(&generations);
            let mut both = text.split(' ');
            both.next() == both.next()
        });
    };
    patch(r#"{"spec": {"template": {"spec": {"hostPID": true}}}}"#);
    settled();
    let after = bed.scan(&[]);
    assert_eq!(changes(&before, &after), ["5.2.3: passed -> failed"]);
    assert_eq!(new_findings(&before, &after), ["kubernetes-workload-no-host-pid: Deployment shop/web"]);
    assert_eq!(new_findings(&after, &before), [""; 0]);

    patch(r#"{"spec": {"template": {"spec": {"hostPID": null}}}}"#);
    settled();
    assert_eq!(changes(&before, &bed.scan(&[])), [""; 0]);
}

/// Argo Rollouts, as far as the API server needs to know it.
const ROLLOUTS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: rollouts.argoproj.io }
spec:
  group: argoproj.io
  names: { kind: Rollout, plural: rollouts, singular: rollout }
  scope: Namespaced
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
";

#[test]
fn custom_resources_with_pod_specs_are_assessed_where_they_are_installed() {
    let bed = bed();
    let before = requests(&bed).len();
    let scan = bed.scan(&[]);
    let asked = |resource: &str| {
        let all = requests(&bed).split_off(before);
        all.iter().filter(|entry| entry["objectRef"]["resource"] == resource).count()
    };
    until("the audit log", || asked("pods") > 0);
    assert_eq!(asked("rollouts"), 0);
    let mut strict = spm();
    let (doctor, _) = run(spm().args(["doctor", "--kubeconfig"]).arg(&bed.scanner), 0);
    assert!(!doctor.contains("rollouts"), "{doctor}");

    bed.apply(ROLLOUTS);
    bed.kubectl(&["wait", "--for=condition=Established", "crd/rollouts.argoproj.io"]);
    let template = json!({
        "metadata": {"labels": {"app": "canary"}},
        "spec": {"containers": [{"name": "main", "image": "nginx", "securityContext": {"privileged": true}}]}});
    let object = |kind: &str, version: &str, name: &str| {
        json!({
            "apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "lab"},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "canary"}}, "template": template}})
    };
    bed.apply(&object("Rollout", "argoproj.io/v1alpha1", "canary").to_string());
    let uid = bed.kubectl(&["get", "rollout", "canary", "-n", "lab", "-o", "jsonpath={.metadata.uid}"]);
    let mut set = object("ReplicaSet", "apps/v1", "canary-1");
    set["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "canary", "uid": uid, "controller": true}]);
    bed.apply(&set.to_string());
    let pods = ["get", "pods", "-n", "lab", "-l", "app=canary", "-o", "name"];
    until("the pod of the rollout", || !bed.kubectl(&pods).is_empty());

    let check = "kubernetes-container-not-privileged: ";
    let new =
        || new_findings(&scan, &bed.scan(&[])).into_iter().filter_map(|f| f.strip_prefix(check).map(str::to_owned));
    assert_eq!(new().collect::<Vec<_>>(), ["Rollout lab/canary [main]"]);

    // Without the right to list them, there may be more of them than those whose pods are seen.
    bed.kubectl(&["delete", "clusterrolebinding", "spm-reader-custom"]);
    bed.until_may("list", "rollouts.argoproj.io", false);
    let less = bed.scan(&[]);
    let gaps = less.assessment["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["permission"] == "list rollouts.argoproj.io"), "{gaps:#?}");
    assert!(new_findings(&scan, &less).contains(&format!("{check}Rollout lab/canary [main]")));
    run(strict.args(["scan", "--require-complete", "--format", "csv", "--kubeconfig"]).arg(&bed.scanner), 3);
    let (doctor, _) = run(spm().args(["doctor", "--kubeconfig"]).arg(&bed.scanner), 0);
    assert!(doctor.contains("missing  list rollouts.argoproj.io"), "{doctor}");
    assert!(!doctor.contains("clonesets"), "{doctor}");

    bed.kubectl(&["delete", "crd", "rollouts.argoproj.io"]);
    bed.kubectl(&["delete", "replicaset", "canary-1", "-n", "lab"]);
    bed.kubectl(&["delete", "pods", "-n", "lab", "-l", "app=canary", "--force", "--grace-period=0"]);
    bed.restore();
    assert_eq!(new_findings(&scan, &bed.scan(&[])), [""; 0]);
}

#[test]
fn a_privileged_container_put_into_a_running_pod_is_found_at_its_controller() {
    let bed = bed();
    let before = bed.scan(&[]);
    let name =
        bed.kubectl(&["get", "pods", "-n", "lab", "-l", "app=bench", "-o", "jsonpath={.items[1].metadata.name}"]);
    let debug = ["debug", &name, "-n", "lab", "--image=busybox", "--container=debugger", "--profile=sysadmin"];
    bed.kubectl(&[&debug[..], &["--attach=false"]].concat());
    let after = bed.scan(&[]);
    assert_eq!(
        new_findings(&before, &after),
        [
            "kubernetes-container-drops-all-capabilities: Deployment lab/bench [debugger]",
            "kubernetes-container-no-net-raw: Deployment lab/bench [debugger]",
            "kubernetes-container-no-privilege-escalation: Deployment lab/bench [debugger]",
            "kubernetes-container-not-privileged: Deployment lab/bench [debugger]",
            "kubernetes-container-seccomp-profile: Deployment lab/bench [debugger]",
        ]
    );
    let outcomes = after.outcomes("kubernetes-container-not-privileged", "failed");
    let (_, outcome) = outcomes.iter().find(|(subject, _)| subject.element == "debugger").unwrap();
    assert_eq!(outcome["evidence"][0]["path"], "spec.ephemeralContainers[0].securityContext.privileged");
    assert_eq!(outcome["evidence"][0]["source"], format!("live pod {name}"));
    bed.restore();
}

#[test]
fn a_dead_context_does_not_stop_the_others() {
    let bed = bed();
    let dir = tempfile::tempdir().unwrap();
    let config = |contexts: &[&str]| {
        let mut config: Json = serde_yaml::from_str(&fs::read_to_string(&bed.scanner).unwrap()).unwrap();
        // Nothing listens on port 1.
        let dead = json!({"name": "dead", "cluster": {"server": "https://127.0.0.1:1"}});
        config["clusters"].as_array_mut().unwrap().push(dead);
        let named = |name: &&str| json!({"name": name, "context": {"cluster": name, "user": "scanner"}});
        config["contexts"] = contexts.iter().map(named).collect();
        config["current-context"] = contexts[0].into();
        let file = dir.path().join(contexts.join("-"));
        fs::write(&file, config.to_string()).unwrap();
        file
    };
    let scan = |contexts: &[&str], args: &[&str], code: i32| {
        let mut command = spm();
        command.args(["scan", "--all-contexts", "--timeout", "2s", "--format", "json", "--kubeconfig"]);
        run(command.arg(config(contexts)).args(args), code)
    };
    for contexts in [["bed", "dead"], ["dead", "bed"]] {
        let (page, said) = scan(&contexts, &[], 3);
        assert!(said.contains("spm: dead: https://127.0.0.1:1 could not be read"), "{said}");
        let scanned = Scan::new(&page);
        assert_eq!(scanned.assessment["system"]["name"], "bed");
        assert_eq!(scanned.findings(), bed.scan(&[]).findings());
        // A system that is missing makes the run incomplete, and findings come before that.
        scan(&contexts, &["--fail-on", "low"], 1);
    }
    let (_, said) = scan(&["dead"], &[], 2);
    assert!(said.contains("could not be read"), "{said}");
}

#[test]
fn faults_on_the_way_lose_nothing() {
    let bed = bed();
    let dir = tempfile::tempdir().unwrap();
    let through = |proxy: &Proxy| {
        let file = dir.path().join("config");
        bed.write_kubeconfig(&file, &json!({"server": format!("http://{}", proxy.address)}), None);
        Scan::of(spm().args(["scan", "--timeout", TIMEOUT, "--kubeconfig"]).arg(&file), &[])
    };
    let smooth = through(&Proxy::start(&bed, false));
    let proxy = Proxy::start(&bed, true);
    let spoilt = through(&proxy);
    let log = proxy.log.lock().unwrap();
    let all = [
        Fault::TooManyRequests,
        Fault::ServerError,
        Fault::Gone,
        Fault::Reset,
        Fault::HalfPage,
        Fault::Slow,
        Fault::Stall,
    ];
    for fault in all {
        assert!(log.faults.contains_key(&fault), "{fault:?} did not happen: {:?}", log.faults);
    }
    assert_eq!(log.impatient, [""; 0], "came back before the time the server named");
    assert_same(&smooth.comparable(), &spoilt.comparable());
    // It was the same as without any proxy.
    assert_eq!(smooth.findings(), bed.scan(&[]).findings());
}
