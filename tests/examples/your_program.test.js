// Tests of a program that makes covers, against the engine: node --test your_program.test.js
"use strict";

const assert = require("assert");
const { once } = require("events");
const http = require("http");
const { spawn } = require("child_process");
const { after, before, beforeEach, test } = require("node:test");
const readline = require("readline");
const COS = require("cos-nodejs-sdk-v5");

const Bucket = "media-1250000000";
const Region = "ap-chongqing";

// The program under test: it submits a job and takes its callback; all it knows is a client.
async function submit(cos, video, callback) {
  const body =
    `<Request><Tag>SmartCover</Tag><Input><Object>${video}</Object></Input><Operation><Output><Region>${Region}</Region>` +
    `<Bucket>${Bucket}</Bucket><Object>covers/\${number}.jpg</Object></Output></Operation>` +
    `<CallBackFormat>JSON</CallBackFormat><CallBack>${callback}</CallBack></Request>`;
  const Url = `http://${Bucket}.ci.${Region}.myqcloud.com/jobs`;
  const Headers = { "Content-Type": "application/xml" };
  const answer = await cos.request({ Bucket, Region, Method: "POST", Url, Key: "jobs", Headers, Body: body, RawBody: true });
  return answer.Body.toString().match(/<JobId>(.*?)<\/JobId>/)[1];
}

const paid = new Set();
let told = 0;
function take(callback) {
  told += 1;
  const job = callback.JobsDetail[0];
  // A callback comes at least once; whoever pays for each of them pays too much.
  if (job.State === "Success") paid.add(job.JobId);
}

let engine, url, receiver, cos;
async function control(path, body, method = body ? "POST" : "GET") {
  const request = http.request(`${url}/_engine/${path}`, { method });
  request.end(body && JSON.stringify(body));
  const [answer] = await once(request, "response");
  let text = "";
  for await (const piece of answer) text += piece;
  return JSON.parse(text);
}

before(async () => {
  engine = spawn("cosci", "serve --addr 127.0.0.1:0 --ephemeral --control --media synthetic --json".split(" "), {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(readline.createInterface({ input: engine.stdout }), "line");
  url = JSON.parse(line).url;
  receiver = http.createServer(async (request, answer) => {
    let text = "";
    for await (const piece of request) text += piece;
    take(JSON.parse(text));
    answer.end();
    receiver.emit("callback");
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
});
after(() => {
  engine.kill();
  receiver.close();
  receiver.closeAllConnections();
});

beforeEach(async () => {
  await control("reset", {});
  paid.clear();
  told = 0;
  cos = new COS({
    SecretId: "AKIDlocal0000000000000000000000000000",
    SecretKey: "localsecret000000000000000000000",
    Protocol: "http:",
    Ip: url.replace("http://", ""),
  });
  await cos.putObject({ Bucket, Region, Key: "in/a.mp4", Body: "any bytes" });
});

const callback = () => `http://127.0.0.1:${receiver.address().port}/done`;
const callbacks = async (count) => {
  while (told < count) await once(receiver, "callback");
};

test("a finished job is paid for", async () => {
  const job = await submit(cos, "in/a.mp4", callback());
  await callbacks(1);
  assert.deepStrictEqual([...paid], [job]);
});

test("a callback that comes twice is paid for once", async () => {
  await control("faults", { operation: "Callback", times: 1, effect: { kind: "double_callback" } });
  await submit(cos, "in/a.mp4", callback());
  await callbacks(2);
  assert.strictEqual(paid.size, 1);
});

test("a callback that got lost can be sent again", async () => {
  await control("faults", { operation: "Callback", times: 1, effect: { kind: "drop_callback" } });
  const lost = await submit(cos, "in/a.mp4", callback());
  let found;
  do found = (await control(`callbacks?job=${lost}`)).callbacks[0];
  while (found?.state !== "Delivered");
  assert.strictEqual(paid.size, 0);
  await control(`callbacks/${found.id}/redeliver`, {});
  await callbacks(1);
  assert.deepStrictEqual([...paid], [lost]);
});

test("an expired signature is refused, whatever the time of day", async () => {
  await control("clock", { freeze: "2030-01-01T00:00:00+0800" });
  cos.options.CorrectClockSkew = false;
  await assert.rejects(submit(cos, "in/a.mp4", "no"), { statusCode: 403, message: "Request has expired" });
});
