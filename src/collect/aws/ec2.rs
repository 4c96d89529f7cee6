//! EC2 through the vendor's own SDK: typed requests, its signature, its view of what is an answer. The answer itself is taken
//! as it came, so that it is decoded to the names of the command line like every other.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ec2::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_sdk_ec2::config::{
    BehaviorVersion, ConfigBag, IdentityCache, Intercept, Region, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_ec2::error::{BoxError, SdkError};
use aws_sdk_ec2::types::InstanceAttributeName;
use aws_sdk_ec2::{Client, Config};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Map, Value as Json};

use super::credentials::{ForSdk, Keys};
use super::decode::Answer;
use super::endpoint::Endpoint;
use super::http::{Http, NoAnswer};

/// A client for one region. It tries nothing again and has no deadlines: the caller does and has.
pub fn client(endpoint: &Endpoint, http: Http, keys: Arc<Keys>) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(endpoint.region.clone()))
        .endpoint_url(&endpoint.url)
        .http_client(http)
        .credentials_provider(ForSdk(keys))
        .identity_cache(IdentityCache::no_cache())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Keeps the answer of a call as it came.
#[derive(Debug, Clone, Default)]
struct Capture(Arc<Mutex<Option<Answer>>>);

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer(context.response()));
        Ok(())
    }
}

fn answer(response: &HttpResponse) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
        body: response.body().bytes().map(<[u8]>::to_vec).unwrap_or_default(),
    }
}

impl Capture {
    fn result<T, E>(self, sent: Result<T, SdkError<E, HttpResponse>>) -> Result<Answer, NoAnswer> {
        let captured = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (sent, captured) {
            (Ok(_), Some(answer)) => Ok(answer),
            // Refusals, and answers that the SDK does not understand: our own decoder says what is wrong with them.
            (Err(SdkError::ServiceError(error)), _) => Ok(answer(error.raw())),
            (Err(SdkError::ResponseError(error)), _) => Ok(answer(error.raw())),
            (Err(SdkError::DispatchFailure(failure)), _) => {
                let error = failure.as_connector_error().and_then(|error| std::error::Error::source(error));
                Err(error.and_then(|error| error.downcast_ref::<NoAnswer>()).cloned().unwrap_or(NoAnswer::BadRequest))
            }
            _ => Err(NoAnswer::BadRequest),
        }
    }
}

/// Parameters that are lists of text.
fn texts(value: &Json) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Operations with the parameters that they may be given, and how many elements a page is asked to have.
macro_rules! operations {
    ($client:ident, $name:ident, $with:ident; $($operation:ident $method:ident $(page $page:literal)? {
        $($parameter:ident $set:ident $read:expr;)*
    })*) => {
        /// Operations that can be sent.
        #[cfg(test)]
        const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];

        /// Sends an operation with its parameters.
        pub async fn send($client: &Client, $name: &str, $with: &Map<String, Json>) -> Result<Answer, NoAnswer> {
            let capture = Capture::default();
            match $name {
                $(stringify!($operation) => {
                    #[allow(unused_mut, reason = "some operations have no parameters")]
                    let mut builder = $client.$method()$(.max_results($page))?;
                    for (parameter, value) in $with {
                        let _ = value;
                        match parameter.as_str() {
                            $(stringify!($parameter) => {
                                builder = builder.$set(Some($read(value).ok_or(NoAnswer::BadRequest)?));
                            })*
                            _ => return Err(NoAnswer::BadRequest),
                        }
                    }
                    let sent = builder.customize().interceptor(capture.clone()).send().await;
                    capture.result(sent)
                })*
                _ => Err(NoAnswer::BadRequest),
            }
        }
    };
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn attribute(value: &Json) -> Option<InstanceAttributeName> {
    value.as_str().map(InstanceAttributeName::from)
}

operations! { client, name, with;
    DescribeAddresses describe_addresses {}
    DescribeFlowLogs describe_flow_logs page 1000 { NextToken set_next_token text; }
    DescribeImages describe_images page 1000 { NextToken set_next_token text; Owners set_owners texts; }
    DescribeInstanceAttribute describe_instance_attribute {
        InstanceId set_instance_id text;
        Attribute set_attribute attribute;
    }
    DescribeInstances describe_instances page 1000 { NextToken set_next_token text; }
    DescribeLaunchTemplateVersions describe_launch_template_versions page 200 {
        NextToken set_next_token text;
        Versions set_versions texts;
    }
    DescribeNetworkAcls describe_network_acls page 1000 { NextToken set_next_token text; }
    DescribeNetworkInterfaces describe_network_interfaces page 1000 { NextToken set_next_token text; }
    DescribeRegions describe_regions {}
    DescribeRouteTables describe_route_tables page 100 { NextToken set_next_token text; }
    DescribeSecurityGroups describe_security_groups page 1000 { NextToken set_next_token text; }
    DescribeSnapshots describe_snapshots page 1000 {
        NextToken set_next_token text;
        OwnerIds set_owner_ids texts;
        RestorableByUserIds set_restorable_by_user_ids texts;
    }
    DescribeSubnets describe_subnets page 1000 { NextToken set_next_token text; }
    DescribeVolumes describe_volumes page 1000 { NextToken set_next_token text; }
    DescribeVpcEndpoints describe_vpc_endpoints page 1000 { NextToken set_next_token text; }
    DescribeVpcPeeringConnections describe_vpc_peering_connections page 1000 { NextToken set_next_token text; }
    DescribeVpcs describe_vpcs page 1000 { NextToken set_next_token text; }
    DescribeVpnConnections describe_vpn_connections {}
    GetEbsEncryptionByDefault get_ebs_encryption_by_default {}
    GetInstanceMetadataDefaults get_instance_metadata_defaults {}
    GetSnapshotBlockPublicAccessState get_snapshot_block_public_access_state {}
}

#[cfg(test)]
mod tests {
    use super::OPERATIONS;
    use crate::catalog::aws::{kinds, model};

    #[test]
    fn every_operation_of_the_catalog_can_be_sent() {
        let model = model::service("ec2").unwrap();
        assert_eq!(model.operations().collect::<Vec<_>>(), OPERATIONS);
        let calls = kinds().flat_map(|kind| crate::catalog::aws::row(kind.name).unwrap().calls());
        let called: Vec<_> = calls.filter(|call| call.service == "ec2").collect();
        assert!(called.len() > 15 && called.iter().all(|call| OPERATIONS.contains(&call.operation.as_str())));
    }
}
