//! What the store promises, tried on files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::model::sample::{self, Size, any_assessment, cluster};
use crate::model::{State, Waiver, WaiverSource};

fn key(name: &str) -> SystemKey {
    SystemKey { technology: Technology::Kubernetes, name: name.to_owned() }
}

fn hour(n: u32) -> jiff::Timestamp {
    sample::bare("x", n, Vec::new(), Vec::new()).assessed_at.parse().unwrap()
}

fn integrity(store: &Store) -> String {
    store.connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

fn rows(store: &Store, table: &str) -> i64 {
    store.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Also with other scans in the file, and after these are pruned.
    #[test]
    fn reading_gives_back_the_same_assessment(assessments in prop::collection::vec(any_assessment(), 1..4)) {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
        for assessment in &assessments {
            store.save(assessment).unwrap();
            let read = store.at(&SystemKey::from(&assessment.system), Which::Scan(&assessment.id)).unwrap();
            prop_assert_eq!(read.as_ref(), Some(assessment));
        }
        store.prune(None, Keep { last: 1, since: None }).unwrap();
        for system in store.systems().unwrap() {
            let read = store.at(&system, Which::Latest).unwrap().unwrap();
            // The last one with this id: an equal id replaces.
            let saved = assessments.iter().rev().find(|a| SystemKey::from(&a.system) == system && a.id == read.id);
            prop_assert_eq!(Some(&read), saved);
        }
    }
}

#[test]
fn scans_are_found_by_time_and_id() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    // Stored out of order; "prod" of another technology is another system.
    for n in [30, 10, 20] {
        store.save(&cluster(Size::SMALL, "prod", n)).unwrap();
    }
    let mut account = cluster(Size::SMALL, "prod", 40);
    account.system.technology = Technology::Aws;
    store.save(&account).unwrap();

    let at = |which| store.at(&key("prod"), which).unwrap();
    assert_eq!(at(Which::Latest), Some(cluster(Size::SMALL, "prod", 30)));
    assert_eq!(at(Which::At(hour(29))), Some(cluster(Size::SMALL, "prod", 20)));
    assert_eq!(at(Which::At(hour(20))), Some(cluster(Size::SMALL, "prod", 20)));
    assert_eq!(at(Which::At(hour(9))), None);
    assert_eq!(at(Which::Scan("prod-0-10")), Some(cluster(Size::SMALL, "prod", 10)));
    assert_eq!(at(Which::Scan("prod-0-1")), None);
    assert_eq!(store.at(&key("test"), Which::Latest).unwrap(), None);
    assert_eq!(store.systems().unwrap(), [key("prod"), SystemKey { technology: Technology::Aws, ..key("prod") }]);
    let ids: Vec<String> = store.scans(&key("prod")).unwrap().into_iter().map(|scan| scan.id).collect();
    assert_eq!(ids, ["prod-1-6", "prod-0-20", "prod-0-10"]);
    let info = store.info().unwrap();
    assert_eq!(info.systems[0], (key("prod"), 3, hour(10).to_string(), hour(30).to_string()));
    assert!(info.bytes > 10_000);
}

#[test]
fn a_part_is_read_without_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    let all = cluster(Size::SMALL, "prod", 1);
    store.save(&all).unwrap();
    let one = store.at_with(&key("prod"), Which::Latest, |check| check.id == all.checks[3].check.id).unwrap().unwrap();
    assert_eq!((&one.checks[3], &one.resources), (&all.checks[3], &all.resources));
    assert!(one.checks[2].outcomes.is_empty() && one.checks[2].counts == all.checks[2].counts);
    let overview = store.at_with(&key("prod"), Which::Latest, |_| false).unwrap().unwrap();
    assert_eq!((&overview.standards, overview.resources.len()), (&all.standards, 0));
}

