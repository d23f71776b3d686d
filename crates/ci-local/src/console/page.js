"use strict";
const $ = (id) => document.getElementById(id);
const names = ["jobs", "callbacks", "queues", "templates", "requests", "faults"];

// Everything that comes from outside goes through here as text, never as markup.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}
const key = (text) => make("span", { class: "key" }, text);
const pill = (text, kind) => make("span", { class: "pill " + (kind || text) }, text);
const number = (value) => Object.assign(make("span", {}, String(value)), { isNumber: true });
const act = (text, what, path) => make("button", { class: "small", "data-act": what, onclick: () => post(path) }, text);
const time = (ms) => (ms ? new Date(ms).toLocaleTimeString() : "");
const seconds = (ms) => (ms / 1000).toFixed(2) + " s";

async function post(path) {
  say("");
  const answer = await fetch(path, { method: "POST" });
  if (!answer.ok) say(await reason(answer));
}
async function reason(answer) {
  const text = await answer.text();
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  return parsed.querySelector("Message")?.textContent || "the engine answered " + answer.status;
}
function say(text) {
  $("said").textContent = text;
  if (text) $("new").open = true;
}

// A job.

function cover(job, c, at) {
  const url = "object?" + new URLSearchParams({ bucket: job.output.bucket, key: c.object });
  const when = c.time === null ? "" : seconds(c.time * 1000);
  const words = "cover " + (at + 1) + " of " + job.covers.length + (when && ", at " + when);
  return make("li", {},
    make("a", { href: url, target: "_blank", rel: "noreferrer" },
      make("img", { src: url, alt: words, loading: "lazy", width: c.width, height: c.height }), when && make("span", { class: "at", "aria-hidden": "true" }, when)),
    c.score === null ? null : make("div", { class: "score" }, make("meter", { min: 0, max: 1, value: c.score, "aria-label": "score" }), "score " + c.score.toFixed(2)),
    make("div", { class: "dim" }, c.width + " × " + c.height + " · " + Math.ceil(c.bytes / 1024) + " KiB"),
    make("div", {}, key(c.object)));
}
const attempt = (a) => (a.status || a.error) + " after " + a.millis + " ms";
function callLine(c) {
  return make("li", {}, "callback", pill(c.state), key(c.url), make("span", { class: "dim" }, c.attempts.map(attempt).join("; ")));
}
function card(job) {
  const open = ["Submitted", "Pause", "Running"].includes(job.state);
  const facts = [
    ["Job", key(job.id)],
    ["Submitted", time(job.created_ms)],
    ["Took", job.started_ms && job.ended_ms ? seconds(job.ended_ms - job.started_ms) : ""],
    ["Level", job.level || ""],
    ["Runs", job.runs > 1 ? job.runs : ""],
    ["User data", job.user_data ? key(job.user_data) : ""],
  ];
  return make("article", { class: job.state, "data-job": job.id, tabindex: -1 },
    make("h2", {}, pill(job.state), key(job.bucket + "/" + job.input), open ? act("Cancel", "cancel", "jobs/" + encodeURIComponent(job.id) + "/cancel") : null),
    make("dl", { class: "about" }, ...facts.filter(([, value]) => value !== "").map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value instanceof Node ? value : String(value))))),
    job.state === "Failed" ? make("p", { class: "why" }, make("strong", {}, job.code), ": " + job.message) : null,
    job.covers.length ? make("ul", { class: "strip", "aria-label": "covers" }, ...job.covers.map((c, at) => cover(job, c, at))) : null,
    job.callbacks.length ? make("ul", { class: "calls", "aria-label": "callbacks" }, ...job.callbacks.map(callLine)) : null);
}

// Drawing: only what has changed, so that focus and scroll stay where they are.

