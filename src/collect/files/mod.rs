//! Reads systems from files: manifests in YAML or JSON, dumps of `kubectl get`, rendered charts, node facts, snapshots.
//!
//! One thread reads and cuts the text into objects ([`split`]), the others decode what is wanted of each ([`decode`]). Text
//! that was decoded is dropped, so that memory is bounded by what is wanted and not by the input.

mod decode;
mod json;
mod lines;
mod scalar;
mod scan;
mod source;
mod split;
mod system;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

pub(super) use self::yaml::value as yaml_value;

use self::decode::{Context, Decoder, Found, listed_kind};
use self::source::{Source, Sources, reason};
use self::split::{Batch, Cut, Pool, Problem, Splitter};
use super::Progress;
use crate::base::text::count;
use crate::catalog;
use crate::inventory::snapshot::{Mark, SnapshotWriter};
use crate::inventory::{Inventory, Mode, Wanted};
use crate::model::{Gap, GapReason, Scope, System, Technology};

/// What to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileInput {
    /// Files and directories; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Files and directories with node facts.
    pub node_facts: Vec<PathBuf>,
    /// Name of the system, if the user gave one.
    pub system_name: Option<String>,
}

/// Why files cannot be assessed at all. Everything less is a gap or a note.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A path that the user named.
    #[error("cannot read {path}")]
    Open {
        /// As the user gave it.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing in the input is a Kubernetes object.
    #[error("no Kubernetes objects in {origin}{}", because(.found))]
    Nothing {
        /// What was read.
        origin: String,
        /// What was found instead.
        found: Vec<String>,
    },
    /// The snapshot cannot be written.
    #[error("cannot write the snapshot")]
    Save(#[source] io::Error),
}

fn because(found: &[String]) -> String {
    found.iter().map(|what| format!("\n  {what}")).collect()
}

/// The technology of a snapshot, which its first line tells; none if the input begins with anything else.
pub fn technology(paths: &[PathBuf]) -> Option<Technology> {
    let mut sources = Sources::default();
    sources.add(paths.first().filter(|path| path.is_file())?, false).ok()?;
    let mut reader = sources.files.first()?.open().ok()?;
    let mut line = Vec::new();
    // The header is short.
    io::BufRead::read_until(&mut io::BufReader::new(io::Read::take(&mut reader, 4096)), b'\n', &mut line).ok()?;
    match Mark::parse(&line).ok()? {
        Mark::Header { technology, .. } | Mark::Trailer { system: System { technology, .. }, .. } => Some(technology),
    }
}

/// Reads the input; of each object only what is `wanted`. With `save`, all objects are also kept whole, for a snapshot that
/// the caller finishes.
pub fn read(
    input: &FileInput,
    wanted: &Wanted,
    now: jiff::Timestamp,
    mut save: Option<&mut SnapshotWriter>,
    progress: &dyn Progress,
) -> Result<Inventory, FilesError> {
    let mut sources = Sources::default();
    for path in &input.paths {
        sources.add(path, false)?;
    }
    for path in &input.node_facts {
        sources.add(path, true)?;
    }
    let context = Context::new(wanted, save.is_some());
    let mut read = run(&sources.files, &context, save.as_deref_mut(), progress)?;
    let again = late_lists(&sources.files, &read);
    if !again.is_empty() {
        let second = run(&again, &context, save.as_deref_mut(), progress)?;
        for found in &mut read.found {
            if again.iter().any(|source| source.index == found.source) {
                found.kindless = 0;
            }
        }
        read.found.extend(second.found);
    }
    if let Some(writer) = save {
        // What a snapshot asked for, the one made from it need not ask again.
        for mark in read.cuts.values().flat_map(|cut| &cut.marks) {
            if let Mark::Trailer { kinds, .. } = mark {
                kinds.iter().for_each(|kind| writer.asked(kind));
            }
        }
    }
    assemble(input, sources, read, wanted, now)
}

/// Everything that was found, in input order.
struct Read {
    found: Vec<Found>,
    // Per source.
    cuts: BTreeMap<usize, Cut>,
}

// A `PodList` may state what it is only behind its items, which then have to be read once more.
fn late_lists(sources: &[Source], read: &Read) -> Vec<Source> {
    let mut again = Vec::new();
    for source in sources {
        let kindless = read.found.iter().any(|found| found.source == source.index && found.kindless > 0);
        let late = read.cuts.get(&source.index).and_then(|cut| cut.late.clone());
        if kindless && source.path.is_some() && late.as_ref().is_some_and(|head| head.kind.is_some()) {
            again.push(Source { assume: late, ..source.clone() });
        }
    }
    again
}

/// Cuts the sources on this thread and decodes on all others.
fn run(
    sources: &[Source],
    context: &Context,
    save: Option<&mut SnapshotWriter>,
    progress: &dyn Progress,
) -> Result<Read, FilesError> {
    let threads = thread::available_parallelism().map_or(2, usize::from).min(16);
    let pool = Pool::default();
    let (sender, receiver) = sync_channel::<Batch>(threads);
    let receiver = Mutex::new(receiver);
    let done = AtomicUsize::new(0);
    let tell = |source: &Source, objects: usize| {
        let before = done.fetch_add(objects, Ordering::Relaxed);
        progress.reading(&source.file, before + objects);
    };
    let saver = save.map(|writer| Mutex::new(Saver { writer, next: 0, waiting: BTreeMap::new(), error: None }));
    let (mut found, cuts) = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| work(&receiver, &Decoder::new(context), &pool, saver.as_ref(), &tell)))
            .collect();
        let cuts = cut(sources, &pool, sender, &tell);
        let mut all = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(found) => all.extend(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        (all, cuts)
    });
    if let Some(error) = saver.and_then(|saver| saver.into_inner().unwrap_or_else(PoisonError::into_inner).error) {
        return Err(FilesError::Save(error));
    }
    found.sort_by_key(|found| found.number);
    Ok(Read { found, cuts })
}

