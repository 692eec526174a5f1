// One live connection for all tabs of a browser.
//
//   <body data-live="/live" data-live-topics="order:T3JkZXI6MQ" data-live-after="1234" [data-live-away="30"]>
//
// The server sends nudges ("at position 1240 of the log, a message.sent happened to this topic"), never content. They
// become events on <body>, and the regions that care fetch themselves again:
//   live:message, live:order, …  a nudge, by its kind before the dot; detail {position, topic, kind, nudges: […]}
//   live:resync                  something may have been missed: every region fetches itself once
//   live:change                  any of these
//   live:ended                   the right to watch detail.topics has ended
//
// A request that such an event makes says for which position, so that the answer can be shared by all who ask for it.
//
// A form that ends the right to watch has data-live-leave: its page stops listening before it is sent.
// A region that htmx brings may show more than its page watched so far: data-live-topics on it says what else to watch.
//
// Browsers allow six connections a host over HTTP/1.1, so visible tabs elect a leader (Web Locks) that watches the
// topics of all open tabs and hands every message on (BroadcastChannel). `position` makes that safe: each tab ignores
// what lies at or below its own, and every stream begins at the lowest position among the tabs it serves.
// data-live-away: a hidden tab that no leader serves still polls, every so many seconds (for the count in the title).

const { live: base, liveTopics = "", liveAfter = "0", liveAway = "0" } = document.body.dataset;
const name = `counterfoil-live:${base}`, me = Math.random().toString(36).slice(2);
const shared = Boolean(navigator.locks && window.BroadcastChannel); // plain http has no locks: a stream for each tab

const FIRST_DELAY = 300, LAST_DELAY = 5_000; // between attempts to open the stream, doubling
const HELLO_WITHIN = 3_000, DEAD_AFTER = 25_000, BEAT_MISSED = 12_000; // the server sends a beat every 10 s
const POLL_EVERY = 4_000, POLL_ALONE = 5_000, POLL_AWAY = liveAway * 1_000, SLOWEST_POLL = 15_000;
const RETRY_STREAM = 60_000, GRACE = 5_000, STATUS_AFTER = 8_000, COALESCE = 30;
const BLOCKED = 2, REFUSED = [401, 403, 404, 410]; // failures before a hello; answers that won't get better

// This tab.
let topics = liveTopics.split(/\s+/).filter(Boolean);
let position = Number(liveAfter); // the page shows everything up to here
let present = false, joined = false; // takes part; has been served by a stream since `position`
let lost = false; // may have missed something: resync as soon as connected and visible
const over = new Set(); // topics of this page that ended
let heard = 0, nextPoll = 0, misses = 0; // when the leader last spoke; failed polls in a row

// The leader's connection.
let channel = null, release = null, leading = false, stream = null, polling = false, broken = false;
let mode = "off", covers = [], reached = 0, failures = 0, delay = FIRST_DELAY;
const members = new Map(); // the other tabs: id -> {topics, position}

const timers = {};
const cancel = (...names) => names.forEach((key) => { clearTimeout(timers[key]); delete timers[key]; });
const later = (key, ms, act) => { cancel(key); timers[key] = setTimeout(() => { delete timers[key]; act(); }, ms); };
const send = (message) => channel?.postMessage(message);
const announce = () => { if (!leading) send({ type: "join", id: me, topics, position }); };
const watches = (list, topic) => list.includes(topic) || list.includes("*"); // "*" is everything (staff)
const within = (some, all) => some.every((topic) => watches(all, topic));
const address = (path, list, after) =>
  `${base}${path}?${new URLSearchParams([...list.map((topic) => ["topics", topic]), ["after", after]])}`;
const query = (list, after) =>
  fetch(address("/poll", list, after), { cache: "no-store", signal: AbortSignal.timeout(8_000) });

// --- What every tab does -------------------------------------------------------------------------------------------

const held = new Map(); // event name -> nudges that came in the pause after its last dispatch

function fire(event, ...nudges) {
  if (held.has(event)) return void held.get(event).push(...nudges);
  held.set(event, []);
  setTimeout(() => {
    const rest = held.get(event);
    held.delete(event);
    if (rest.length) fire(event, ...rest);
  }, COALESCE);
  document.body.dispatchEvent(new CustomEvent(event, { detail: { ...nudges.at(-1), nudges } }));
}

function show(state) {
  const root = document.documentElement, status = document.getElementById("live-status");
  if (root.dataset.live === state) return;
  root.dataset.live = state;
  if (status && state === "off") return later("status", STATUS_AFTER, () => { status.hidden = false; });
  cancel("status");
  if (status) status.hidden = true;
}