const shown = {};
function changed(id, data) {
  const seen = JSON.stringify(data);
  if (shown[id] === seen) return false;
  shown[id] = seen;
  return true;
}
// What had the focus gets it again, or what stands in its place.
function redraw(panel, children) {
  const had = panel.contains(document.activeElement) ? document.activeElement : null;
  const what = had?.dataset.act, row = had?.closest("[data-job], [data-row]"), name = row?.dataset.job || row?.dataset.row;
  panel.replaceChildren(...children);
  if (!had || panel.contains(had)) { had?.focus(); return; }
  const place = name && [...panel.querySelectorAll("[data-job], [data-row]")].find((each) => (each.dataset.job || each.dataset.row) === name);
  const target = (place && (place.querySelector("[data-act=" + what + "]") || (place.tabIndex === -1 && place))) || panel;
  target.focus();
}
function drawJobs(list) {
  const panel = $("jobs");
  const cards = new Map([...panel.querySelectorAll("article")].map((each) => [each.dataset.job, each]));
  if (!list.length) return redraw(panel, [make("p", { class: "empty" }, "No jobs yet. Submit one here, or point your program at this address.")]);
  const next = list.map((job) => (changed("job " + job.id, job) || !cards.has(job.id) ? card(job) : cards.get(job.id)));
  if (next.length !== panel.children.length || next.some((each, at) => panel.children[at] !== each)) redraw(panel, next);
}
function table(heads, rows, none) {
  if (!rows.length) return make("p", { class: "empty" }, none);
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  // A narrow window shows a row as a block, where each cell is named by its column.
  const body = rows.map(([id, ...cells]) => make("tr", { "data-row": id },
    ...cells.map((cell, at) => make("td", { "data-label": heads[at], ...(cell?.isNumber && { class: "number" }) }, cell))));
  return make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}
function drawTable(id, data, heads, row, none) {
  if (changed(id, data)) redraw($(id), [table(heads, data.map(row), none)]);
}

function requestRow(r) {
  const verdict = r.signature.startsWith("refused") ? "refused" : r.signature === "valid" ? "valid" : "";
  const signature = r.signature.replace("refused: ", "");
  const what = make("div", { class: "request" }, make("strong", {}, r.operation), r.code && r.code !== signature ? make("span", { class: "s4" }, " " + r.code) : "",
    make("div", {}, key(r.method + " " + r.host + r.path)), make("div", { class: "dim" }, key(r.request_id)));
  return [r.request_id, time(r.at), pill(String(r.status), "s" + String(r.status)[0]), what, r.signature ? pill(signature, verdict) : "", number((r.micros / 1000).toFixed(1) + " ms")];
}
let requests = [];
function drawRequests() {
  const words = $("find").value.toLowerCase(), refused = $("refused").checked;
  const matches = (r) => (!refused || r.status >= 400) && [r.operation, r.method, r.host, r.path, r.code, r.signature, r.request_id].join(" ").toLowerCase().includes(words);
  drawTable("log", requests.filter(matches), ["Time", "Status", "Request", "Signature", "Took"], requestRow,
    requests.length ? "No request matches." : "No requests yet.");
}
const effect = (fault) => fault.effect.kind + " " + Object.entries(fault.effect).filter(([name]) => name !== "kind").map(([name, value]) => name + "=" + value).join(" ");
const aim = (fault) => ["bucket", "nth", "times", "probability", "seed"].filter((name) => fault[name] !== undefined).map((name) => name + "=" + fault[name]).join(" ");