/// Hears of a source that so many more objects of it were read.
type Tell<'a> = &'a (dyn Fn(&Source, usize) + Sync);

fn cut(sources: &[Source], pool: &Pool, sender: SyncSender<Batch>, tell: Tell<'_>) -> BTreeMap<usize, Cut> {
    let mut cuts = BTreeMap::new();
    let mut number = 0;
    for source in sources {
        let mut emit = |batch: Batch| {
            // Nobody receives if the decoders are gone, which the one who joins them reports.
            let _ = sender.send(Batch { number, ..batch });
            number += 1;
        };
        tell(source, 0);
        let cut = match source.open() {
            Ok(mut reader) => Splitter::run(source.clone().into(), &mut reader, pool, &mut emit),
            Err(error) => {
                let problem = Problem { line: 1, reason: reason(&error), detail: error.to_string() };
                Cut { problems: vec![problem], ..Cut::default() }
            }
        };
        cuts.insert(source.index, cut);
    }
    cuts
}

fn work(
    batches: &Mutex<Receiver<Batch>>,
    decoder: &Decoder<'_>,
    pool: &Pool,
    saver: Option<&Mutex<Saver<'_>>>,
    tell: Tell<'_>,
) -> Vec<Found> {
    let mut all = Vec::new();
    loop {
        let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return all };
        let mut found = decoder.decode(&batch);
        tell(&batch.source, found.objects());
        pool.give(batch.bytes);
        if let Some(saver) = saver {
            let lines = std::mem::take(&mut found.saved);
            saver.lock().unwrap_or_else(PoisonError::into_inner).save(found.number, lines);
        }
        all.push(found);
    }
}

/// Writes what the decoders hand in, in input order.
struct Saver<'w> {
    writer: &'w mut SnapshotWriter,
    next: usize,
    waiting: BTreeMap<usize, (Vec<u8>, u64)>,
    error: Option<io::Error>,
}

impl Saver<'_> {
    fn save(&mut self, number: usize, lines: (Vec<u8>, u64)) {
        self.waiting.insert(number, lines);
        while let Some((lines, objects)) = self.waiting.remove(&self.next) {
            self.next += 1;
            if self.error.is_none()
                && let Err(error) = self.writer.lines(&lines, objects)
            {
                self.error = Some(error);
            }
        }
    }
}

