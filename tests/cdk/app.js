// The shipped platform as the CDK writes it. webordinary.template.json is what it synthesizes, here with the project's
// environment active, for cfn-flip reads the shipped template:
//   npm install aws-cdk-lib@2.276 constructs
//   CDK_OUTDIR=out node app.js && { cat out/webordinary.template.json; echo; } > webordinary.template.json
const {execFileSync} = require('child_process');
const path = require('path');
const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const ecs = require('aws-cdk-lib/aws-ecs');
const efs = require('aws-cdk-lib/aws-efs');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');
const acm = require('aws-cdk-lib/aws-certificatemanager');
const ddb = require('aws-cdk-lib/aws-dynamodb');
const logs = require('aws-cdk-lib/aws-logs');
const cw = require('aws-cdk-lib/aws-cloudwatch');
const aas = require('aws-cdk-lib/aws-applicationautoscaling');
const iam = require('aws-cdk-lib/aws-iam');
const app = new cdk.App({context: {'@aws-cdk/aws-ec2:restrictDefaultSecurityGroup': true}});
const stack = new cdk.Stack(app, 'webordinary', {env: {region: 'us-west-2'}});
const vpc = new ec2.Vpc(stack, 'Vpc', {maxAzs: 2, natGateways: 0, ipAddresses: ec2.IpAddresses.cidr('10.0.0.0/16'),
  subnetConfiguration: [{name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24}]});
const cluster = new ecs.Cluster(stack, 'Cluster', {vpc, clusterName: 'webordinary-edit-cluster'});
const table = new ddb.Table(stack, 'Sessions', {tableName: 'webordinary-edit-sessions', billingMode: ddb.BillingMode.PAY_PER_REQUEST,
  partitionKey: {name: 'sessionId', type: 'S'}, sortKey: {name: 'userId', type: 'S'}, timeToLiveAttribute: 'ttl',
  pointInTimeRecoverySpecification: {pointInTimeRecoveryEnabled: true}});
table.addGlobalSecondaryIndex({indexName: 'clientId-status-index', partitionKey: {name: 'clientId', type: 'S'}, sortKey: {name: 'status', type: 'S'}});
table.addGlobalSecondaryIndex({indexName: 'status-lastActivity-index', partitionKey: {name: 'status', type: 'S'}, sortKey: {name: 'lastActivity', type: 'N'}});
const albGroup = new ec2.SecurityGroup(stack, 'AlbGroup', {vpc, description: 'HTTP and HTTPS from the world'});
const taskGroup = new ec2.SecurityGroup(stack, 'TaskGroup', {vpc, description: 'from the load balancer'});
for (const port of [80, 443]) albGroup.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port));
for (const port of [3000, 8080, 4321, 4322]) taskGroup.addIngressRule(albGroup, ec2.Port.tcp(port));
const files = new efs.FileSystem(stack, 'Files', {vpc, encrypted: true, throughputMode: efs.ThroughputMode.ELASTIC, vpcSubnets: {subnetType: ec2.SubnetType.PUBLIC},
  fileSystemPolicy: new iam.PolicyDocument({statements: [new iam.PolicyStatement({effect: iam.Effect.DENY, principals: [new iam.AnyPrincipal()], actions: ['*'], resources: ['*'], conditions: {Bool: {'aws:SecureTransport': 'false'}}})]})});
files.connections.allowDefaultPortFrom(taskGroup);
const point = files.addAccessPoint('Workspace', {path: '/workspace', posixUser: {uid: '1000', gid: '1000'}, createAcl: {ownerUid: '1000', ownerGid: '1000', permissions: '0755'}});
const balancer = new elb.ApplicationLoadBalancer(stack, 'Alb', {vpc, internetFacing: true, loadBalancerName: 'webordinary-edit-alb', securityGroup: albGroup, idleTimeout: cdk.Duration.seconds(60)});
const certificate = new acm.Certificate(stack, 'Certificate', {domainName: 'edit.webordinary.example', validation: acm.CertificateValidation.fromDns()});
balancer.addListener('Http', {port: 80, open: false, defaultAction: elb.ListenerAction.redirect({protocol: 'HTTPS', port: '443', permanent: true})});
const https = balancer.addListener('Https', {port: 443, open: false, certificates: [certificate], sslPolicy: elb.SslPolicy.TLS13_RES,
  defaultAction: elb.ListenerAction.fixedResponse(404, {contentType: 'application/json', messageBody: '{"error":"not found"}'})});
https.addAction('Health', {priority: 1, conditions: [elb.ListenerCondition.pathPatterns(['/health'])],
  action: elb.ListenerAction.fixedResponse(200, {contentType: 'application/json', messageBody: '{"status":"healthy"}'})});
const group = (id, name, port) => new elb.ApplicationTargetGroup(stack, id, {vpc, targetGroupName: name, port, protocol: 'HTTP', targetType: 'ip',
  deregistrationDelay: cdk.Duration.seconds(30), healthCheck: {path: '/health', interval: cdk.Duration.seconds(30), timeout: cdk.Duration.seconds(5), healthyThresholdCount: 2, unhealthyThresholdCount: 2, healthyHttpCodes: '200'}});