function draw(data) {
  $("glance").className = "";
  $("glance").textContent = data.jobs.waiting + " waiting, " + data.jobs.running + " running, " + data.callbacks.waiting + " callbacks to deliver";
  const facts = ["version " + data.version, data.workers + (data.workers === 1 ? " worker" : " workers"), "profile " + data.profile, data.clock.frozen ? "clock frozen at " + new Date(data.clock.now_ms).toLocaleString() : "", "data in " + data.data];
  if (changed("facts", facts)) $("facts").replaceChildren(...facts.filter(Boolean).map((text) => make("li", {}, text)));
  const counts = { jobs: data.latest.length, callbacks: data.outbox.length, queues: data.queues.length, templates: data.templates.length, requests: data.requests.length, faults: data.faults.length };
  for (const name of names) $("count-" + name).textContent = counts[name] || "";
  drawJobs(data.latest);
  drawTable("callbacks", data.outbox, ["State", "Job", "Where to", "Attempts", ""], (c) => [String(c.id), pill(c.state), key(c.job), key(c.url),
    make("ol", {}, ...c.attempts.map((a) => make("li", {}, time(a.at) + " · " + attempt(a)))), act("Send again", "again", "callbacks/" + c.id + "/redeliver")],
    "No callbacks yet. A job sends one when it, or its queue, names a URL.");
  drawTable("queues", data.queues, ["State", "Queue", "Bucket", "Category", "At once", ""], (q) => [q.id, pill(q.state), make("div", {}, q.name, make("div", {}, key(q.id))), q.bucket, q.category, number(q.max_concurrent),
    act(q.state === "Active" ? "Pause" : "Resume", "toggle", "queues/" + encodeURIComponent(q.id) + "/" + (q.state === "Active" ? "Paused" : "Active"))],
    "No queues yet: a bucket gets one with its first job.");
  drawTable("templates", data.templates, ["Name", "Template", "Bucket", "Settings"], (t) => [t.id, t.name, key(t.id), t.bucket,
    key(Object.entries(t.cover).filter(([, value]) => value !== null).map(([name, value]) => name + "=" + value).join(" "))], "No templates yet.");
  requests = data.requests;
  drawRequests();
  drawTable("faults", data.faults, ["Call", "Effect", "When", "Seen", "Hit"], (f) => [String(f.id), f.operation || "any", key(effect(f)), key(aim(f)), number(f.seen), number(f.fired)],
    "No faults set. A test sets them at /_engine/faults.");
  if (changed("buckets", data.folders)) {
    $("buckets").replaceChildren(...data.folders.map((name) => make("option", { value: name })));
    // A bucket that is there is the better suggestion, unless somebody has named one.
    const bucket = $("form").elements.bucket;
    if (data.folders.length && bucket.value === bucket.defaultValue && document.activeElement !== bucket) bucket.value = data.folders[0];
  }
  const select = $("form").elements.template, chosen = select.value;
  if (document.activeElement !== select && changed("choices", data.templates)) {
    select.replaceChildren(make("option", { value: "" }, "none"), ...data.templates.map((t) => make("option", { value: t.id }, t.name)));
    select.value = chosen;
  }
}

// News: at most a few times a second, however much happens.

const PAUSE = 200;
let busy = false, again = false;
async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch("data");
    if (answer.ok) draw(await answer.json()); else lost(await reason(answer));
  } catch { lost("the engine does not answer"); }
  setTimeout(() => {
    busy = false;
    if (again) { again = false; refresh(); }
  }, PAUSE);
}
function lost(text) {
  $("glance").className = "lost";
  $("glance").textContent = text;
}

// The form.

async function submit(at) {
  const value = (name) => (at[name].value ? Number(at[name].value) : null), file = at.file.files[0];
  if (file) {
    $("doing").textContent = "uploading " + file.name + "…";
    const put = await fetch("object?" + new URLSearchParams({ bucket: at.bucket.value, key: at.input.value }), { method: "PUT", body: file });
    if (!put.ok) return reason(put);
    at.file.value = "";
  }
  const sent = { bucket: at.bucket.value, input: at.input.value, output: at.output.value, template: at.template.value, count: value("count"), width: value("width"), height: value("height"),
    format: at.format.value, dedupe: at.dedupe.checked, user_data: at.user_data.value, level: value("level"), callback: at.callback.value };
  const answer = await fetch("jobs", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(sent) });
  if (!answer.ok) return reason(answer);
  choose("jobs");
  $("doing").textContent = "submitted " + (await answer.json()).ids.join(", ");
  return "";
}
$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  say("");
  $("doing").textContent = "";
  const why = await submit(event.target.elements).catch(() => "the engine does not answer");
  if (why) $("doing").textContent = "";
  say(why);
});
$("form").elements.file.addEventListener("change", (event) => {
  const input = $("form").elements.input, file = event.target.files[0];
  if (file && !input.value) input.value = "in/" + file.name;
});

// The tabs.

function choose(name, focus) {
  for (const other of names) {
    const on = other === name;
    $(other).hidden = !on;
    $("tab-" + other).setAttribute("aria-selected", on);
    $("tab-" + other).tabIndex = on ? 0 : -1;
  }
  if (focus) $("tab-" + name).focus();
}
names.forEach((name, at) => {
  const tab = $("tab-" + name);
  tab.append(make("span", { class: "count", id: "count-" + name }));
  tab.addEventListener("click", () => choose(name));
  tab.addEventListener("keydown", (event) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(names[(to + names.length) % names.length], true);
  });
});
$("find").addEventListener("input", drawRequests);
$("refused").addEventListener("change", drawRequests);

// In a narrow window the form would hide the jobs.
if (matchMedia("(max-width: 56rem)").matches) $("new").open = false;
const events = new EventSource("events");
events.onmessage = refresh;
events.onopen = refresh;
events.onerror = () => lost("the engine does not answer; trying again…");
