//! AWS accounts: what is wanted is asked of the API, or taken from its saved answers, and becomes objects of the inventory.
//!
//! Calls are signed, paced, tried again and followed page by page. Only operations that the catalog names can be called, and
//! all of those only read; the credential report is the one thing that is also asked to be made.

mod actions;
mod credential_report;
pub mod folder;
mod objects;

#[cfg(feature = "aws")]
mod account;
#[cfg(feature = "aws")]
mod client;
#[cfg(feature = "aws")]
mod credentials;
#[cfg(feature = "aws")]
mod decode;
#[cfg(feature = "aws")]
mod ec2;
#[cfg(feature = "aws")]
pub mod eks;
#[cfg(feature = "aws")]
mod endpoint;
#[cfg(feature = "aws")]
mod error;
#[cfg(feature = "aws")]
mod http;
#[cfg(feature = "aws")]
mod pace;
#[cfg(feature = "aws")]
mod pages;
#[cfg(feature = "aws")]
mod plan;
#[cfg(feature = "aws")]
mod report;
#[cfg(feature = "aws")]
mod request;
#[cfg(feature = "aws")]
mod review;
#[cfg(feature = "aws")]
mod scan;
#[cfg(feature = "aws")]
mod sign;

pub use actions::actions;

#[cfg(feature = "aws")]
pub use account::{AccountAccess, AwsError, collect, organization};
#[cfg(feature = "aws")]
pub use client::{Caller, EnabledRegion, Identity};
#[cfg(feature = "aws")]
pub use credentials::Access;
#[cfg(feature = "aws")]
pub use endpoint::{Endpoints, partition};
#[cfg(feature = "aws")]
pub use error::{CallError, Class};
#[cfg(feature = "aws")]
pub use review::{ActionVerdict, Review, review_access};