#[test]
fn the_posture_over_time_comes_oldest_first() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    for n in [2, 1] {
        let mut assessment = cluster(Size::SMALL, "prod", n);
        assessment.standards[1].totals.rules.passed = n as usize;
        store.save(&assessment).unwrap();
    }
    let history = store.history(&key("prod")).unwrap();
    let passed: Vec<usize> = history.iter().map(|point| point.standards[1].totals.rules.passed).collect();
    assert_eq!(passed, [1, 2]);
    assert_eq!(history[0].standards[1].standard, cluster(Size::SMALL, "prod", 1).standards[1].standard);
}

#[test]
fn an_equal_scan_costs_little_and_the_same_id_replaces() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    let mut assessment = cluster(Size::SMALL, "prod", 1);
    store.save(&assessment).unwrap();
    let shared = ["texts", "details", "resources", "lists"];
    let before = shared.map(|table| rows(&store, table));
    assessment.id = "again".to_owned();
    store.save(&assessment).unwrap();
    assert_eq!(shared.map(|table| rows(&store, table)), before);
    // Also if there are so many rows that each is searched by its hash.
    for table in ["texts", "details", "resources"] {
        let columns = if table == "texts" {
            "text"
        } else if table == "details" {
            "reason, omitted, evidence"
        } else {
            "kind, name"
        };
        let values = columns.split(", ").map(|_| "'1'").collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO {table} (id, {columns}) VALUES (9000000, {values})");
        store.connection.execute(&sql, []).unwrap();
    }
    assessment.id = "searched".to_owned();
    store.save(&assessment).unwrap();
    assert_eq!(shared.map(|table| rows(&store, table)), [before[0] + 1, before[1] + 1, before[2] + 1, before[3]]);
    assert_eq!(store.at(&key("prod"), Which::Scan("searched")).unwrap().as_ref(), Some(&assessment));

    assessment.id = "again".to_owned();
    assessment.checks.pop();
    assessment.notes.push("evaluated again".to_owned());
    store.save(&assessment).unwrap();
    assert_eq!(rows(&store, "scans"), 3);
    assert_eq!(store.at(&key("prod"), Which::Scan("again")).unwrap(), Some(assessment));
}

#[test]
fn pruning_keeps_what_was_asked_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    for n in 1..=6 {
        let mut assessment = cluster(Size::SMALL, "prod", n);
        // A resource, a text and a waiver that only this scan has.
        assessment.resources[0].name = format!("only-{n}").into();
        let failed = assessment.checks[0].outcomes.iter_mut().find(|outcome| outcome.state == State::Failed).unwrap();
        failed.waiver =
            Some(Waiver { reason: format!("only {n}"), owner: None, expires: None, source: WaiverSource::File }.into());
        store.save(&assessment).unwrap();
        store.save(&cluster(Size::SMALL, "test", n)).unwrap();
    }
    // The last two, and the one before them for its age.
    let pruned = store.prune(Some(&key("prod")), Keep { last: 2, since: Some(hour(4)) }).unwrap();
    assert_eq!((pruned.deleted, pruned.kept), (3, 9));
    assert_eq!(store.scans(&key("prod")).unwrap().len(), 3);
    assert_eq!(store.prune(None, Keep::default()).unwrap().deleted, 7);
    assert_eq!(integrity(&store), "ok");

    let mut fresh = Store::open(&directory.path().join("fresh.db")).unwrap();
    for system in store.systems().unwrap() {
        fresh.save(&store.at(&system, Which::Latest).unwrap().unwrap()).unwrap();
    }
    let hashes = ["details_by_hash", "texts_by_hash", "resources_by_hash"];
    let tables = ["systems", "scans", "findings", "check_results", "details", "texts", "resources", "lists"];
    for table in tables.into_iter().chain(hashes) {
        assert_eq!(rows(&store, table), rows(&fresh, table), "{table}");
    }
}

