// The official Node SDK as a client of the engine: every call once, one line of JSON for each.
//
// The one argument is a JSON document: mode, port, bucket, region, id, key, clip. The SDK has no calls for CI;
// its vendor's examples send them with `request`, and so does this program.
"use strict";

const dns = require("dns");
const fs = require("fs");
const COS = require("cos-nodejs-sdk-v5");

const given = JSON.parse(process.argv[2]);
const { bucket: Bucket, region: Region, port } = given;
const INPUT = "in/a b+中文.mp4";

// Nothing but what the SDK offers.
function settings(key) {
  const common = { SecretId: given.id, SecretKey: key, Protocol: "http:" };
  if (given.mode === "proxy") return { ...common, Proxy: `http://127.0.0.1:${port}` };
  if (given.mode === "address") return { ...common, Ip: `127.0.0.1:${port}` };
  return { ...common, Domain: `{Bucket}.cos.{Region}.myqcloud.com:${port}` };
}

const ciHost = (prefix) => `http://${prefix}ci.${Region}.myqcloud.com${given.mode === "host" ? `:${port}` : ""}`;

if (given.mode === "host") {
  // What a line in /etc/hosts does: the service's names lead to this machine.
  const lookUp = dns.lookup;
  dns.lookup = (host, ...rest) => lookUp(host.endsWith(".myqcloud.com") ? "127.0.0.1" : host, ...rest);
}

const tell = (call, answer) => console.log(JSON.stringify({ call, answer }));

// The few elements that are looked at; a reader of XML would hide what came.
const all = (text, name) => [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map((found) => found[1]);
const one = (text, name) => all(text, name)[0];

const cos = new COS(settings(given.key));
async function ci(Method, path, Body, Query, who = cos, prefix = `${Bucket}.`) {
  const Headers = Body ? { "Content-Type": "application/xml" } : {};
  const answer = await who.request({ Bucket, Region, Method, Url: `${ciHost(prefix)}/${path}`, Key: path, Body, Query, Headers, RawBody: true });
  return answer.Body.toString();
}

const job = (output, cover) =>
  `<Request><Tag>SmartCover</Tag><Input><Object>${INPUT}</Object></Input><Operation><SmartCover><Format>jpg</Format>` +
  `<Width>320</Width>${cover}</SmartCover><Output><Region>${Region}</Region><Bucket>${Bucket}</Bucket>` +
  `<Object>${output}</Object></Output><UserData>&lt;&amp;&gt; data</UserData></Operation></Request>`;
const template = (width) =>
  `<Request><Tag>SmartCover</Tag><Name>made-by-Node</Name><SmartCover><Format>png</Format><Width>${width}</Width>` +
  `<Count>2</Count><DeleteDuplicates>true</DeleteDuplicates></SmartCover></Request>`;

async function main() {
  const put = await cos.putObject({ Bucket, Region, Key: INPUT, Body: fs.createReadStream(given.clip), ContentLength: fs.statSync(given.clip).size });
  tell("put object", Boolean(put.ETag));
  const head = await cos.headObject({ Bucket, Region, Key: INPUT });
  tell("head object", Number(head.headers["content-length"]));
  const listed = await cos.getBucket({ Bucket, Region, Prefix: "in/" });
  tell("list objects", listed.Contents.map((each) => each.Key));
  const opened = await ci("POST", "mediabucket");
  tell("open bucket", one(opened, "Name"));
  const buckets = await ci("GET", "mediabucket", undefined, { regions: Region, bucketName: Bucket }, cos, "");
  tell("list buckets", all(buckets, "Name"));

  const made = await ci("POST", "jobs", job("covers/${number}.jpg", "<Count>2</Count>"));
  const id = one(made, "JobId");
  tell("create job", [one(made, "Code"), one(made, "UserData")]);
  let both;
  do both = await ci("GET", `jobs/${id},jnosuchjob`);
  while (["Submitted", "Running"].includes(one(both, "State")));
  tell("describe jobs", [one(both, "State"), [...new Set(all(both, "ObjectName"))], all(both, "NonExistJobIds")]);
  const cover = await cos.getObject({ Bucket, Region, Key: "covers/0.jpg" });
  tell("get object", cover.Body.subarray(0, 3).toString("hex"));
  const part = await cos.getObject({ Bucket, Region, Key: "covers/0.jpg", Range: "bytes=0-2" });
  tell("get a range", part.Body.toString("hex"));

  const queues = await ci("GET", "queue");
  tell("list queues", one(queues, "State"));
  const queue = one(queues, "QueueId");
  const setQueue = async (state) =>
    one(
      await ci(
        "PUT",
        `queue/${queue}`,
        `<Request><Name>${one(queues, "Name")}</Name><QueueID>${queue}</QueueID><State>${state}</State><NotifyConfig>` +
          "<Type>Url</Type><Url>http://127.0.0.1:9/</Url><Event>TaskFinish</Event><State>Off</State></NotifyConfig></Request>",
      ),
      "State",
    );
  tell("update queue", await setQueue("Paused"));
  const waiting = one(await ci("POST", "jobs", job("never/${number}.jpg", "")), "JobId");
  await ci("PUT", `jobs/${waiting}`, undefined, { cancel: "" });
  tell("cancel job", one(await ci("GET", `jobs/${waiting}`), "State"));
  await setQueue("Active");
  const page = await ci("GET", "jobs", undefined, { tag: "SmartCover", size: 1 });
  const rest = await ci("GET", "jobs", undefined, { tag: "SmartCover", size: 1, nextToken: one(page, "NextToken") });
  tell("list jobs", [one(page, "JobId") === waiting && one(rest, "JobId") === id, one(rest, "NextToken") || false]);

  const created = await ci("POST", "template", template(640));
  const templateId = one(created, "TemplateId");
  tell("create template", [one(created, "Tag"), one(created, "Width")]);
  tell("update template", one(await ci("PUT", `template/${templateId}`, template(720)), "Width"));
  const found = await ci("GET", "template", undefined, { ids: templateId });
  tell("list templates", [one(found, "TotalCount"), one(found, "Name")]);
  tell("delete template", one(await ci("DELETE", `template/${templateId}`), "TemplateId") === templateId);

  tell("presign", cos.getObjectUrl({ Bucket, Region, Key: "covers/1.jpg", Sign: true, Expires: 600 }, () => {}));
  await cos.deleteObject({ Bucket, Region, Key: "covers/0.jpg" });
  const there = await cos.headObject({ Bucket, Region, Key: "covers/0.jpg" }).then(() => true, (error) => error.statusCode !== 404);
  tell("delete object", there);

  // The engine carries this one out and says nothing.
  tell("create job, its answer lost", one(await ci("POST", "jobs", job("lost/${number}.jpg", "")), "Code"));

  const stranger = new COS(settings("wrong"));
  for (const [call, attempt] of [
    ["wrong secret, COS", () => stranger.getObject({ Bucket, Region, Key: "covers/1.jpg" })],
    ["wrong secret, CI", () => ci("GET", `jobs/${id}`, undefined, undefined, stranger)],
  ]) {
    await attempt().then(
      () => tell(call, "let in"),
      (error) => tell(call, [error.statusCode, error.code, Boolean(error.RequestId)]),
    );
  }
  tell("version", COS.version);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