const hermesGroup = group('HermesGroup', 'webordinary-hermes', 3000);
const apiGroup = group('ApiGroup', 'webordinary-edit-api', 8080);
const previewGroup = group('PreviewGroup', 'webordinary-edit-preview', 4321);
const forward = (id, priority, paths, target) => https.addAction(id, {priority, conditions: [elb.ListenerCondition.pathPatterns(paths)], action: elb.ListenerAction.forward([target])});
forward('Hermes', 5, ['/hermes/*'], hermesGroup);
forward('Api', 610, ['/api/*'], apiGroup);
forward('Preview', 620, ['/preview/*', '/_astro/*'], previewGroup);
const hermesLogs = new logs.LogGroup(stack, 'HermesLogs', {logGroupName: '/ecs/hermes', retention: 30});
const editLogs = new logs.LogGroup(stack, 'EditLogs', {logGroupName: '/ecs/edit', retention: 30});
const hermesTask = new ecs.FargateTaskDefinition(stack, 'HermesTask', {family: 'webordinary-hermes-service', cpu: 512, memoryLimitMiB: 1024});
hermesTask.addContainer('hermes', {image: ecs.ContainerImage.fromRegistry('webordinary/hermes:1.0.0'), memoryLimitMiB: 1024, stopTimeout: cdk.Duration.seconds(30),
  portMappings: [{containerPort: 3000}], logging: ecs.LogDrivers.awsLogs({logGroup: hermesLogs, streamPrefix: 'hermes'}),
  environment: {SERVICE_VERSION: '1.0.0', AWS_REGION: stack.region, SESSIONS_TABLE: table.tableName, CLUSTER: cluster.clusterName, EDIT_SERVICE: 'webordinary-edit-service',
    LISTENER_ARN: https.listenerArn, VPC_ID: vpc.vpcId, ALB_URL: `https://${balancer.loadBalancerDnsName}`, METRIC_NAMESPACE: 'Webordinary/EditSessions', FILE_SYSTEM_ID: files.fileSystemId}});
const editTask = new ecs.FargateTaskDefinition(stack, 'EditTask', {family: 'webordinary-edit-service', cpu: 2048, memoryLimitMiB: 4096,
  volumes: [{name: 'workspace', efsVolumeConfiguration: {fileSystemId: files.fileSystemId, transitEncryption: 'ENABLED', authorizationConfig: {accessPointId: point.accessPointId, iam: 'ENABLED'}}}]});
const edit = editTask.addContainer('edit', {image: ecs.ContainerImage.fromRegistry('webordinary/edit:1.0.0'), memoryLimitMiB: 4096, stopTimeout: cdk.Duration.seconds(30),
  portMappings: [{containerPort: 8080}, {containerPort: 4321}, {containerPort: 4322}], logging: ecs.LogDrivers.awsLogs({logGroup: editLogs, streamPrefix: 'edit'}),
  environment: {SERVICE_VERSION: '1.0.0', AWS_REGION: stack.region, SESSIONS_TABLE: table.tableName, WORKSPACE: '/workspace', EXEC_ENABLED: 'true'}});
edit.addMountPoints({sourceVolume: 'workspace', containerPath: '/workspace', readOnly: false});
// What the shipped roles may do: on this table and this file system, in this cluster and with these metrics, and what can
// have no name yet on every resource.
const {Resources: shipped, Parameters: parameters} = JSON.parse(execFileSync('cfn-flip', ['--json', path.join(__dirname, '../../stack/webordinary.yaml')]));
const owned = {dynamodb: table.tableArn, elasticfilesystem: files.fileSystemArn};
const here = {ecs: {ArnEquals: {'ecs:cluster': cluster.clusterArn}}, cloudwatch: {StringEquals: {'cloudwatch:namespace': 'Webordinary/EditSessions'}}};
const grant = (definition, role) => shipped[role].Properties.Policies.flatMap(each => each.PolicyDocument.Statement).forEach(
  ({Effect, Action}) => {
    const [kind] = [Action].flat()[0].split(':');
    definition.addToTaskRolePolicy(iam.PolicyStatement.fromJson({Effect, Action, Resource: owned[kind] || '*', ...(kind in here && {Condition: here[kind]})}));
  });
grant(hermesTask, 'HermesTaskRole'); grant(editTask, 'EditTaskRole');
// The role of runs has the statements of the shipped one, with the names that its parameters have by themselves.
const named = text => text.replace(/\$\{(\w+)\}/g, (_, name) => parameters[name].Default);
const filled = value => Array.isArray(value) ? value.map(filled) : value['Fn::Sub'] ? cdk.Fn.sub(named(value['Fn::Sub'])) : value.Ref ? cdk.Fn.ref(value.Ref)
  : typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each)])) : value;
