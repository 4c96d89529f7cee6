//! Calls to an AWS account: signed, paced, tried again, page by page. Only operations that the catalog names can be called,
//! and all of those only read; the credential report is the one thing that is also asked to be made.

mod client;
mod credentials;
mod decode;
mod ec2;
mod endpoint;
mod error;
mod http;
mod pace;
mod pages;
mod report;
mod request;
mod sign;

pub use client::{Caller, EnabledRegion, Identity};
pub use credentials::Access;
pub use endpoint::{Endpoints, partition};
pub use error::{CallError, Class};