#[test]
fn pruning_gives_space_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spm.db");
    let mut store = Store::open(&path).unwrap();
    for n in 1..=20 {
        let mut assessment = cluster(Size::SMALL, "prod", n);
        assessment.notes = vec![format!("{n}").repeat(50_000)];
        store.save(&assessment).unwrap();
    }
    let before = bytes_on_disk(&path);
    let pruned = store.prune(None, Keep { last: 1, since: None }).unwrap();
    assert!(pruned.freed > 900_000 && bytes_on_disk(&path) < before - 900_000, "{before} {pruned:?}");
}

#[test]
fn people_can_ask_in_sql() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    let mut assessment = cluster(Size::SMALL, "prod", 1);
    store.save(&assessment).unwrap();
    assessment.id = "later".to_owned();
    assessment.assessed_at = hour(9).to_string();
    let at = assessment.checks[2].outcomes.iter().position(|outcome| outcome.state == State::Failed).unwrap();
    assessment.checks[2].outcomes[at].waiver = Some(
        Waiver {
            reason: "legacy".to_owned(),
            owner: Some("ann".to_owned()),
            expires: None,
            source: WaiverSource::File,
        }
        .into(),
    );
    store.save(&assessment).unwrap();

    let failed: i64 = assessment.checks.iter().map(|check| check.counts.failed as i64).sum();
    let count = |sql: &str| store.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let latest = "scan_id IN latest_scans AND system = 'prod'";
    assert_eq!(count(&format!("SELECT count(*) FROM finding_view WHERE state = 'failed' AND {latest}")), failed);
    let rules: usize = assessment.standards.iter().map(|standard| standard.rules.len()).sum();
    assert_eq!(count(&format!("SELECT count(*) FROM rule_view WHERE {latest}")), rules as i64);

    let failed = &assessment.checks[2].outcomes[at];
    let expected = (
        assessment.checks[2].check.id.clone(),
        "critical".to_owned(),
        assessment.resources[failed.resource as usize].name.to_string(),
        failed.detail.as_ref().unwrap().evidence[0].actual.clone(),
        "legacy".to_owned(),
    );
    let row = store
        .connection
        .query_row(
            "SELECT check_id, severity, name, actual, waived_because
             FROM finding_view JOIN evidence_view USING (detail) WHERE waived_by = 'ann'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .unwrap();
    assert_eq!(row, expected);
}

#[test]
fn the_file_is_for_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/spm/spm.db");
    let mut store = Store::open(&path).unwrap();
    store.save(&cluster(Size::SMALL, "prod", 1)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    assert_eq!(mode(&directory.path().join("data/spm/spm.db-wal")), 0o600);
}

#[test]
fn errors_say_what_the_file_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let message = |path: &Path| Store::open(path).unwrap_err().to_string();

    std::fs::write(path("text"), "not a database, but long enough to be taken for one. ".repeat(40)).unwrap();
    assert!(message(&path("text")).contains("is not a store of spm: it is no SQLite file"));

    Connection::open(path("foreign")).unwrap().execute_batch("CREATE TABLE moz_places (url)").unwrap();
    assert!(message(&path("foreign")).contains("is the database of another program"));

    drop(Store::open(&path("newer")).unwrap());
    Connection::open(path("newer")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(message(&path("newer")).contains("has layout 99, this spm knows layouts up to 2: use the newer spm"));
    assert!(matches!(Store::open_to_read(&path("newer")), Err(StoreError::Newer { found: 99, .. })));

    std::fs::write(path("file"), "").unwrap();
    assert!(message(&path("file/below.db")).contains("cannot open the store"));
    assert!(message(directory.path()).contains("cannot open the store"));

    let directory_error = Store::open_to_read(directory.path()).unwrap_err().to_string();
    assert!(directory_error.contains("it is a directory; name another one"), "{directory_error}");

    assert!(Store::open_to_read(&path("none")).unwrap().is_none());
    assert!(!path("none").exists());
}

