//! Data of `escalates`: actions of AWS which, together, give their holder further rights. Version 1.

/// Combinations; every action of one is needed.
pub static COMBINATIONS: &[&[&str]] = &[
    // Rights written by oneself.
    &["iam:CreatePolicyVersion"],
    &["iam:SetDefaultPolicyVersion"],
    &["iam:AttachUserPolicy"],
    &["iam:AttachGroupPolicy"],
    &["iam:AttachRolePolicy"],
    &["iam:PutUserPolicy"],
    &["iam:PutGroupPolicy"],
    &["iam:PutRolePolicy"],
    &["iam:AddUserToGroup"],
    &["iam:DeleteUserPermissionsBoundary"],
    &["iam:PutUserPermissionsBoundary"],
    &["iam:DeleteRolePermissionsBoundary"],
    &["iam:PutRolePermissionsBoundary"],
    // Becoming somebody else.
    &["iam:CreateAccessKey"],
    &["iam:CreateLoginProfile"],
    &["iam:UpdateLoginProfile"],
    &["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"],
    // Own code under a role that is there already.
    &["lambda:UpdateFunctionCode"],
    &["glue:UpdateDevEndpoint"],
    // Own code under a role that one passes.
    &["iam:PassRole", "ec2:RunInstances"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
    &["iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"],
    &["iam:PassRole", "glue:CreateDevEndpoint"],
    &["iam:PassRole", "glue:CreateJob", "glue:StartJobRun"],
    &["iam:PassRole", "glue:UpdateJob", "glue:StartJobRun"],
    &["iam:PassRole", "cloudformation:CreateStack"],
    &["iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"],
    &["iam:PassRole", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"],
    &["iam:PassRole", "sagemaker:CreateTrainingJob"],
    &["iam:PassRole", "sagemaker:CreateProcessingJob"],
    &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"],
    &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:StartTask"],
    &["iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:CreateService"],
    &["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"],
    &["iam:PassRole", "codestar:CreateProject"],
    &["iam:PassRole", "autoscaling:CreateAutoScalingGroup", "autoscaling:CreateLaunchConfiguration"],
    &["iam:PassRole", "states:CreateStateMachine", "states:StartExecution"],
];

/// Services that take a role under another name than that of their actions.
pub static RECEIVERS: &[(&str, &str)] = &[("autoscaling", "ec2"), ("ecs", "ecs-tasks")];

/// Parts of actions of IAM and STS, in lower case, and the names of the resources that these are about; the first decides.
pub static KINDS: &[(&str, &str)] = &[
    ("policyversion", "policy/*"),
    ("group", "group/*"),
    ("user", "user/*"),
    ("accesskey", "user/*"),
    ("loginprofile", "user/*"),
    ("role", "role/*"),
];

/// Actions, in lower case, that are a gain only where another may be taken for it.
pub static AS_ANOTHER: &[&str] = &["iam:createaccesskey", "iam:createloginprofile", "iam:updateloginprofile"];

/// Beginnings of context keys, in lower case, that say what may be passed or changed.
pub static NARROWING: &[&str] = &["iam:", "aws:resourcetag/", "aws:requesttag/"];

/// Actions, in lower case, that count only on more than resources named in full: to use the own role or function is no gain.
pub static UNBOUND: &[&str] = &["iam:passrole", "lambda:updatefunctioncode", "glue:updatedevendpoint"];