/// Puts together what was found.
fn assemble(
    input: &FileInput,
    sources: Sources,
    read: Read,
    wanted: &Wanted,
    now: jiff::Timestamp,
) -> Result<Inventory, FilesError> {
    let origin = origin(input, &sources);
    let system = System {
        technology: Technology::Kubernetes,
        name: String::new(),
        version: None,
        distribution: None,
        origin: origin.clone(),
    };
    let mut inventory = Inventory::new(system, Mode::Files, now);
    let mut files: Vec<String> = input.paths.iter().map(|path| path.display().to_string()).collect();
    files.sort();
    inventory.scope.files = Some(files);
    let mut gaps: Vec<Gap> =
        sources.closed.into_iter().map(|(path, reason, detail)| document_gap(path, reason, detail)).collect();
    let files: BTreeMap<usize, &Source> = sources.files.iter().map(|source| (source.index, source)).collect();
    let gap = |source: usize, problem: Problem| {
        let file = files.get(&source).map_or("", |source| &*source.file);
        let facts = files.get(&source).is_some_and(|source| source.facts);
        let gap = document_gap(format!("{file}:{}", problem.line), problem.reason, problem.detail);
        if facts { Gap { kind: "NodeFacts".to_owned(), ..gap } } else { gap }
    };
    let mut totals = Found::default();
    let mut saved: Option<Snapshot> = None;
    for (source, cut) in read.cuts {
        gaps.extend(cut.problems.into_iter().map(|problem| gap(source, problem)));
        for kind in cut.lists.iter().filter_map(listed_kind) {
            inventory.add(kind, []);
        }
        if !cut.marks.is_empty() {
            let objects = read.found.iter().filter(|found| found.source == source).map(|found| found.known).sum();
            let file = files.get(&source).map_or("", |source| &*source.file);
            saved.get_or_insert_default().add(file, cut.marks, objects, &mut gaps);
        }
    }
    for found in read.found {
        gaps.extend(found.problems.into_iter().map(|problem| gap(found.source, problem)));
        if found.kindless > 0 && files.get(&found.source).is_some_and(|source| !source.found) {
            let detail = format!("{} of a list without a kind", count(found.kindless, "element"));
            gaps.push(gap(found.source, Problem { line: 1, reason: GapReason::Malformed, detail }));
        }
        for kind in found.listed {
            inventory.add(kind, []);
        }
        for (kind, resources) in found.resources {
            inventory.add(kind, resources);
        }
        for (kind, objects) in found.other {
            *totals.other.entry(kind).or_default() += objects;
        }
        inventory.notes.extend(found.notes);
        totals.known += found.known;
        totals.foreign += found.foreign;
        totals.templates += found.templates;
    }
    let notes = notes(&totals);
    if totals.known == 0 && saved.is_none() {
        let found = notes.into_iter().chain(gaps.iter().take(20).map(Gap::to_string)).collect();
        return Err(FilesError::Nothing { origin, found });
    }
    inventory.notes.extend(notes);
    // A broken document is told as a note as well: it is the user's own text, with its line.
    inventory.notes.extend(
        gaps.iter()
            .filter(|gap| gap.kind == Gap::DOCUMENT)
            .map(|gap| format!("{}: {}, {}", gap.scope.as_deref().unwrap_or("input"), gap.reason.as_str(), gap.detail)),
    );
    gaps.into_iter().for_each(|gap| inventory.add_gap(gap));
    match saved {
        Some(snapshot) => snapshot.restore(&mut inventory, wanted),
        None => system::detect(&mut inventory),
    }
    if let Some(name) = &input.system_name {
        inventory.system.name.clone_from(name);
    } else if inventory.system.name.is_empty() {
        inventory.system.name = default_name(input);
    }
    inventory.finish();
    Ok(inventory)
}

fn document_gap(scope: String, reason: GapReason, detail: String) -> Gap {
    Gap { kind: Gap::DOCUMENT.to_owned(), scope: Some(scope), reason, detail, permission: None }
}

