// What a program with the AWS SDK for JavaScript sees of a platform that the variables of its shell lead to.
"use strict";

const { DescribeServicesCommand, ECSClient, UpdateServiceCommand } = require("@aws-sdk/client-ecs");

const [cluster, service, count] = process.argv.slice(2);

async function main() {
  const client = new ECSClient({});
  await client.send(new UpdateServiceCommand({ cluster, service, desiredCount: Number(count) }));
  const answer = await client.send(new DescribeServicesCommand({ cluster, services: [service] }));
  console.log(answer.services[0].desiredCount);
}

main();
