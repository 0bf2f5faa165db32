// The Allure report over all environments.
//
// `seatrials report` runs Allure in a folder where report.json says what to report; all else about the report is here.

import { readFileSync } from "node:fs";

const { name, output, historyPath, environments } = JSON.parse(readFileSync("report.json", "utf-8"));

const historyLimit = 20;

// An environment is what its scenarios were labelled with when they were collected, so that it is known of every result.
const isLabelled = (environment) => ({ labels }) =>
  labels.some((label) => label.name === "env" && label.value === environment);

// The first category that matches has the result. The messages are those of src/seatrials.
const categories = [
  {
    name: "Has no result",
    matchers: { statuses: ["broken"], message: /^collected, but there is no result/ },
  },
  {
    name: "Met a broken promise, which another row asks for",
    matchers: { statuses: ["failed", "broken"], message: /BrokenPromiseError/ },
  },
  {
    name: "Waited in vain",
    matchers: { statuses: ["failed", "broken"], message: /(waited [\d.e+]+ s for|gave up waiting for) / },
  },
  {
    name: "Took more time than its suite allows",
    matchers: { statuses: ["failed", "broken"], message: /took [\d.]+ s of platform time; the limit/ },
  },
  {
    name: "Answered by the load balancer instead of the service",
    matchers: { statuses: ["failed", "broken"], message: /from the load balancer itself/ },
  },
  {
    name: "Does not do what was promised",
    matchers: { statuses: ["failed"] },
  },
  {
    name: "Could not be examined",
    matchers: { statuses: ["broken", "unknown"] },
  },
  {
    name: "Was not run here",
    matchers: { statuses: ["skipped"] },
  },
].map((category) => ({ ...category, groupBy: ["environment"] }));

// Charts that the history of several environments can fill; the others of Allure stay empty.
const charts = [
  { type: "currentStatus", title: "Results now" },
  { type: "statusDynamics", title: "Results over the last reports", limit: historyLimit },
  { type: "testResultSeverities", title: "Results by severity" },
  { type: "durations", title: "Durations of scenarios", groupBy: "none" },
  { type: "durationDynamics", title: "Durations over the last reports", limit: historyLimit },
];

export default {
  name,
  output,
  historyPath,
  historyLimit,
  categories,
  environments: Object.fromEntries(
    Object.entries(environments).map(([environment, variables]) => [
      environment,
      { name: environment, variables, matcher: isLabelled(environment) },
    ]),
  ),
  plugins: {
    awesome: {
      options: { singleFile: true, theme: "auto", reportLanguage: "en", groupBy: ["suite"], charts },
    },
  },
};