fn notes(totals: &Found) -> Vec<String> {
    let mut notes = Vec::new();
    if totals.templates > 0 {
        notes.push(format!(
            "{} of Helm skipped: render the chart first, with `helm template`",
            count(totals.templates, "template")
        ));
    }
    if !totals.other.is_empty() {
        let objects: usize = totals.other.values().sum();
        let kinds: Vec<&str> = totals.other.keys().map(String::as_str).take(20).collect();
        let more = if totals.other.len() > kinds.len() { ", ..." } else { "" };
        notes.push(format!("{} of other kinds not read: {}{more}", count(objects, "object"), kinds.join(", ")));
    }
    notes
}

fn origin(input: &FileInput, sources: &Sources) -> String {
    let paths: Vec<String> = input
        .paths
        .iter()
        .chain(&input.node_facts)
        .map(|path| {
            if path.as_os_str() == "-" {
                return "standard input".to_owned();
            }
            let below: Vec<&Source> =
                sources.files.iter().filter(|s| s.path.as_ref().is_some_and(|p| p.starts_with(path))).collect();
            let is_file = below.iter().any(|source| source.path.as_ref() == Some(path));
            let path = path.display().to_string();
            if is_file { path } else { format!("{} below {}/", count(below.len(), "file"), path.trim_end_matches('/')) }
        })
        .collect();
    paths.join(", ")
}

fn default_name(input: &FileInput) -> String {
    let Some(path) = input.paths.first().or(input.node_facts.first()) else { return "files".to_owned() };
    if path.as_os_str() == "-" {
        return "stdin".to_owned();
    }
    // `.` and `..` have no name of their own.
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    if real.is_dir() {
        return real.file_name().map_or_else(|| "files".to_owned(), |name| name.to_string_lossy().into_owned());
    }
    source::stem(path)
}

/// What headers and trailers of snapshots say.
#[derive(Default)]
struct Snapshot {
    mode: Option<Mode>,
    now: Option<jiff::Timestamp>,
    system: Option<System>,
    scope: Option<Scope>,
    kinds: std::collections::BTreeSet<String>,
    gaps: Vec<Gap>,
    notes: Vec<String>,
}

impl Snapshot {
    fn add(&mut self, file: &str, marks: Vec<Mark>, read: u64, gaps: &mut Vec<Gap>) {
        let mut missing = Some("the end of the snapshot is missing".to_owned());
        let mut read_as = None;
        for mark in marks {
            match mark {
                Mark::Header { mode, now, .. } => read_as = Some((mode, now)),
                Mark::Trailer { mode, now, system, scope, kinds, gaps, notes, objects, .. } => {
                    read_as = Some((mode, now));
                    missing = (objects != read).then(|| format!("{read} of {objects} objects are there"));
                    self.system.get_or_insert(system);
                    self.scope.get_or_insert(*scope);
                    self.kinds.extend(kinds);
                    self.gaps.extend(gaps);
                    self.notes.extend(notes);
                }
            }
        }
        if let Some((mode, now)) = read_as {
            self.mode.get_or_insert(mode);
            self.now.get_or_insert(now);
        }
        if let Some(detail) = missing {
            gaps.push(document_gap(file.to_owned(), GapReason::Truncated, detail));
        }
    }

    // The inventory becomes what it was when the snapshot was saved.
    fn restore(self, inventory: &mut Inventory, wanted: &Wanted) {
        inventory.mode = self.mode.unwrap_or(inventory.mode);
        inventory.now = self.now.unwrap_or(inventory.now);
        match self.system {
            Some(system) => inventory.system = system,
            None => system::detect(inventory),
        }
        inventory.scope = self.scope.unwrap_or_default();
        self.gaps.into_iter().for_each(|gap| inventory.add_gap(gap));
        inventory.notes.extend(self.notes);
        if inventory.mode == Mode::Files {
            for kind in self.kinds.iter().filter_map(|kind| catalog::kind(kind)) {
                inventory.add(kind.name, []);
            }
        }
        for kind in wanted.kinds() {
            if inventory.mode == Mode::Live && !self.kinds.contains(kind) && inventory.of(kind).is_empty() {
                inventory.add_gap(Gap {
                    kind: kind.to_owned(),
                    scope: None,
                    reason: GapReason::NotCollected,
                    detail: "the snapshot does not hold it: it was not read when the snapshot was saved".to_owned(),
                    permission: None,
                });
            }
        }
    }
}