#[test]
fn a_store_of_layout_1_is_brought_up_to_date_by_whoever_opens_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spm.db");
    let scan = cluster(Size::SMALL, "prod", 1);
    let mut store = Store::open(&path).unwrap();
    store.save(&scan).unwrap();
    let back = "ALTER TABLE scans DROP COLUMN scope; DROP TABLE failures; PRAGMA user_version = 1";
    store.connection.execute_batch(back).unwrap();
    drop(store);
    let store = Store::open_to_read(&path).unwrap().unwrap();
    assert_eq!(store.at(&key("prod"), Which::Latest).unwrap().as_ref(), Some(&scan));
    assert!(store.failures().unwrap().is_empty());
    assert_eq!(store.info().unwrap().layout, 2);
}

#[test]
fn a_store_is_readable_where_nothing_can_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a b%41?#.db");
    let scan = cluster(Size::SMALL, "prod", 1);
    let mut store = Store::open(&path).unwrap();
    store.save(&scan).unwrap();
    let error = Store::open_immutable(&path).unwrap_err().to_string();
    assert!(error.contains("the log beside it is not folded in"), "{error}");
    // The last one to close it folds the log in.
    drop(store);
    let (_, store) = Store::open_immutable(&path).unwrap();
    assert_eq!(store.at(&key("prod"), Which::Latest).unwrap().as_ref(), Some(&scan));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn a_failed_scan_is_kept_until_one_succeeds() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    let failure = |name: &str, why: &str| Failure { system: key(name), at: hour(1).to_string(), why: why.to_owned() };
    store.save_failure(&failure("prod", "first")).unwrap();
    store.save_failure(&failure("prod", "second")).unwrap();
    store.save_failure(&failure("lab", "other")).unwrap();
    assert_eq!(store.failures().unwrap(), [failure("lab", "other"), failure("prod", "second")]);
    store.save(&cluster(Size::SMALL, "prod", 2)).unwrap();
    store.prune(None, Keep::default()).unwrap();
    assert_eq!(store.failures().unwrap(), [failure("lab", "other")]);
}

#[test]
fn what_cannot_be_written_is_an_error_and_keeps_what_was_stored() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spm.db");
    let first = cluster(Size::SMALL, "prod", 1);
    let mut store = Store::open(&path).unwrap();
    store.save(&first).unwrap();

    let mut reader = Store::open_to_read(&path).unwrap().unwrap();
    assert!(matches!(reader.save(&first), Err(StoreError::ReadOnly { .. })));
    assert_eq!(reader.at(&key("prod"), Which::Latest).unwrap().as_ref(), Some(&first));

    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.connection.query_row(&format!("PRAGMA max_page_count = {}", pages + 8), [], |_| Ok(())).unwrap();
    let big = cluster(Size { workloads: 4_000, containers: 6_000, ..Size::SMALL }, "prod", 2);
    let error = store.save(&big).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("no space left"));
    assert_eq!(store.at(&key("prod"), Which::Latest).unwrap().as_ref(), Some(&first));
    assert_eq!(integrity(&store), "ok");

    let mut broken = cluster(Size::SMALL, "prod", 3);
    broken.checks[0].outcomes[0].resource = 4_000_000;
    assert!(store.save(&broken).unwrap_err().to_string().contains("points to the missing resource 4000000"));
    broken = cluster(Size::SMALL, "prod", 3);
    broken.assessed_at = "yesterday".to_owned();
    assert!(matches!(store.save(&broken), Err(StoreError::Invalid { .. })));
    assert_eq!(rows(&store, "scans"), 1);
}

