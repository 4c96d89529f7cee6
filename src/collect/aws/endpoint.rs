//! Where a service answers in a region, and for which region a call to it is signed. Facts as in the vendor's published
//! endpoint rules, for the partitions `aws`, `aws-cn` and `aws-us-gov`.

use std::collections::BTreeMap;

use crate::catalog::aws::model::Service;

/// A separate part of the vendor's cloud, with accounts and names of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// Second part of its ARNs.
    pub id: &'static str,
    suffix: &'static str,
    dual_stack_suffix: &'static str,
    // Region that calls of services without regions are signed for.
    home: &'static str,
}

const COMMERCIAL: Partition =
    Partition { id: "aws", suffix: "amazonaws.com", dual_stack_suffix: "api.aws", home: "us-east-1" };
const CHINA: Partition = Partition {
    id: "aws-cn",
    suffix: "amazonaws.com.cn",
    dual_stack_suffix: "api.amazonwebservices.com.cn",
    home: "cn-northwest-1",
};
const GOVERNMENT: Partition =
    Partition { id: "aws-us-gov", suffix: "amazonaws.com", dual_stack_suffix: "api.aws", home: "us-gov-west-1" };

/// The partition that a region belongs to.
pub fn partition(region: &str) -> &'static Partition {
    match region {
        _ if region.starts_with("cn-") => &CHINA,
        _ if region.starts_with("us-gov-") => &GOVERNMENT,
        _ => &COMMERCIAL,
    }
}

/// Whether the service has one endpoint for all regions.
pub fn is_global(service: &str) -> bool {
    matches!(service, "account" | "cloudfront" | "iam" | "organizations" | "route53" | "support")
}

/// The name by which settings know a service (`AWS_ENDPOINT_URL_<NAME>`).
pub fn settings_name(service: &str) -> String {
    let known = match service {
        "apigateway" => "api_gateway",
        "autoscaling" => "auto_scaling",
        "cognito-idp" => "cognito_identity_provider",
        "config" => "config_service",
        "dms" => "database_migration_service",
        "elb" => "elastic_load_balancing",
        "elbv2" => "elastic_load_balancing_v2",
        "logs" => "cloudwatch_logs",
        "route53" => "route_53",
        "s3control" => "s3_control",
        "secretsmanager" => "secrets_manager",
        "states" => "sfn",
        other => other,
    };
    known.replace('-', "_")
}

/// How endpoints are to be found.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// Address of all services, instead of the vendor's.
    pub all: Option<String>,
    /// Addresses of some services, by the service's name in the catalog.
    pub services: BTreeMap<String, String>,
    /// Endpoints with validated cryptography.
    pub fips: bool,
    /// Endpoints that have IPv6 too.
    pub dual_stack: bool,
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host, port and maybe the beginning of the path; no slash at the end.
    pub url: String,
    /// The region in the signature.
    pub region: String,
    /// It was given by the user, so that nothing is put before the host name.
    pub given: bool,
    /// It is the one that a service has wherever it is offered.
    pub plain: bool,
}

impl Endpoints {
    /// The endpoint of the service called `id` in the catalog.
    ///
    /// # Errors
    /// What is wrong with the region's name or with the address that the user gave.
    pub fn of(&self, id: &str, service: &Service, region: &str) -> Result<Endpoint, String> {
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        // It becomes a part of the host name that credentials are sent to.
        if region.is_empty() || region.len() > 40 || !region.chars().all(named) {
            return Err("the name of the region is not one".to_owned());
        }
        let partition = partition(region);
        let signed = match (id, partition.id) {
            ("iam", "aws-cn") => "cn-north-1",
            // Otherwise than usual it is addressed as if it had regions.
            ("support", _) if self.dual_stack || self.fips => region,
            ("support", "aws-cn") => "cn-north-1",
            _ if is_global(id) => partition.home,
            _ => region,
        };
        if let Some(url) = self.services.get(id).or(self.all.as_ref()) {
            let url = url.trim_end_matches('/');
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if !rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', '@'])) {
                return Err("the endpoint that was set is no address like https://host:port".to_owned());
            }
            return Ok(Endpoint { url: url.to_owned(), region: signed.to_owned(), given: true, plain: false });
        }
        let host = self.host(id, service, partition, signed);
        let plain = !self.fips && !self.dual_stack;
        Ok(Endpoint { url: format!("https://{host}"), region: signed.to_owned(), given: false, plain })
    }

    fn host(&self, id: &str, service: &Service, partition: &Partition, region: &str) -> String {
        let suffix = if self.dual_stack { partition.dual_stack_suffix } else { partition.suffix };
        // Endpoints of the government's regions have validated cryptography by themselves, but for some services.
        let validated = partition.id == "aws-us-gov" && !self.dual_stack && !GOVERNMENT_FIPS.contains(&id);
        let fips = if self.fips && !validated { "-fips" } else { "" };
        match (id, partition.id) {
            ("cloudfront", "aws") if self.dual_stack => format!("cloudfront{fips}.global.{suffix}"),
            ("cloudfront", "aws-cn") if !self.dual_stack => format!("cloudfront{fips}.{region}.{suffix}"),
            ("cloudfront", _) => format!("cloudfront{fips}.{suffix}"),
            ("iam", "aws-cn") if !self.dual_stack && !self.fips => format!("iam.{region}.{suffix}"),
            ("iam" | "route53", "aws-us-gov") => format!("{id}.us-gov.{suffix}"),
            ("iam" | "route53", _) if self.dual_stack => format!("{id}{fips}.global.{suffix}"),
            ("iam" | "route53", _) => format!("{id}{fips}.{suffix}"),
            ("s3" | "s3control", _) => {
                let dual = if self.dual_stack { ".dualstack" } else { "" };
                format!("{}{fips}{dual}.{region}.{}", service.endpoint, partition.suffix)
            }
            ("cognito-idp", "aws") | ("secretsmanager", _) if self.dual_stack && !self.fips => {
                format!("{}.{region}.{}", service.endpoint, partition.suffix)
            }
            ("states", "aws-us-gov") if self.dual_stack => format!("states-fips.{region}.{suffix}"),
            ("eks", "aws") if self.fips && !self.dual_stack => format!("fips.eks.{region}.{suffix}"),
            ("sagemaker", "aws" | "aws-us-gov") if self.fips && !self.dual_stack => {
                format!("api-fips.sagemaker.{region}.{suffix}")
            }
            _ => {
                let first = match id {
                    "ecr" if self.dual_stack => "ecr",
                    "efs" if self.dual_stack => "efs",
                    "kafka" if self.dual_stack => "kafka-api",
                    "opensearch" if self.dual_stack => "aos",
                    _ => &service.endpoint,
                };
                format!("{first}{fips}.{region}.{suffix}")
            }
        }
    }
}

