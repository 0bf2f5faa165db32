"""What can go wrong with the roles and secrets of a platform that starts from nothing."""

from seatrials.mutants import Mutants
from seatrials.mutants.template_edits import add, allow_elsewhere, append, deny, forbid, put, secret

MUTANTS = Mutants()

_HERMES, _EDIT, _AGENT = "HermesTaskRole", "EditTaskRole", "ExecutionRole"
_TRUST = "AssumeRolePolicyDocument.Statement.0.Principal.Service"

MUTANTS.rows["COLD-02"] = {
    "hermes-may-not-publish": (
        "Hermes may not publish the number of sessions.",
        forbid(_HERMES, "cloudwatch:PutMetricData"),
    ),
    "hermes-may-publish-elsewhere": (
        "Hermes may publish under the name of an older release only.",
        allow_elsewhere(
            _HERMES,
            "cloudwatch:PutMetricData",
            Condition={"StringEquals": {"cloudwatch:namespace": "Webordinary/Sessions"}},
        ),
    ),
    "image-of-the-editor-forbidden": (
        "Tasks may pull the image of Hermes only.",
        allow_elsewhere(
            _AGENT,
            "ecr:BatchGetImage",
            Resource={"Fn::Sub": "arn:aws:ecr:${AWS::Region}:${AWS::AccountId}:repository/webordinary/hermes"},
        ),
    ),
}

MUTANTS.rows["COLD-03"] = {
    "hermes-may-not-scan": ("Hermes may not scan its table.", forbid(_HERMES, "dynamodb:Scan")),
    "hermes-may-not-put": ("Hermes may not put an item into its table.", forbid(_HERMES, "dynamodb:PutItem")),
    "hermes-at-another-table": (
        "Hermes may use a table of another name.",
        allow_elsewhere(
            _HERMES,
            "dynamodb:PutItem",
            Resource={"Fn::Sub": "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${AWS::StackName}"},
        ),
    ),
    "denied-in-this-region": (
        "Whatever is not in another region is denied to Hermes.",
        deny(_HERMES, "*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}}),
    ),
    "hermes-of-instances": (
        "The role of Hermes is for instances, not for tasks.",
        put(_HERMES, _TRUST, "ec2.amazonaws.com"),
    ),
    "no-streams-of-logs": (
        "Tasks may not make a stream for their logs.",
        forbid(_AGENT, "logs:CreateLogStream"),
    ),
    "no-token-of-the-registry": (
        "Tasks get no token of the registry.",
        forbid(_AGENT, "ecr:GetAuthorizationToken"),
    ),
    "secret-of-another-stack": (
        "Hermes is given a secret that is not there.",
        secret(
            "HermesTaskDefinition",
            "TEMPLATES_TOKEN",
            {"Fn::Sub": "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:webordinary/templates-Ab12Cd"},
        ),
        append(
            _AGENT,
            "Policies.0.PolicyDocument.Statement",
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
        ),
    ),
}

MUTANTS.rows["COLD-06"] = {
    "hermes-may-not-make-rules": (
        "Hermes may make no rule of the listener.",
        forbid(_HERMES, "elasticloadbalancing:CreateRule"),
    ),
    "groups-without-tags": (
        "Hermes may make target groups, but not give them the tags that it makes them with.",
        forbid(_HERMES, "elasticloadbalancing:AddTags"),
    ),
    "hermes-may-not-register": (
        "Hermes may make target groups and register nothing in them.",
        forbid(_HERMES, "elasticloadbalancing:RegisterTargets"),
    ),
    "hermes-in-another-cluster": (
        "Hermes may see the tasks of another cluster.",
        allow_elsewhere(
            _HERMES,
            "ecs:ListTasks",
            Condition={
                "ArnEquals": {"ecs:cluster": {"Fn::Sub": "arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:cluster/other"}}
            },
        ),
    ),
}

MUTANTS.rows["COLD-08"] = {
    "workspace-not-mountable": (
        "The edit task may not mount its file system.",
        forbid(_EDIT, "elasticfilesystem:ClientMount"),
    ),
    "mountable-through-another-door": (
        "The edit task may mount its file system through an access point that is gone.",
        allow_elsewhere(
            _EDIT,
            "elasticfilesystem:ClientMount",
            Condition={
                "StringEquals": {
                    "elasticfilesystem:AccessPointArn": {
                        "Fn::Sub": "arn:aws:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/fsap-0gone"
                    }
                }
            },
        ),
    ),
    "editor-of-instances": (
        "The role of the edit task is for instances, not for tasks.",
        put(_EDIT, _TRUST, "ec2.amazonaws.com"),
    ),
    "parameter-that-may-not-be-read": (
        "The edit task is given a parameter that its execution role may not read.",
        add("AiKey", "AWS::SSM::Parameter", Name="/webordinary/ai-key", Type="String", Value="none"),
        secret("EditTaskDefinition", "AI_KEY", {"Ref": "AiKey"}),
    ),
}

MUTANTS.rows["COLD-13"] = {
    "activity-may-not-be-told": (
        "A container may not tell the table that a session is in use.",
        forbid(_EDIT, "dynamodb:UpdateItem"),
    ),
}

MUTANTS.rows["COLD-14"] = {
    "hermes-may-not-delete-rules": (
        "Hermes may delete no rule of a session that has ended.",
        forbid(_HERMES, "elasticloadbalancing:DeleteRule"),
    ),
}
