//! Options of scans of AWS accounts.

use clap::Args;

/// Which account, which regions, as whom. Credentials come from where the vendor's own tools look for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "AWS")]
pub struct AwsArgs {
    /// Scan the AWS account of the environment's credentials; the other options of this group say so too
    #[arg(long, env = "SPM_AWS", value_parser = super::switch, conflicts_with_all = ["kubeconfig", "context"])]
    pub aws: bool,
    /// Profile of the shared configuration and credentials files; else AWS_PROFILE
    #[arg(long, value_name = "NAME", env = "SPM_AWS_PROFILE")]
    pub profile: Option<String>,
    /// Role to assume before anything is read
    #[arg(long, value_name = "ARN", env = "SPM_AWS_ROLE_ARN")]
    pub role_arn: Option<String>,
    /// External id that the roles ask for
    #[arg(long, value_name = "ID", env = "SPM_AWS_EXTERNAL_ID", hide_env_values = true)]
    pub external_id: Option<String>,
    /// Only these regions; else every one that the account has switched on
    #[arg(long, value_name = "REGION", value_delimiter = ',', env = "SPM_AWS_REGION")]
    pub region: Vec<String>,
    /// Not these regions
    #[arg(long, value_name = "REGION", value_delimiter = ',', env = "SPM_AWS_EXCLUDE_REGION")]
    pub exclude_region: Vec<String>,
    /// Several accounts: their ids, or `organization` for all active ones of it; each through the role of --account-role
    #[arg(long, value_name = "ID", value_delimiter = ',', env = "SPM_AWS_ACCOUNTS", requires = "account_role")]
    pub accounts: Vec<String>,
    /// Name of the role to assume in each of --accounts
    #[arg(long, value_name = "NAME", env = "SPM_AWS_ACCOUNT_ROLE")]
    pub account_role: Option<String>,
}

impl AwsArgs {
    /// Whether these options ask for an account.
    pub fn asked(&self) -> bool {
        *self != AwsArgs::default()
    }
}