// A message, of the own stream or from the leader. `at`: a hello's is where the log stands (what lies before it may
// still follow), a beat's says that everything up to it has been handed out.
function hear({ type, at, covers: served, mode: state, nudge, gap, reset }) {
  if (!within(topics, served)) return type === "nudge" ? undefined : announce();
  show(state);
  if (state === "off") return;
  if (gap || reset || (!joined && at > position)) lost = true;
  if (reset) position = at; // the log was restored from a backup and counts from there again
  joined = true;
  if (lost && !document.hidden) {
    lost = false;
    position = Math.max(position, at);
    const all = { position: String(position), topic: null, kind: "resync" };
    for (const event of ["live:change", "live:resync"]) fire(event, all);
  }
  if (nudge && at > position && watches(topics, nudge.topic)) {
    position = at;
    for (const event of ["live:change", `live:${nudge.kind.split(".")[0]}`]) fire(event, nudge);
  }
  // One event may nudge several topics at one position: another topic's nudge proves only what lies before it.
  if (type !== "hello") position = Math.max(position, nudge ? at - 1 : at);
}

function forget(gone) {
  const mine = topics.filter((topic) => gone.includes(topic));
  for (const member of members.values()) member.topics = member.topics.filter((topic) => !gone.includes(topic));
  if (!mine.length) return;
  topics = topics.filter((topic) => !gone.includes(topic));
  mine.forEach((topic) => over.add(topic));
  fire("live:ended", { topics: mine });
  if (topics.length) return;
  leave();
  show("on"); // nothing to watch is no outage
  delete document.documentElement.dataset.live;
}

function widen() {
  const shown = [...document.querySelectorAll("[data-live-topics]")].flatMap(({ dataset }) => dataset.liveTopics.split(/\s+/));
  const more = shown.filter((topic) => topic && !watches(topics, topic) && !over.has(topic));
  if (!present || !more.length) return;
  topics = [...new Set([...topics, ...more])];
  lost = true; // since the region was read
  if (!leading) announce(); else if (polling) poll(); else if (!timers.connect) later("retry", 100, open);
}

// --- The leader: one stream, or polls, for everybody ---------------------------------------------------------------

function relay(message) {
  const whole = { at: reached, covers, mode, ...message };
  mode = whole.mode;
  heard = Date.now();
  reached = whole.reset ? whole.at : Math.max(reached, whole.at);
  send(whole);
  hear(whole);
}

function union() {
  const all = [...members.values()];
  covers = [...new Set([topics, ...all.map((member) => member.topics)].flat())];
  return { list: covers, after: Math.min(position, ...all.map((member) => member.position)) };
}

function shut() {
  stream?.close();
  stream = null;
  cancel("hello", "connect", "retry");
}

function open() {
  shut();
  members.clear(); // a roll call, so that tabs which crashed don't stay
  send({ type: "who" });
  later("connect", channel ? 40 : 0, connect);
}

function connect() {
  const { list, after } = union();
  const source = (stream = new EventSource(address("", list, after)));
  let greeted = false;
  const on = (type, act) =>
    source.addEventListener(type, ({ data }) => { if (source === stream) act(JSON.parse(data)); });
  later("hello", HELLO_WITHIN, () => fail(false, BLOCKED));
  on("hello", (hello) => {
    cancel("hello");
    greeted = true, polling = false, failures = misses = 0;
    relay({ type: "hello", mode: "on", at: Number(hello.position), gap: broken, reset: hello.position < after });
    broken = false;
  });
  on("nudge", (nudge) => relay({ type: "nudge", at: Number(nudge.position), nudge }));
  on("beat", (beat) => {
    delay = FIRST_DELAY; // not at hello: a proxy that cuts each stream at once must not make us hammer
    relay({ type: "beat", at: Number(beat.position) });
  });
  on("ended", async ({ topics: gone }) => {
    shut();
    await ended(gone ?? list, Boolean(gone));
    if (leading) retry();
  });
  source.onerror = () => { if (source === stream) fail(greeted); }; // its own reconnecting would forget the position
}

function retry() {
  later("retry", delay * (0.75 + Math.random() / 2), open);
  delay = Math.min(delay * 2, LAST_DELAY);
}

function fail(greeted, weight = 1) {
  shut();
  if (greeted) broken = true; else failures += weight;
  if (!polling) relay({ type: "beat", mode: "off" });
  if (failures < BLOCKED) return retry();
  later("retry", RETRY_STREAM, open);
  if (!polling) poll();
}

function pollIn(ms) { // unless things have changed by then
  nextPoll = Date.now() + ms;
  later("poll", ms + 5, tick);
}

// The leader's poll serves everybody; a follower polls when its leader is silent (hung, or all tabs are hidden).
async function poll() {
  const led = leading, began = Date.now();
  const { list, after } = led ? union() : { list: topics, after: position };
  const tell = (message) => (led ? relay : hear)({ at: after, covers: list, mode: "polling", ...message });
  const stale = () => (led ? !leading || !polling : !present || leading || heard > began); // overtaken by a stream
  polling = led;
  nextPoll = Infinity;
  try {
    const response = await query(list, after);
    if (REFUSED.includes(response.status)) await ended(list, false);
    if (!response.ok) throw new Error(response.status);
    const answer = await response.json(), at = Number(answer.position);
    pollIn(led ? POLL_EVERY : document.hidden ? POLL_AWAY : POLL_ALONE);
    if (stale()) return;
    tell({ type: "hello", at, gap: broken, reset: at < after });
    for (const nudge of answer.nudges) tell({ type: "nudge", at: Number(nudge.position), nudge });
    tell({ type: "beat", at });
    if (answer.ended?.length) ended(answer.ended, true);
    for (const member of members.values()) {
      if (within(member.topics, list)) member.position = Math.max(member.position, at);
    }
    if (led && misses) later("retry", 0, open); // the server is back: perhaps its streams are, too
    broken = false, misses = 0;
  } catch {
    pollIn(Math.min(1_000 * 2 ** misses++, SLOWEST_POLL));
    if (stale()) return;
    broken = true;
    tell({ type: "beat", mode: "off" });
  }
}

