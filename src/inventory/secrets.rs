//! What of the objects of AWS may be secret, and how it is left out of snapshots.
//!
//! Text at [`PLACES`] is never kept, whatever it says; other text is not kept if a secret of a known form is found in it. What
//! the search found stays, so that `holds_secret` answers as it did.

use serde_json::Value as Json;

use super::snapshot;
use crate::expr::domain::searched::Searched;
use crate::expr::projection::UNKNOWN;

/// Fields whose text is not kept.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Kind of the object.
    pub kind: &'static str,
    /// Keys, and `*` for every element; all text there and below.
    pub path: &'static [&'static str],
    /// The text is base64.
    pub base64: bool,
}

const fn plain(kind: &'static str, path: &'static [&'static str]) -> Place {
    Place { kind, path, base64: false }
}

const fn encoded(kind: &'static str, path: &'static [&'static str]) -> Place {
    Place { kind, path, base64: true }
}

/// Where people put secrets, and where AWS itself returns them.
#[rustfmt::skip]
pub static PLACES: &[Place] = &[
    plain("AWS::ApiGateway::Stage", &["variables"]),
    plain("AWS::ApiGatewayV2::Stage", &["StageVariables"]),
    encoded("AWS::AutoScaling::LaunchConfiguration", &["UserData"]),
    plain("AWS::CloudFormation::Stack", &["Outputs", "*", "OutputValue"]),
    plain("AWS::CloudFormation::Stack", &["Parameters", "*", "ParameterValue"]),
    plain("AWS::CloudFormation::Stack", &["Parameters", "*", "ResolvedValue"]),
    plain("AWS::CloudFront::Distribution", &["Origins", "Items", "*", "CustomHeaders", "Items", "*", "HeaderValue"]),
    plain("AWS::CloudFront::Distribution", &["DistributionConfig", "Origins", "Items", "*", "CustomHeaders", "Items", "*", "HeaderValue"]),
    plain("AWS::CodeBuild::Project", &["environment", "environmentVariables", "*", "value"]),
    plain("AWS::CodeBuild::Project", &["source", "buildspec"]),
    plain("AWS::CodeBuild::Project", &["secondarySources", "*", "buildspec"]),
    plain("AWS::CodeBuild::Project", &["webhook", "secret"]),
    encoded("AWS::EC2::Instance", &["UserData"]),
    encoded("AWS::EC2::LaunchTemplate", &["LaunchTemplateData", "UserData"]),
    plain("AWS::EC2::VPNConnection", &["CustomerGatewayConfiguration"]),
    plain("AWS::EC2::VPNConnection", &["Options", "TunnelOptions", "*", "PreSharedKey"]),
    plain("AWS::ECS::Service", &["deployments", "*", "serviceConnectConfiguration", "logConfiguration", "options"]),
    plain("AWS::ECS::Service", &["TaskDefinition", "containerDefinitions", "*", "command"]),
    plain("AWS::ECS::Service", &["TaskDefinition", "containerDefinitions", "*", "dockerLabels"]),
    plain("AWS::ECS::Service", &["TaskDefinition", "containerDefinitions", "*", "entryPoint"]),
    plain("AWS::ECS::Service", &["TaskDefinition", "containerDefinitions", "*", "environment", "*", "value"]),
    plain("AWS::ECS::Service", &["TaskDefinition", "containerDefinitions", "*", "healthCheck", "command"]),
    plain("AWS::ECS::Service", &["TaskDefinition", "containerDefinitions", "*", "logConfiguration", "options"]),
    plain("AWS::ECS::TaskDefinition", &["containerDefinitions", "*", "command"]),
    plain("AWS::ECS::TaskDefinition", &["containerDefinitions", "*", "dockerLabels"]),
    plain("AWS::ECS::TaskDefinition", &["containerDefinitions", "*", "entryPoint"]),
    plain("AWS::ECS::TaskDefinition", &["containerDefinitions", "*", "environment", "*", "value"]),
    plain("AWS::ECS::TaskDefinition", &["containerDefinitions", "*", "healthCheck", "command"]),
    plain("AWS::ECS::TaskDefinition", &["containerDefinitions", "*", "logConfiguration", "options"]),
    plain("AWS::ElasticLoadBalancingV2::Listener", &["DefaultActions", "*", "AuthenticateOidcConfig", "ClientSecret"]),
    plain("AWS::ElasticLoadBalancingV2::Listener", &["Rules", "*", "Actions", "*", "AuthenticateOidcConfig", "ClientSecret"]),
    plain("AWS::EMR::Cluster", &["Configurations"]),
    plain("AWS::EMR::Cluster", &["KerberosAttributes", "ADDomainJoinPassword"]),
    plain("AWS::EMR::Cluster", &["KerberosAttributes", "CrossRealmTrustPrincipalPassword"]),
    plain("AWS::EMR::Cluster", &["KerberosAttributes", "KdcAdminPassword"]),
    plain("AWS::KinesisFirehose::DeliveryStream", &["Destinations", "*", "HttpEndpointDestinationDescription", "RequestConfiguration", "CommonAttributes", "*", "AttributeValue"]),
    plain("AWS::KinesisFirehose::DeliveryStream", &["Destinations", "*", "SplunkDestinationDescription", "HECToken"]),
    plain("AWS::Lambda::Function", &["Environment", "Variables"]),
    plain("AWS::RDS::DBInstance", &["PendingModifiedValues", "MasterUserPassword"]),
    plain("AWS::Redshift::Cluster", &["PendingModifiedValues", "MasterUserPassword"]),
    plain("AWS::StepFunctions::StateMachine", &["definition"]),
];

/// Leaves out of an object what may be secret. Its `metadata` tells which one it is, and stays.
pub fn mask(kind: &str, object: &mut Json) {
    for place in PLACES.iter().filter(|place| place.kind == kind) {
        at(object, place.path, &mut |text| Some(Searched::mask(text, place.base64)));
    }
    if let Json::Object(fields) = object {
        for (_, value) in fields.iter_mut().filter(|(key, _)| *key != "metadata") {
            at(value, &[], &mut |text| Some(Searched::with_known_form(text)?.words(false)));
        }
    }
}

// Every text at and below the path, if `words` has some to stand for it.
fn at(value: &mut Json, path: &[&str], words: &mut dyn FnMut(&str) -> Option<String>) {
    match (value, path) {
        (Json::Object(map), _) if map.contains_key(UNKNOWN) => {}
        (Json::Array(items), ["*", rest @ ..]) => items.iter_mut().for_each(|item| at(item, rest, words)),
        (Json::Object(map), ["*", rest @ ..]) => map.values_mut().for_each(|value| at(value, rest, words)),
        (Json::Object(map), [key, rest @ ..]) => {
            if let Some(value) = map.get_mut(*key) {
                at(value, rest, words);
            }
        }
        (Json::Array(items), []) => items.iter_mut().for_each(|item| at(item, &[], words)),
        (Json::Object(map), []) => map.values_mut().for_each(|value| at(value, &[], words)),
        // Nothing is hidden in an empty text, and rules may ask for it.
        (value, []) => {
            if let Some(words) = value.as_str().filter(|text| !text.is_empty()).and_then(words) {
                *value = snapshot::unknown(&words);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(kind: &str, mut object: Json) -> Json {
        mask(kind, &mut object);
        object
    }

    #[test]
    fn text_in_places_for_secrets_is_not_kept() {
        let task = json!({"family": "web", "containerDefinitions": [
            {"name": "a", "environment": [{"name": "DB_PASSWORD", "value": "tr0ub4dor&3x"}, {"name": "EMPTY", "value": ""}]},
            {"name": "b", "command": ["serve", "--quiet"]}]});
        let kept = masked("AWS::ECS::TaskDefinition", task);
        let variables = &kept["containerDefinitions"][0]["environment"];
        assert_eq!(variables[0]["name"], "DB_PASSWORD");
        assert_eq!(variables[0]["value"], snapshot::unknown(&Searched::mask("tr0ub4dor&3x", false)));
        assert_eq!(variables[1], json!({"name": "EMPTY", "value": ""}));
        assert_eq!(kept["family"], "web");
        assert_eq!(kept["containerDefinitions"][1]["command"][1], snapshot::unknown(&Searched::mask("--quiet", false)));
        assert!(!kept.to_string().contains("tr0ub4dor"));
        // What was saved once is not masked again.
        assert_eq!(masked("AWS::ECS::TaskDefinition", kept.clone()), kept);
    }

    #[test]
    fn other_text_is_not_kept_if_it_holds_a_secret_of_a_known_form() {
        let key = ["AK", "IAQ3EGRIEB7VTZ5XKD"].concat();
        let group = json!({"metadata": {"name": "g"}, "Description": format!("made with {key}"), "Tags": [{"Key": "k", "Value": "v"}]});
        let kept = masked("AWS::EC2::SecurityGroup", group);
        assert_eq!(
            kept["Description"],
            json!({UNKNOWN: "the value was masked when the snapshot was saved; it held AWS access key in line 1"})
        );
        assert_eq!((&kept["metadata"]["name"], &kept["Tags"]), (&json!("g"), &json!([{"Key": "k", "Value": "v"}])));
    }
}