const runRole = new iam.Role(stack, 'RunRole', {path: '/seatrials/', assumedBy: new iam.AccountRootPrincipal()});
shipped.RunRole.Properties.Policies.flatMap(each => each.PolicyDocument.Statement).forEach(statement => runRole.addToPolicy(iam.PolicyStatement.fromJson(filled(statement))));
const service = (id, name, definition, desiredCount, targets) => {
  const made = new ecs.FargateService(stack, id, {cluster, serviceName: name, taskDefinition: definition, desiredCount, assignPublicIp: true, enableExecuteCommand: false,
    securityGroups: [taskGroup], vpcSubnets: {subnetType: ec2.SubnetType.PUBLIC}, minHealthyPercent: 100, maxHealthyPercent: 200, circuitBreaker: {rollback: true, enable: true}, healthCheckGracePeriod: cdk.Duration.seconds(60)});
  targets.forEach(([target, containerName, containerPort]) => target.addTarget(made.loadBalancerTarget({containerName, containerPort})));
  return made;
};
const hermesService = service('HermesService', 'webordinary-hermes-service', hermesTask, 1, [[hermesGroup, 'hermes', 3000]]);
hermesService.node.addDependency(https);
const editService = service('EditService', 'webordinary-edit-service', editTask, 0, [[apiGroup, 'edit', 8080], [previewGroup, 'edit', 4321]]);
editService.node.addDependency(https); editService.node.addDependency(files.mountTargetsAvailable);
const scaling = editService.autoScaleTaskCount({minCapacity: 0, maxCapacity: 3});
const target = scaling.node.children.find(c => c.scalableTargetId) || scaling.node.findChild('Target');
const metric = statistic => new cw.Metric({namespace: 'Webordinary/EditSessions', metricName: 'ActiveSessionCount', statistic, period: cdk.Duration.seconds(60)});
const steps = (id, name, alarm, operator, threshold, stepAdjustments) => {
  const policy = new aas.CfnScalingPolicy(stack, id, {policyName: name, policyType: 'StepScaling', scalingTargetId: target.scalableTargetId,
    stepScalingPolicyConfiguration: {adjustmentType: 'ExactCapacity', cooldown: 60, metricAggregationType: 'Maximum', stepAdjustments}});
  const watched = new cw.Alarm(stack, id + 'Alarm', {alarmName: alarm, metric: metric('Maximum'), evaluationPeriods: 1, threshold, comparisonOperator: operator, treatMissingData: cw.TreatMissingData.MISSING});
  watched.addAlarmAction({bind: () => ({alarmActionArn: policy.ref})});
};
steps('ScaleOut', 'webordinary-edit-scale-out', 'webordinary-edit-sessions-high', cw.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD, 1,
  [{metricIntervalLowerBound: 0, metricIntervalUpperBound: 2, scalingAdjustment: 1}, {metricIntervalLowerBound: 2, scalingAdjustment: 3}]);
steps('ScaleIn', 'webordinary-edit-scale-in', 'webordinary-edit-sessions-low', cw.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD, 2,
  [{metricIntervalUpperBound: -2, scalingAdjustment: 0}, {metricIntervalLowerBound: -2, metricIntervalUpperBound: 0, scalingAdjustment: 1}]);
scaling.scaleOnCpuUtilization('Cpu', {targetUtilizationPercent: 40, disableScaleIn: true});
hermesService.autoScaleTaskCount({minCapacity: 0, maxCapacity: 2});
const run = (metricName, statistic, period) => new cw.Metric({namespace: 'Webordinary/IntegrationTests', metricName, statistic, period: cdk.Duration.seconds(period)});
const shown = (title, ...metrics) => new cw.GraphWidget({title, left: metrics});
new cw.Dashboard(stack, 'Runs', {dashboardName: `${cdk.Aws.STACK_NAME}-runs`, widgets: [[
  shown('Starts', run('ColdStartLatency', 'p99', 3600), run('ContainerStartupTime', 'p99', 3600)), shown('Sessions', run('SessionCreationTime', 'Average', 3600)),
  shown('Success', run('TestSuccessRate', 'Average', 3600)), shown('Runs', run('TestDuration', 'Maximum', 3600), run('TestCost', 'Maximum', 3600))]]});
const alarm = (id, name, metric, operator, threshold) => new cw.Alarm(stack, id, {alarmName: `${cdk.Aws.STACK_NAME}-run-${name}`, metric, threshold,
  evaluationPeriods: 1, comparisonOperator: cw.ComparisonOperator[operator], treatMissingData: cw.TreatMissingData.NOT_BREACHING});
alarm('RunSuccess', 'success-rate', run('TestSuccessRate', 'Average', 300), 'LESS_THAN_THRESHOLD', 95);
alarm('RunColdStart', 'cold-start', run('ColdStartLatency', 'Maximum', 300), 'GREATER_THAN_THRESHOLD', 60);
alarm('RunCost', 'cost', run('TestCost', 'Maximum', 300), 'GREATER_THAN_OR_EQUAL_TO_THRESHOLD', 3);
new cdk.CfnOutput(stack, 'AlbUrl', {value: `https://${balancer.loadBalancerDnsName}`});
app.synth();
