"""Changes of the shipped template that AWS refuses, written down from AWS's documents before there was a rule.

Sources in short: ECS is the Amazon ECS API Reference and Developer Guide, ELB the Elastic Load Balancing API Reference
and the Application Load Balancer guide, CW CloudWatch's PutMetricAlarm, AAS the Application Auto Scaling API Reference,
DDB DynamoDB's, EFS, EC2 and IAM those services' API references, CFN the CloudFormation User Guide.
"""

from tests.support.template_changes import LEFT_OUT, Change

_HERMES = "HermesTaskDefinition.ContainerDefinitions.0"
_EDIT = "EditTaskDefinition.ContainerDefinitions.0"
_REF_A = {"Ref": "SubnetA"}
_FORWARD = {"Type": "forward", "TargetGroupArn": {"Ref": "HermesTargetGroup"}}
_FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
_PATHS = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/hermes/*"]}}
_DEFINITION = "ECS RegisterTaskDefinition"
_FARGATE = "ECS Developer Guide, Task definition differences for Fargate"

TASKS = (
    Change(f"{_HERMES}.Image", LEFT_OUT, "Image", _DEFINITION),
    Change(f"{_HERMES}.Name", "her mes", "Name", _DEFINITION),
    Change(f"{_HERMES}.Essential", value=False, says="essential", source=_DEFINITION),
    Change(f"{_HERMES}.StopTimeout", 121, "StopTimeout", _FARGATE),
    Change(f"{_HERMES}.Memory", 2048, "Memory", _DEFINITION),
    Change(f"{_HERMES}.Cpu", 1024, "Cpu", _DEFINITION),
    Change(f"{_HERMES}.Privileged", value=True, says="Privileged", source=_FARGATE),
    Change(f"{_HERMES}.Links", ["edit"], "Links", _DEFINITION),
    Change(f"{_HERMES}.Hostname", "hermes", "Hostname", _DEFINITION),
    Change(f"{_HERMES}.LinuxParameters", {"SharedMemorySize": 64}, "SharedMemorySize", _FARGATE),
    Change(f"{_HERMES}.DependsOn", [{"ContainerName": "db", "Condition": "START"}], "DependsOn", _DEFINITION),
    Change(f"{_HERMES}.HealthCheck", {"Command": ["CMD-SHELL", "true"], "Interval": 1}, "Interval", _DEFINITION),
    Change(f"{_HERMES}.PortMappings.0.ContainerPort", 70000, "ContainerPort", _DEFINITION),
    Change(f"{_HERMES}.PortMappings.0.HostPort", 80, "HostPort", _DEFINITION),
    Change(f"{_HERMES}.PortMappings.0.Protocol", "http", "Protocol", _DEFINITION),
    Change(f"{_HERMES}.LogConfiguration.LogDriver", "syslog", "LogDriver", _FARGATE),
    Change(f"{_HERMES}.LogConfiguration.Options.awslogs-region", LEFT_OUT, "awslogs-region", "ECS LogConfiguration"),
    Change(f"{_HERMES}.LogConfiguration.Options.awslogs-group", LEFT_OUT, "awslogs-group", "ECS LogConfiguration"),
    Change(
        f"{_HERMES}.LogConfiguration.Options.awslogs-stream-prefix",
        LEFT_OUT,
        "awslogs-stream-prefix",
        "ECS LogConfiguration",
    ),
    Change(f"{_EDIT}.MountPoints.0.SourceVolume", "works", "SourceVolume", _DEFINITION),
    Change("HermesTaskDefinition.ContainerDefinitions", [], "ContainerDefinitions", _DEFINITION),
    Change(
        "HermesTaskDefinition.ContainerDefinitions.1", {"Name": "hermes", "Image": "x:1"}, "container name", _DEFINITION
    ),
    Change("HermesTaskDefinition.ExecutionRoleArn", LEFT_OUT, "ExecutionRoleArn", _FARGATE),
    Change("EditTaskDefinition.TaskRoleArn", LEFT_OUT, "TaskRoleArn", "ECS Developer Guide, ECS Exec"),
    Change("HermesTaskDefinition.Memory", "512", "Memory", _FARGATE),
    Change("HermesTaskDefinition.Memory", LEFT_OUT, "Memory", _FARGATE),
    Change("HermesTaskDefinition.Cpu", "300", "Cpu", _FARGATE),
    Change("HermesTaskDefinition.Cpu", LEFT_OUT, "Cpu", _FARGATE),
    Change("HermesTaskDefinition.NetworkMode", "bridge", "NetworkMode", _FARGATE),
    Change("HermesTaskDefinition.NetworkMode", "AwsVpc", "NetworkMode", _DEFINITION),
    Change("HermesTaskDefinition.NetworkMode", LEFT_OUT, "NetworkMode", _FARGATE),
    Change("HermesTaskDefinition.EphemeralStorage", {"SizeInGiB": 300}, "SizeInGiB", _DEFINITION),
    Change("HermesTaskDefinition.RuntimePlatform", {"CpuArchitecture": "arm64"}, "CpuArchitecture", _DEFINITION),
    Change("HermesTaskDefinition.PidMode", "host", "PidMode", _FARGATE),
    Change(
        "EditTaskDefinition.Volumes.0.EFSVolumeConfiguration.TransitEncryption", LEFT_OUT, "TransitEncryption", "ECS"
    ),
    Change(
        "EditTaskDefinition.Volumes.0.EFSVolumeConfiguration.TransitEncryption", "DISABLED", "TransitEncryption", "ECS"
    ),
    Change("EditTaskDefinition.Volumes.0.EFSVolumeConfiguration.RootDirectory", "/a", "RootDirectory", "ECS"),
    Change("EditTaskDefinition.Volumes.0.Name", "", "Name", _DEFINITION),
    Change("EditTaskDefinition.Volumes.1", {"Name": "host", "Host": {"SourcePath": "/x"}}, "SourcePath", _FARGATE),
)

_SERVICE = "ECS CreateService"
SERVICES = (
    Change("HermesService.LoadBalancers.0.ContainerName", "hermess", "ContainerName", _SERVICE),
    Change("HermesService.LoadBalancers.0.ContainerPort", 3001, "ContainerPort", _SERVICE),
    Change("HermesService.LoadBalancers.0.TargetGroupArn", LEFT_OUT, "TargetGroupArn", _SERVICE),
    Change("HermesService.LoadBalancers", LEFT_OUT, "HealthCheckGracePeriodSeconds", _SERVICE),
    Change("HermesService.DeploymentConfiguration.MaximumPercent", 100, "MaximumPercent", _SERVICE),
    Change("HermesService.DeploymentConfiguration.MinimumHealthyPercent", 250, "MinimumHealthyPercent", _SERVICE),
    Change("HermesService.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback", LEFT_OUT, "Rollback", _SERVICE),
    Change("HermesService.DesiredCount", -1, "DesiredCount", _SERVICE),
    Change("HermesService.NetworkConfiguration", LEFT_OUT, "NetworkConfiguration", _SERVICE),
    Change("HermesService.NetworkConfiguration.AwsvpcConfiguration.Subnets", [], "Subnets", _SERVICE),
    Change(
        "HermesService.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
        [{"Ref": "TaskSecurityGroup"}] * 6,
        "SecurityGroups",
        "ECS AwsVpcConfiguration",
    ),
    Change("HermesService.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "YES", "AssignPublicIp", _SERVICE),
    Change("HermesService.LaunchType", "FARGAT", "LaunchType", _SERVICE),
    Change(
        "HermesService.CapacityProviderStrategy",
        [{"CapacityProvider": "FARGATE"}],
        "CapacityProviderStrategy",
        _SERVICE,
    ),
    Change("HermesService.SchedulingStrategy", "DAEMON", "SchedulingStrategy", _SERVICE),
    Change("HermesService.PlacementStrategies", [{"Type": "spread", "Field": "host"}], "PlacementStrategies", _FARGATE),
    Change("HermesService.ServiceName", "hermes service", "ServiceName", _SERVICE),
    Change("EditService.ServiceName", {"Ref": "HermesServiceName"}, "ServiceName", _SERVICE),
    Change("HermesTargetGroup.TargetType", "instance", "TargetType", _SERVICE),
)

_RULE = "ELB CreateRule"
_QUOTAS = "ALB guide, Condition types for listener rules"
RULES = (
    Change(
        "HermesRule.Actions.0", _FIXED, "HermesTargetGroup", "ECS: the target group has no associated load balancer"
    ),
    Change("HermesRule.Priority", 50001, "Priority", _RULE),
    Change("HermesRule.Priority", 0, "Priority", _RULE),
    Change("HermesRule.Priority", 1, "Priority", "ELB: PriorityInUse"),
    Change("HermesRule.Priority", LEFT_OUT, "Priority", _RULE),
    Change("HermesRule.Conditions", [], "Conditions", _RULE),
    Change("HermesRule.Conditions.1", _PATHS, "path-pattern", _QUOTAS),
    Change("HermesRule.Conditions.0.PathPatternConfig.Values", [f"/{n}" for n in range(6)], "Values", _QUOTAS),
    Change(
        "HermesRule.Conditions.1",
        {"Field": "host-header", "HostHeaderConfig": {"Values": [f"{n}.example.com" for n in range(5)]}},
        "condition values",
        _QUOTAS,
    ),
    Change("HermesRule.Conditions.0.PathPatternConfig.Values.0", "/" + "a" * 128, "128", _QUOTAS),
    Change("HermesRule.Conditions.0.PathPatternConfig.Values.0", "/{a}", "Values", _QUOTAS),
    Change("HermesRule.Conditions.0.Field", "path", "Field", _RULE),
    Change(
        "HermesRule.Conditions.1",
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1"]}},
        "source-ip",
        _QUOTAS,
    ),
    Change(
        "HermesRule.Conditions.1",
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}},
        "http-request-method",
        _QUOTAS,
    ),
    Change(
        "HermesRule.Conditions.1",
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "Host", "Values": ["a"]}},
        "Host",
        _QUOTAS,
    ),
    Change("HermesRule.Actions.0.TargetGroupArn", LEFT_OUT, "TargetGroupArn", _RULE),
    Change("HermesRule.Actions.0.Type", "forwards", "Type", _RULE),
    Change("HermesRule.Actions.1", _FORWARD, "Actions", _RULE),
    Change(
        "HermesRule.Actions.0",
        {
            "Type": "forward",
            "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"Ref": "HermesTargetGroup"}, "Weight": 1000}]},
        },
        "Weight",
        _RULE,
    ),
    Change("HealthRule.Actions.0.FixedResponseConfig.MessageBody", "a" * 1025, "MessageBody", "ELB FixedResponse"),
    Change("HealthRule.Actions.0.FixedResponseConfig.StatusCode", "302", "StatusCode", "ELB FixedResponse"),
    Change("HealthRule.Actions.0.FixedResponseConfig.ContentType", "text/xml", "ContentType", "ELB FixedResponse"),
)

_BALANCER = "ELB CreateLoadBalancer"
_LISTENER = "ELB CreateListener"
_GROUP = "ELB CreateTargetGroup"
_REDIRECT = "HttpListener.DefaultActions.0.RedirectConfig"
BALANCERS = (
    Change("LoadBalancer.Subnets", [_REF_A], "Subnets", _BALANCER),
    Change("LoadBalancer.Subnets", [_REF_A, _REF_A], "Subnets", _BALANCER),
    Change("SubnetB.AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "Availability Zone", _BALANCER),
    Change("LoadBalancer.Name", "webordinary_alb", "Name", _BALANCER),
    Change("LoadBalancer.Name", "a" * 33, "Name", _BALANCER),
    Change("LoadBalancer.Name", "internal-alb", "Name", _BALANCER),
    Change("LoadBalancer.Type", "app", "Type", _BALANCER),
    Change("LoadBalancer.Scheme", "public", "Scheme", _BALANCER),
    Change(
        "LoadBalancer.LoadBalancerAttributes.0.Key", "idle_timeout.seconds", "idle_timeout.seconds", "ELB attributes"
    ),
    Change("LoadBalancer.LoadBalancerAttributes.0.Value", "4001", "idle_timeout", "ELB LoadBalancerAttribute"),
    Change("LoadBalancer.LoadBalancerAttributes.0.Value", "a minute", "idle_timeout", "ELB LoadBalancerAttribute"),
    Change("HttpsListener.Certificates", LEFT_OUT, "Certificates", _LISTENER),
    Change("HttpsListener.Protocol", "TCP", "Protocol", _LISTENER),
    Change("HttpsListener.SslPolicy", "ELBSecurityPolicy-2099", "SslPolicy", _LISTENER),
    Change("HttpsListener.DefaultActions", [], "DefaultActions", _LISTENER),
    Change("HttpListener.Port", 443, "Port", "ELB: DuplicateListener"),
    Change("HttpListener.Port", 65536, "Port", _LISTENER),
    Change(_REDIRECT, {"StatusCode": "HTTP_301"}, "RedirectConfig", "ELB RedirectActionConfig"),
    Change(f"{_REDIRECT}.StatusCode", "HTTP_307", "StatusCode", "ELB RedirectActionConfig"),
    Change(f"{_REDIRECT}.Port", "abc", "Port", "ELB RedirectActionConfig"),
    Change(f"{_REDIRECT}.Path", "elsewhere", "Path", "ELB RedirectActionConfig"),
    Change("HermesTargetGroup.TargetGroupAttributes.0.Key", "deregistration.delay", "deregistration.delay", _GROUP),
    Change("HermesTargetGroup.TargetGroupAttributes.0.Value", "3601", "deregistration_delay", _GROUP),
    Change(
        "HermesTargetGroup.TargetGroupAttributes.1", {"Key": "stickiness.type", "Value": "cookie"}, "stickiness", _GROUP
    ),
    Change("HermesTargetGroup.Name", {"Ref": "EditApiTargetGroupName"}, "Name", "ELB: DuplicateTargetGroupName"),
    Change("HermesTargetGroup.Protocol", "TCP", "Protocol", _GROUP),
    Change("HermesTargetGroup.Port", LEFT_OUT, "Port", _GROUP),
    Change("HermesTargetGroup.VpcId", LEFT_OUT, "VpcId", _GROUP),
    Change("HermesTargetGroup.HealthCheckPath", "health", "HealthCheckPath", _GROUP),
    Change("HermesTargetGroup.HealthCheckTimeoutSeconds", 30, "HealthCheckTimeoutSeconds", _GROUP),
    Change("HermesTargetGroup.HealthCheckIntervalSeconds", 301, "HealthCheckIntervalSeconds", _GROUP),
    Change("HermesTargetGroup.HealthyThresholdCount", 1, "HealthyThresholdCount", _GROUP),
    Change("HermesTargetGroup.Matcher.HttpCode", "600", "HttpCode", "ELB Matcher"),
)

_ALARM = "CW PutMetricAlarm"
_POLICY = "AAS StepScalingPolicyConfiguration"
_STEPS = "ScaleOutPolicy.StepScalingPolicyConfiguration"
SCALING = (
    Change("EditScalableTarget.MinCapacity", 5, "MinCapacity", "AAS RegisterScalableTarget"),
    Change("EditScalableTarget.MinCapacity", -1, "MinCapacity", "AAS RegisterScalableTarget"),
    Change("EditScalableTarget.ResourceId", "service/webordinary", "ResourceId", "AAS RegisterScalableTarget"),
    Change("EditScalableTarget.ScalableDimension", "ecs:service:Count", "ScalableDimension", "AAS"),
    Change(f"{_STEPS}.StepAdjustments.0.MetricIntervalUpperBound", 3, "overlap", _POLICY),
    Change(f"{_STEPS}.StepAdjustments.0.MetricIntervalUpperBound", 1, "gap", _POLICY),
    Change(f"{_STEPS}.StepAdjustments.0.MetricIntervalUpperBound", -1, "StepAdjustments", _POLICY),
    Change(f"{_STEPS}.StepAdjustments.0.ScalingAdjustment", -1, "ScalingAdjustment", _POLICY),
    Change(f"{_STEPS}.StepAdjustments", LEFT_OUT, "StepAdjustments", _POLICY),
    Change(f"{_STEPS}.AdjustmentType", "Exact", "AdjustmentType", _POLICY),
    Change(f"{_STEPS}.AdjustmentType", LEFT_OUT, "AdjustmentType", _POLICY),
    Change(f"{_STEPS}.MinAdjustmentMagnitude", 1, "MinAdjustmentMagnitude", _POLICY),
    Change("ScaleOutPolicy.PolicyType", "TargetTrackingScaling", "PolicyType", "AAS PutScalingPolicy"),
    Change("SessionsHighAlarm.DatapointsToAlarm", 2, "DatapointsToAlarm", _ALARM),
    Change("SessionsHighAlarm.TreatMissingData", "notbreaching", "TreatMissingData", _ALARM),
    Change("SessionsHighAlarm.Period", 45, "Period", _ALARM),
    Change("SessionsHighAlarm.EvaluationPeriods", 1500, "EvaluationPeriods", _ALARM),
    Change("SessionsHighAlarm.EvaluationPeriods", 0, "EvaluationPeriods", _ALARM),
    Change("SessionsHighAlarm.Statistic", LEFT_OUT, "Statistic", _ALARM),
    Change("SessionsHighAlarm.ExtendedStatistic", "p99", "ExtendedStatistic", _ALARM),
    Change("SessionsHighAlarm.Threshold", LEFT_OUT, "Threshold", _ALARM),
    Change("SessionsHighAlarm.ComparisonOperator", "GreaterThan", "ComparisonOperator", _ALARM),
    Change("SessionsHighAlarm.AlarmActions.0", "scale-out", "AlarmActions", _ALARM),
    Change("SessionsHighAlarm.Unit", "Sessions", "Unit", _ALARM),
)

_TABLE = "DDB CreateTable"
STORES = (
    Change("SessionTable.AttributeDefinitions.5", {"AttributeName": "x", "AttributeType": "S"}, "Attribute", _TABLE),
    Change("SessionTable.AttributeDefinitions.4.AttributeName", "last", "lastActivity", _TABLE),
    Change("SessionTable.AttributeDefinitions.0.AttributeType", "T", "AttributeType", _TABLE),
    Change("SessionTable.KeySchema.1.KeyType", "HASH", "KeySchema", _TABLE),
    Change("SessionTable.BillingMode", "PROVISIONED", "ProvisionedThroughput", _TABLE),
    Change("SessionTable.GlobalSecondaryIndexes.0.IndexName", "status-lastActivity-index", "IndexName", _TABLE),
    Change("SessionTable.GlobalSecondaryIndexes.0.Projection.ProjectionType", "SOME", "ProjectionType", _TABLE),
    Change("MountTargetB.SubnetId", _REF_A, "Availability Zone", "EFS: MountTargetConflict"),
    Change("WorkspaceAccessPoint.PosixUser.Gid", LEFT_OUT, "Gid", "EFS PosixUser"),
    Change("WorkspaceAccessPoint.RootDirectory.Path", "workspace", "Path", "EFS RootDirectory"),
    Change("WorkspaceAccessPoint.RootDirectory.CreationInfo.Permissions", "0999", "Permissions", "EFS CreationInfo"),
    Change("FileSystem.ThroughputMode", "provisioned", "ProvisionedThroughputInMibps", "EFS CreateFileSystem"),
    Change("EditLogGroup.RetentionInDays", 31, "RetentionInDays", "CloudWatch Logs PutRetentionPolicy"),
    Change("EditLogGroup.LogGroupName", "ecs edit", "LogGroupName", "CloudWatch Logs CreateLogGroup"),
)

_INGRESS = "TaskSecurityGroup.SecurityGroupIngress.0"
_STATEMENT = "HermesTaskRole.Policies.0.PolicyDocument.Statement.0"
NETWORK_AND_ACCESS = (
    Change("Vpc.CidrBlock", "10.0.0.0/8", "CidrBlock", "EC2 CreateVpc"),
    Change("SubnetB.CidrBlock", "10.0.1.128/25", "CidrBlock", "EC2: InvalidSubnet.Conflict"),
    Change("SubnetB.CidrBlock", "10.1.2.0/24", "CidrBlock", "EC2: InvalidSubnet.Range"),
    Change(f"{_INGRESS}.FromPort", 3001, "FromPort", "EC2 IpPermission"),
    Change(f"{_INGRESS}.CidrIp", "10.0.0.0/16", "CidrIp", "EC2 SecurityGroupIngress"),
    Change(f"{_INGRESS}.SourceSecurityGroupId", LEFT_OUT, "SourceSecurityGroupId", "EC2 SecurityGroupIngress"),
    Change(f"{_INGRESS}.IpProtocol", "tpc", "IpProtocol", "EC2 IpPermission"),
    Change("LoadBalancerSecurityGroup.SecurityGroupIngress.0.CidrIp", "192.0.2.1", "CidrIp", "EC2 IpRange"),
    Change("DefaultRoute.GatewayId", LEFT_OUT, "GatewayId", "EC2 CreateRoute"),
    Change("SubnetBRoutes.SubnetId", _REF_A, "SubnetId", "EC2: Resource.AlreadyAssociated"),
    Change(f"{_STATEMENT}.Effect", "Permit", "Effect", "IAM JSON policy elements"),
    Change(f"{_STATEMENT}.Action", LEFT_OUT, "Action", "IAM JSON policy elements"),
    Change(f"{_STATEMENT}.Principal", "*", "Principal", "IAM JSON policy elements"),
    Change("HermesTaskRole.Policies.0.PolicyDocument.Version", "2012-10-18", "Version", "IAM JSON policy elements"),
    Change("HermesTaskRole.AssumeRolePolicyDocument", LEFT_OUT, "AssumeRolePolicyDocument", "IAM CreateRole"),
    Change("HermesTaskRole.RoleName", "a" * 65, "RoleName", "IAM CreateRole"),
)

_PARAMETERS = "CFN, Parameters"
PARAMETERS = (
    Change("Parameters.ExecEnabled.Default", "yes", "yes", _PARAMETERS),
    Change("Parameters.TableName.AllowedPattern", "[a-z]+", "AllowedPattern", _PARAMETERS),
    Change("Parameters.TableName.MaxLength", 5, "MaxLength", _PARAMETERS),
    Change("Parameters.TableName.MinLength", 50, "MinLength", _PARAMETERS),
    Change("Parameters.TableName.Type", "Number", "Number", _PARAMETERS),
    Change("Parameters.Count", {"Type": "Number", "Default": 0, "MinValue": 1}, "MinValue", _PARAMETERS),
    Change("Parameters.Count", {"Type": "Number", "Default": 3, "MaxValue": 2}, "MaxValue", _PARAMETERS),
    Change("Parameters.Odd", {"Type": "Text", "Default": "a"}, "Text", _PARAMETERS),
    Change(
        "Rules.Never",
        {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "ExecEnabled"}, "false"]}, "AssertDescription": "no exec"}]},
        "no exec",
        "CFN, Rules",
    ),
)

REFUSED = (*TASKS, *SERVICES, *RULES, *BALANCERS, *SCALING, *STORES, *NETWORK_AND_ACCESS, *PARAMETERS)
