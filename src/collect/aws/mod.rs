//! AWS accounts: answers of the API, from the network or from files, become objects of the inventory.

pub mod objects;
