//! The block of text that is being cut: looking at it, filling it, handing it on.

use std::io;
use std::sync::{Mutex, PoisonError};

use memchr::{memchr, memchr_iter};

use super::{Batch, LARGEST_OBJECT, Splitter, Stop};
use crate::collect::files::source::DETAILED;

/// Text is read and handed on in blocks of this size; an object that is larger makes its block grow.
pub(super) const BLOCK: usize = 1 << 20;

/// Blocks that were used and can be used again: fresh memory costs more than the copy into it.
#[derive(Debug, Default)]
pub(in crate::collect::files) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    pub(super) fn take(&self, at_least: usize) -> Vec<u8> {
        let mut block = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if block.len() < at_least {
            block.resize(at_least, 0);
        }
        block
    }

    /// Gives a block back. Blocks that grew for one large object are not kept.
    pub(in crate::collect::files) fn give(&self, block: Vec<u8>) {
        if block.len() <= 4 * BLOCK {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        }
    }
}

impl Splitter<'_> {
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Stop> {
        while self.at >= self.filled {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.block[self.at]))
    }

    pub(super) fn follows(&mut self, text: &[u8]) -> Result<bool, Stop> {
        // One more than asked for: callers look at what comes behind.
        while self.filled - self.at <= text.len() {
            if !self.fill()? {
                break;
            }
        }
        Ok(self.block[self.at..self.filled].starts_with(text))
    }

    pub(super) fn skip_space(&mut self) -> Result<(), Stop> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek()? {
            self.at += 1;
        }
        Ok(())
    }

    pub(super) fn skip_line(&mut self) -> Result<(), Stop> {
        loop {
            if let Some(length) = memchr(b'\n', &self.block[self.at..self.filled]) {
                self.at += length + 1;
                return Ok(());
            }
            self.at = self.filled;
            if !self.fill()? {
                return Ok(());
            }
        }
    }

    // Line of the byte at `at`, which must not be in front of what was asked for before.
    pub(super) fn line_of(&mut self, at: usize) -> u32 {
        if at > self.counted {
            let lines = memchr_iter(b'\n', &self.block[self.counted..at]).count();
            self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.counted = at;
        }
        self.line
    }

    // Reads more text; false at its end.
    pub(super) fn fill(&mut self) -> Result<bool, Stop> {
        if self.ended {
            return Ok(false);
        }
        if self.filled == self.block.len() {
            self.make_room()?;
        }
        loop {
            match self.reader.read(&mut self.block[self.filled..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.filled += read;
                    self.total += read as u64;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error.into());
                }
            }
        }
    }

    fn make_room(&mut self) -> Result<(), Stop> {
        let keep = self.keep.unwrap_or(self.at);
        if self.units.is_empty() && keep < self.filled / 2 {
            if self.block.len() >= LARGEST_OBJECT {
                return Err(Stop::TooLarge);
            }
            self.block.resize(self.block.len() * 2, 0);
            return Ok(());
        }
        self.hand_on();
        Ok(())
    }

    // Hands the units on and goes on with a block that holds only what is still needed.
    pub(super) fn hand_on(&mut self) {
        let keep = self.keep.unwrap_or(self.at);
        self.line_of(keep);
        let rest = self.filled - keep;
        if self.units.is_empty() {
            self.block.copy_within(keep..self.filled, 0);
        } else {
            let mut block = self.pool.take(BLOCK.max(rest * 2));
            block[..rest].copy_from_slice(&self.block[keep..self.filled]);
            (self.emit)(Batch {
                number: 0,
                source: self.source.clone(),
                bytes: std::mem::replace(&mut self.block, block),
                units: std::mem::take(&mut self.units),
                detailed: self.source.detailed && self.total <= DETAILED,
            });
        }
        self.counted -= keep;
        self.filled = rest;
        self.at -= keep;
        self.keep = self.keep.map(|_| 0);
    }
}