#[test]
fn damage_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("spm.db")).unwrap();
    store.save(&cluster(Size::SMALL, "prod", 1)).unwrap();
    for sql in [
        "DELETE FROM texts WHERE id = (SELECT max(reason) FROM details)",
        "DELETE FROM details WHERE id = (SELECT max(detail) FROM findings)",
        "DELETE FROM findings WHERE position = (SELECT max(position) FROM findings)",
        "UPDATE check_results SET palette = '[]'",
        "UPDATE check_results SET palette = 'no JSON'",
        "UPDATE check_results SET verdicts = x'00'",
        "UPDATE lists SET body = x'28b52ffd'",
        "UPDATE findings SET state = 7",
        "UPDATE scans SET resources = 999",
        "UPDATE rule_results SET failed = -1",
    ] {
        store.connection.execute_batch("SAVEPOINT damage").unwrap();
        store.connection.execute(sql, []).unwrap();
        let read = load::load(&store.connection, &key("prod"), 1, &|_| true);
        assert!(matches!(read, Err(Fault::Damaged(_))), "{sql}: {read:?}");
        store.connection.execute_batch("ROLLBACK TO damage; RELEASE damage").unwrap();
    }
    assert!(store.at(&key("prod"), Which::Latest).unwrap().is_some());
}

/// Two writers and two readers on a file that none of them finds; everybody sees whole scans only.
#[test]
fn writers_and_readers_work_side_by_side() {
    const SCANS: u32 = 12;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spm.db");
    std::thread::scope(|scope| {
        for name in ["a", "b"] {
            let path = &path;
            scope.spawn(move || {
                for n in 1..=SCANS {
                    // A process per scan, as a nightly job has it.
                    Store::open(path).unwrap().save(&cluster(Size::SMALL, name, n)).unwrap();
                }
            });
            scope.spawn(move || {
                let deadline = Instant::now() + Duration::from_secs(120);
                let mut seen = 0;
                while seen < SCANS && Instant::now() < deadline {
                    let store = Store::open(path).unwrap();
                    if let Some(read) = store.at(&key(name), Which::Latest).unwrap() {
                        seen = store.scans(&key(name)).unwrap().len() as u32;
                        let n = (1..=SCANS).find(|n| cluster(Size::SMALL, name, *n).id == read.id).unwrap();
                        assert_eq!(read, cluster(Size::SMALL, name, n));
                    }
                }
                assert_eq!(seen, SCANS);
            });
        }
    });
    assert_eq!(integrity(&Store::open(&path).unwrap()), "ok");
}

const VICTIM: &str = "SPM_TEST_STORE_OF_VICTIM";

/// Big enough that the child spends most of its time within the transaction.
const OF_VICTIM: Size = Size { workloads: 500, containers: 900, ..Size::SMALL };

/// The child of the next test: stores scan after scan and says the number of each on standard output once it is stored.
#[test]
#[ignore = "the child of a_killed_process_loses_nothing"]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let mut store = Store::open(Path::new(&path)).unwrap();
    for n in store.scans(&key("prod")).unwrap().len() as u32 + 1.. {
        store.save(&cluster(OF_VICTIM, "prod", n)).unwrap();
        println!("stored {n}.");
        if n % 7 == 0 {
            store.prune(None, Keep { last: usize::MAX, since: None }).unwrap();
        }
    }
}

#[test]
fn a_killed_process_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spm.db");
    let (mut promised, mut checked) = (0, 0);
    for round in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::victim", "--ignored", "--nocapture"])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60 + round * 23));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let last = said.lines().filter_map(|line| line.rsplit_once("stored ")?.1.strip_suffix('.')?.parse().ok()).max();
        promised = last.unwrap_or(promised);

        let store = Store::open(&path).unwrap();
        assert_eq!(integrity(&store), "ok");
        let scans = store.scans(&key("prod")).unwrap();
        assert!(scans.len() as u32 >= promised, "{promised} were stored, {} are there", scans.len());
        for (at, scan) in scans.iter().rev().enumerate().skip(checked) {
            let whole = cluster(OF_VICTIM, "prod", at as u32 + 1);
            assert_eq!(store.at(&key("prod"), Which::Scan(&scan.id)).unwrap(), Some(whole));
        }
        checked = scans.len();
    }
    assert!(promised >= 5, "the child stored {promised} scans only: too slow to prove anything");
}
