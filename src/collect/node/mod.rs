//! Facts of one node: what stands in its files and which components run with which flags. Reads only, starts nothing.

pub mod facts;
