//! Keeps the objects that a collector reads in a snapshot.

use std::io;
use std::path::PathBuf;

use super::Fault;
use crate::catalog;
use crate::cli::InputArgs;
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, Mode, ObjectSink, Wanted};
use crate::model::Technology;

/// The snapshot on its way.
pub struct Saver {
    /// Its file.
    pub writer: SnapshotWriter,
    path: PathBuf,
    error: Option<io::Error>,
}

impl Saver {
    /// Begins the snapshot of `--save`, with the kinds that will be asked for; none if nobody wants one.
    pub fn begin(
        input: &InputArgs,
        technology: Technology,
        mode: Mode,
        now: jiff::Timestamp,
        wanted: &Wanted,
    ) -> Result<Option<Saver>, Fault> {
        let Some(path) = &input.save else { return Ok(None) };
        let mut writer = SnapshotWriter::create(path, technology, mode, now)
            .map_err(|error| Fault(format!("{}: {error}", path.display())))?;
        wanted.kinds().for_each(|kind| writer.asked(kind));
        Ok(Some(Saver { writer, path: path.clone(), error: None }))
    }

    /// Gives the file its name.
    pub fn finish(self, inventory: &Inventory) -> Result<(), Fault> {
        let Saver { writer, path, error } = self;
        let finished = match error {
            Some(error) => Err(error),
            None => writer.finish(inventory),
        };
        finished.map_err(|error| Fault(format!("{}: {error}", path.display())))
    }
}

/// Where collectors hand their objects.
pub fn sink(saver: &mut Option<Saver>) -> Option<&mut dyn ObjectSink> {
    saver.as_mut().map(|saver| saver as &mut dyn ObjectSink)
}

impl ObjectSink for Saver {
    fn object(&mut self, kind: &str, raw: &[u8]) {
        let Some(kind) = catalog::kind(kind).filter(|_| self.error.is_none()) else { return };
        self.error = self.writer.object(&kind.api_version(), kind.object_name(), raw).err();
    }
}
