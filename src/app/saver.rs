//! Keeps the objects that a collector reads in a snapshot.

use std::io;

use crate::catalog;
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, ObjectSink, Wanted};

/// The snapshot on its way.
pub struct Saver {
    /// Its file.
    pub writer: SnapshotWriter,
    error: Option<io::Error>,
}

impl Saver {
    /// Begins with the kinds that will be asked for.
    pub fn new(mut writer: SnapshotWriter, wanted: &Wanted) -> Saver {
        wanted.kinds().for_each(|kind| writer.asked(kind));
        Saver { writer, error: None }
    }

    /// Gives the file its name.
    pub fn finish(self, inventory: &Inventory) -> io::Result<()> {
        match self.error {
            Some(error) => Err(error),
            None => self.writer.finish(inventory),
        }
    }
}

impl ObjectSink for Saver {
    fn object(&mut self, kind: &str, raw: &[u8]) {
        let Some(kind) = catalog::kind(kind).filter(|_| self.error.is_none()) else { return };
        let version = kind.api_version();
        self.error = self.writer.object(&version, kind.name, raw).err();
    }
}