// A shared stream ends as a whole: unless told which, ask for each topic alone, so that the other tabs stay live.
async function ended(list, certain) {
  const refused = (topic) => query([topic], position).then((answer) => REFUSED.includes(answer.status), () => false);
  const verdicts = await Promise.all(list.map((topic) => certain || list.length === 1 || refused(topic)));
  const gone = list.filter((_, index) => verdicts[index]);
  send({ type: "ended", gone });
  forget(gone);
}

// --- Taking turns --------------------------------------------------------------------------------------------------

function receive(message) {
  if (message.to && message.to !== me) return;
  if (message.type === "who") announce();
  else if (message.type === "join") { if (leading) admit(message); }
  else if (message.type === "leave") members.delete(message.id);
  else if (message.type === "ended") forget(message.gone);
  else if (!leading) { heard = Date.now(); hear(message); }
}

function admit(member) {
  members.set(member.id, member);
  if (timers.connect) return; // the roll call is still on
  if (!within(member.topics, covers)) return polling ? poll() : later("retry", 100, open);
  if (mode !== "off") send({ type: "hello", to: member.id, at: reached, covers, mode });
}

function campaign() {
  if (release) return;
  const stop = new AbortController();
  let free = () => {};
  release = () => { stop.abort(); free(); };
  if (!shared) return lead();
  const elected = () => (stop.signal.aborted ? null : new Promise((done) => { free = done; lead(); }));
  navigator.locks.request(name, { signal: stop.signal }, elected)
    .catch((error) => { if (error.name !== "AbortError" && present) secede(); }); // AbortError: we stopped waiting
}

function secede() { // storage is switched off, so there are no locks for us: our own stream
  send({ type: "leave", id: me });
  channel?.close();
  channel = null;
  lead();
}

function lead(interrupted = false) {
  broken ||= interrupted;
  leading = true, polling = false, mode = "off";
  reached = position, failures = 0, delay = FIRST_DELAY, heard = Date.now();
  open();
}

function resign() {
  if (leading) lost = true;
  shut();
  leading = polling = false;
  release?.();
  release = null;
}

function enter(missed = false) {
  lost ||= missed;
  if (present || !topics.length) return;
  present = true;
  if (shared) {
    channel = new BroadcastChannel(name);
    channel.onmessage = (event) => receive(event.data);
  }
  document.hidden ? announce() : appear();
}

function appear() {
  cancel("grace");
  if (!present) return enter();
  const silent = Date.now() - heard;
  if (silent > BEAT_MISSED && joined) lost = true;
  if (leading && (silent > BEAT_MISSED || mode !== "on")) lead(true);
  heard = Math.max(heard, Date.now() - DEAD_AFTER + GRACE); // a living leader answers at once: give it 5 s
  announce();
  campaign();
}

function leave() { // nothing may stay open, or the back/forward cache refuses the page
  if (!present) return;
  send({ type: "leave", id: me });
  resign();
  channel?.close();
  channel = null, present = false;
  cancel(...Object.keys(timers));
}

function tick() { // by the clock, so that a laptop that slept notices at once
  const silent = Date.now() - heard, patience = document.hidden ? POLL_AWAY || Infinity : DEAD_AFTER;
  if (leading && stream && silent > DEAD_AFTER) fail(true);
  if ((leading ? polling : present && silent > patience) && Date.now() >= nextPoll) poll();
}

if (base && topics.length) {
  enter();
  setInterval(tick, 1_000);
  document.addEventListener("visibilitychange", () => (document.hidden ? later("grace", GRACE, resign) : appear()));
  document.addEventListener("freeze", leave);
  document.addEventListener("resume", () => enter(true));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => { if (event.persisted) enter(true); });
  addEventListener("online", () => { if (leading) lead(true); });
  addEventListener("offline", () => { if (leading) fail(true); });
  document.addEventListener("htmx:load", widen);
  document.addEventListener("htmx:configRequest", ({ detail: { headers, triggeringEvent } }) => {
    if (triggeringEvent?.type.startsWith("live:")) headers["Live-Position"] = triggeringEvent.detail.position ?? "";
  });
  document.addEventListener("submit", ({ target }) => { // or the page, told that its right has ended, overtakes the answer
    if (!target.matches("form[data-live-leave]")) return;
    leave();
    setTimeout(enter, 2 * GRACE, true); // it was not answered
  });
}