/// Services with separate endpoints for validated cryptography even in the government's regions.
const GOVERNMENT_FIPS: &[&str] = &[
    "account",
    "apigateway",
    "apigatewayv2",
    "athena",
    "backup",
    "bedrock",
    "cloudfront",
    "codebuild",
    "cognito-idp",
    "ecr",
    "ecs",
    "efs",
    "firehose",
    "glue",
    "inspector2",
    "kms",
    "lambda",
    "macie2",
    "mq",
    "network-firewall",
    "opensearch",
    "s3",
    "s3control",
    "sagemaker",
    "secretsmanager",
    "securityhub",
    "transfer",
    "wafv2",
    "workspaces",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::aws::model::{self, service};

    // Made by tests/tools/make_aws_bed.py with the endpoint rules of botocore.
    const KNOWN: &str = include_str!("../../../tests/bed/aws/endpoints.tsv");

    #[test]
    fn endpoints_and_signing_regions_are_those_of_the_vendors_own_tools() {
        let mut seen = 0;
        for line in KNOWN.lines().filter(|line| !line.starts_with('#')) {
            let [id, region, mode, url, signed] = *line.split('\t').collect::<Vec<_>>() else { panic!("{line}") };
            let endpoints =
                Endpoints { fips: mode.contains("fips"), dual_stack: mode.contains("dual"), ..Endpoints::default() };
            let endpoint = endpoints.of(id, &service(id).unwrap(), region).unwrap();
            assert_eq!((endpoint.url.as_str(), endpoint.region.as_str()), (url, signed), "{id} in {region} {mode}");
            seen += 1;
        }
        assert!(seen > 600, "only {seen} endpoints were compared");
    }

    #[test]
    fn an_address_that_was_set_wins_and_is_checked() {
        let s3 = service("s3").unwrap();
        let set = |url: &str| Endpoints { all: Some(url.to_owned()), ..Endpoints::default() };
        let endpoint = set("http://127.0.0.1:4566/").of("s3", &s3, "eu-central-1").unwrap();
        assert_eq!(endpoint.url, "http://127.0.0.1:4566");
        assert_eq!(endpoint.region, "eu-central-1");
        assert!(endpoint.given);
        for bad in ["", "localhost:4566", "ftp://host", "https://", "https://user@host", "https://host?x=y"] {
            assert!(set(bad).of("s3", &s3, "eu-central-1").is_err(), "{bad}");
        }
        let mut both = set("http://all");
        both.services.insert("s3".to_owned(), "http://only-s3".to_owned());
        assert_eq!(both.of("s3", &s3, "eu-central-1").unwrap().url, "http://only-s3");
        assert_eq!(both.of("sts", &service("sts").unwrap(), "eu-central-1").unwrap().url, "http://all");
    }

    #[test]
    fn a_region_that_is_no_name_never_becomes_a_host() {
        let s3 = service("s3").unwrap();
        for bad in ["", "evil.example/", "EU", "a b", "eu-central-1\n", "eu@x", &"a".repeat(41)] {
            assert!(Endpoints::default().of("s3", &s3, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn settings_know_services_by_other_names() {
        assert_eq!(settings_name("elbv2"), "elastic_load_balancing_v2");
        assert_eq!(settings_name("sso-admin"), "sso_admin");
        assert!(model::services().all(|id| settings_name(id).chars().all(|c| c.is_ascii_alphanumeric() || c == '_')));
    }
}
