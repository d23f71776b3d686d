"use strict";
const $ = (id) => document.getElementById(id);
const names = ["jobs", "callbacks", "queues", "templates", "requests"];

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
const time = (ms) => (ms ? new Date(ms).toLocaleTimeString() : "");
const took = (job) => (job.started_ms && job.ended_ms ? ((job.ended_ms - job.started_ms) / 1000).toFixed(2) + " s" : "");

async function post(path) {
  const answer = await fetch(path, { method: "POST" });
  if (!answer.ok) say(await reason(answer));
}
async function reason(answer) {
  const text = await answer.text();
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  return parsed.querySelector("Message")?.textContent || "the engine answered " + answer.status;
}
function say(text) { $("said").textContent = text; }

function job(j) {
  const picture = (cover) => {
    const url = "object?" + new URLSearchParams({ bucket: j.output.bucket, key: cover.object });
    const at = cover.time === null ? "" : cover.time.toFixed(2) + " s";
    const score = cover.score === null ? "" : "score " + cover.score.toFixed(2);
    return make("li", {}, make("a", { href: url, target: "_blank", rel: "noreferrer" },
      make("img", { src: url, alt: "cover at " + at, loading: "lazy" })),
      make("div", { class: "dim" }, [at, score, cover.width + "×" + cover.height].filter(Boolean).join(" · ")),
      make("div", { class: "key" }, cover.object));
  };
  const waiting = ["Submitted", "Pause", "Running"].includes(j.state);
  return make("article", { "data-job": j.id },
    make("h2", {}, make("span", { class: "state " + j.state }, j.state), make("code", {}, j.id),
      waiting ? make("button", { onclick: () => post("jobs/" + encodeURIComponent(j.id) + "/cancel") }, "Cancel") : null),
    make("div", { class: "dim" }, make("span", { class: "key" }, j.bucket + "/" + j.input), " · " + time(j.created_ms),
      took(j) ? " · " + took(j) : "", j.level ? " · level " + j.level : "", j.user_data ? " · " : "",
      j.user_data ? make("span", { class: "key" }, j.user_data) : ""),
    j.state === "Failed" ? make("p", { class: "why" }, j.code + ": " + j.message) : null,
    j.covers.length ? make("ul", { class: "strip", "aria-label": "covers" }, ...j.covers.map(picture)) : null,
    ...j.callbacks.map((c) => make("div", { class: "dim" }, "callback ", make("span", { class: c.state }, c.state), " ", make("span", { class: "key" }, c.url))));
}
function table(heads, rows, none) {
  if (!rows.length) return make("p", { class: "empty" }, none);
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))));
  return make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}
const key = (text) => make("span", { class: "key" }, text);
const word = (text, kind) => make("span", { class: "state " + (kind || text) }, text);

const shown = {};
function show(id, content, data) {
  // Only what has changed is drawn again, so that focus and scroll stay where they are.
  const seen = JSON.stringify(data);
  if (shown[id] === seen) return;
  shown[id] = seen;
  $(id).replaceChildren(...content());
}
function jobsList(list) {
  const panel = $("jobs");
  if (!list.length) { panel.replaceChildren(make("p", { class: "empty" }, "No jobs yet.")); shown.cards = {}; return; }
  shown.cards ||= {};
  const old = new Map([...panel.querySelectorAll("article")].map((card) => [card.dataset.job, card]));
  const cards = list.map((j) => {
    const seen = JSON.stringify(j);
    if (shown.cards[j.id] === seen && old.has(j.id)) return old.get(j.id);
    shown.cards[j.id] = seen;
    return job(j);
  });
  if (cards.length !== panel.children.length || cards.some((card, at) => panel.children[at] !== card)) panel.replaceChildren(...cards);
}

function draw(data) {
  $("glance").textContent = data.jobs.waiting + " waiting, " + data.jobs.running + " running, " +
    data.callbacks.waiting + " callbacks to deliver" + (data.clock.frozen ? ", clock frozen" : "") + " · " + data.data;
  jobsList(data.latest);
  show("callbacks", () => [table(["State", "Job", "Where to", "Attempts", ""], data.outbox.map((c) => [word(c.state), key(c.job), key(c.url),
    c.attempts.map((a) => a.status || a.error).join(", "),
    make("button", { onclick: () => post("callbacks/" + c.id + "/redeliver") }, "Send again")]), "No callbacks yet.")], data.outbox);
  show("queues", () => [table(["State", "Queue", "Bucket", "Category", "At once", ""], data.queues.map((q) => [word(q.state), key(q.name + " " + q.id), q.bucket, q.category, String(q.max_concurrent),
    make("button", { onclick: () => post("queues/" + q.id + "/" + (q.state === "Active" ? "Paused" : "Active")) }, q.state === "Active" ? "Pause" : "Resume")]), "No queues yet: a bucket gets one with its first job.")], data.queues);
  show("templates", () => [table(["Name", "Template", "Bucket", "Settings"], data.templates.map((t) => [t.name, key(t.id), t.bucket, key(JSON.stringify(t.cover))]), "No templates yet.")], data.templates);
  show("requests", () => [table(["Time", "Status", "Call", "Host and path", "Signature"], data.requests.map((r) => [time(r.at), word(String(r.status) + (r.code ? " " + r.code : ""), "s" + String(r.status)[0]), r.operation, key(r.method + " " + r.host + r.path), r.signature]), "No requests yet.")], data.requests);
  show("buckets", () => data.folders.map((name) => make("option", { value: name })), data.folders);
  const select = $("form").elements.template;
  const chosen = select.value;
  if (document.activeElement !== select) {
    select.replaceChildren(make("option", { value: "" }, "none"), ...data.templates.map((t) => make("option", { value: t.id }, t.name)));
    select.value = chosen;
  }
}

let busy = false, again = false;
async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch("data");
    if (answer.ok) draw(await answer.json()); else $("glance").textContent = await reason(answer);
  } catch { $("glance").textContent = "the engine does not answer"; }
  busy = false;
  if (again) { again = false; refresh(); }
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  say("");
  const form = event.target, at = form.elements, number = (name) => (at[name].value ? Number(at[name].value) : null);
  const file = at.file.files[0];
  const where = new URLSearchParams({ bucket: at.bucket.value, key: at.input.value });
  if (file) {
    say("uploading…");
    const put = await fetch("object?" + where, { method: "PUT", body: file });
    if (!put.ok) return say(await reason(put));
    at.file.value = "";
  }
  const sent = { bucket: at.bucket.value, input: at.input.value, output: at.output.value, template: at.template.value, count: number("count"),
    width: number("width"), height: number("height"), format: at.format.value, dedupe: at.dedupe.checked, user_data: at.user_data.value,
    level: number("level"), callback: at.callback.value };
  const answer = await fetch("jobs", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(sent) });
  if (!answer.ok) return say(await reason(answer));
  say("");
  choose("jobs");
});
$("form").elements.file.addEventListener("change", (event) => {
  const input = $("form").elements.input, file = event.target.files[0];
  if (file && !input.value) input.value = "in/" + file.name;
});

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
  $("tab-" + name).addEventListener("click", () => choose(name));
  $("tab-" + name).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) choose(names[(at + step + names.length) % names.length], true);
  });
});

const events = new EventSource("events");
events.onmessage = refresh;
events.onopen = refresh;
events.onerror = () => { $("glance").textContent = "the engine does not answer; trying again…"; };
