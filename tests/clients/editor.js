// An edit container in another language than the mock's own: it serves the sessions that Hermes opens in it.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const { HOST, WORKSPACE, ECS_TASK_ARN } = process.env;
const PORTS = [8080, 4321, 4322];
const sessions = new Map();

function page(session) {
  return path.join(session.projectPath, "index.html");
}

function open(id, { clientId, userId, threadId }) {
  const projectPath = path.join(WORKSPACE, clientId, userId, "project");
  const resumed = fs.existsSync(projectPath);
  fs.mkdirSync(projectPath, { recursive: true });
  sessions.set(id, { sessionId: id, clientId, userId, threadId, projectPath });
  console.log(`opened ${id}`);
  return { projectPath, branch: `thread-${threadId}`, resumed };
}

function api(method, url, id, body) {
  if (method === "POST" && url === "/api/init") return open(id, body);
  if (method === "DELETE") return sessions.delete(url.split("/").pop()) && {};
  const session = sessions.get(id);
  if (session === undefined) return undefined;
  if (url === "/api/execute") fs.writeFileSync(page(session), `<p>${body.instruction}</p>`);
  return { filesChanged: ["index.html"], commit: null };
}

function preview(url) {
  const [, kind, id, rest] = url.split("/");
  const session = kind === "session" ? sessions.get(id) : undefined;
  if (session === undefined) return undefined;
  if (rest === "health") return { status: "healthy", taskArn: ECS_TASK_ARN, workspace: WORKSPACE, ...session };
  return fs.readFileSync(page(session), "utf8");
}

function answer(request, body) {
  const { method, url } = request;
  if (url === "/health") return { status: "healthy", service: "node-editor" };
  if (url.startsWith("/api/")) return api(method, url, request.headers["x-session-id"], body);
  return preview(url);
}

function serve(request, response) {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const text = Buffer.concat(parts).toString();
    const content = answer(request, text ? JSON.parse(text) : {});
    const isPage = typeof content === "string";
    response.writeHead(content === undefined ? 404 : 200, { "content-type": isPage ? "text/html" : "application/json" });
    response.end(isPage ? content : JSON.stringify(content ?? { error: "not found" }));
  });
}

for (const port of PORTS) http.createServer(serve).listen(port, HOST);
console.log(`node ${process.version} listens on ${HOST}`);
process.on("SIGTERM", () => {
  console.log("told to stop");
  process.exit(0);
});
