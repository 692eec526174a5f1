// Small behaviours, all by event delegation, so that HTML which htmx swaps in has them at once. Markup:
//
// Composer   <form data-composer action="…" name="reply" [hx-post="…"]> <textarea id="…"> <button id="…">
//              <p data-composer-error role="alert" hidden>Not sent. Your text is still here…</p>
//            It stands outside the regions that fetch themselves, or a nudge would take the text from under the caret.
// Thread     <div id="thread" data-thread [data-report="/order/4137/receipts"]>, its bubbles siblings with ids:
//              <article id="message-9" [data-receipt="9" data-receipt-state="" | "delivered"]>
//            <button type="button" data-new-below hidden>New message below</button>
// Confirm    <form data-confirm> … <button>Replace the key</button>
//              <dialog data-confirm-dialog aria-labelledby="…"> …
//                <button type="button" value="no" autofocus>Keep it</button>
//                <button type="button" value="yes">Replace it</button> </dialog> </form>
//            HTML forbids a form within a form, so the dialog has none; without script it stays closed and the form's
//            own button simply submits.
// Once       <form data-once …>: pressing its button twice sends it once
// Copy       <button type="button" data-copy="text" | data-copy-from="#input" data-copied="Copied">Copy</button>; the
//            label changes in its [data-copy-label] if it has one. <p id="announcer" aria-live="polite"></p>
// Print      <a href="#parcel-2" data-print>: prints the page; its style sheet picks what the link leads to
// File       <div class="field"> <input type="file" data-most-bytes="8388608"> <p data-too-large role="alert" hidden>
// Stepper    <div class="stepper"> <button type="button" data-step="-1"> <input inputmode="numeric"> <button … data-step="1">
// Select     <form data-select="order"> <input type="checkbox" name="order" value="…">
//              <output data-selected-count> <button type="button" data-select-all hidden>
// Keys       <body data-keys> <input data-search> <tr data-row><td><a data-row-link> <dialog id="keys">
//            <textarea data-shortcut="l">: this key leads there

const CLOSE_TO_END = 120, READ_AFTER = 600, COPIED_FOR = 2_000, PLAIN_SUBMIT_HOLDS = 10_000;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const listen = (types, act, options) =>
  types.split(" ").forEach((type) => document.addEventListener(type, act, options));
const reveal = (shown, selector, root) => all(selector, root).forEach((element) => { element.hidden = !shown; });

// --- Composer and confirmation -------------------------------------------------------------------------------------

const busy = new WeakMap(); // form -> the text that is on its way
const impatient = new Set(); // drafts to send as soon as their form is free again
const asked = new WeakMap(), confirmed = new WeakSet(); // form -> the button that was pressed; forms with a yes
const isComposer = (form) => form?.matches?.("form[data-composer]");
const composerOf = (target) => target.matches?.("form[data-composer] textarea") && target.form;
const textOf = (form) => form.querySelector("textarea")?.value ?? "";
const submitOf = (form) => [...form.elements].find((element) => element.type === "submit");
const attribute = (form, name) => form.getAttribute(name) ?? ""; // form.action may be an input of that name
const draftKey = (form) =>
  `draft ${attribute(form, "action") || attribute(form, "hx-post") || location.pathname} ${attribute(form, "name")}`;

function store(key, text) {
  try { // storage may be switched off, or full: then there are no drafts
    if (text) sessionStorage.setItem(key, text); else sessionStorage.removeItem(key);
  } catch { /* the text is still in its box */ }
}

function stored(key) {
  try { return sessionStorage.getItem(key) ?? ""; } catch { return ""; }
}

function restoreDrafts() {
  for (const box of all("form[data-composer] textarea")) box.value ||= stored(draftKey(box.form));
}

function setBusy(form, submitter) {
  busy.set(form, textOf(form));
  (submitter ?? submitOf(form))?.setAttribute("aria-busy", "true");
  reveal(false, "[data-composer-error]", form);
}

function setIdle(form) {
  busy.delete(form);
  for (const element of form.elements) element.removeAttribute("aria-busy");
}

listen("submit", (event) => { // before htmx sees it
  const form = event.target;
  const asks = form.matches("[data-confirm]") && !confirmed.has(form);
  const dialog = asks && form.querySelector("dialog[data-confirm-dialog]");
  if (!dialog && !busy.has(form)) return;
  if (isComposer(form) && busy.has(form) && textOf(form) !== busy.get(form)) impatient.add(draftKey(form));
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!dialog || dialog.open) return;
  asked.set(form, event.submitter);
  dialog.showModal();
}, true);

listen("submit", (event) => { // nobody took it over: the page itself is about to leave
  const form = event.target, composer = isComposer(form);
  if (!(composer || form.matches("[data-once]")) || event.defaultPrevented) return;
  setBusy(form, event.submitter);
  if (composer) store("sent", draftKey(form));
  setTimeout(setIdle, PLAIN_SUBMIT_HOLDS, form); // a stopped navigation must not lock the form for ever
});

listen("keydown", (event) => {
  const form = event.target.closest?.("form[data-composer]"); // from any of its controls
  if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  const button = submitOf(form); // a click, because htmx learns the button's name and value from it
  if (button) button.click(); else form.requestSubmit();
});

listen("input", (event) => {
  const form = composerOf(event.target);
  if (form) store(draftKey(form), textOf(form));
});

listen("htmx:beforeRequest", ({ detail, target }) => {
  if (isComposer(target)) setBusy(target, detail.requestConfig.triggeringEvent?.submitter);
});

listen("htmx:beforeOnLoad", ({ detail, target }) => {
  // A success brings the form back. A sign-in page does not: the draft waits until its writer has signed in.
  if (!busy.has(target) || detail.xhr.status >= 300 || !detail.xhr.responseText.includes("data-composer")) return;
  const text = textOf(target), sent = busy.get(target); // somebody may have written on while it was sent
  store(draftKey(target), text.startsWith(sent) ? text.slice(sent.length).trimStart() : text);
});

listen("htmx:afterRequest", ({ target }) => { if (busy.has(target)) setIdle(target); });

listen("htmx:load", () => { // the next text was sent off before the last one's answer was here: send it now
  for (const form of all("form[data-composer]")) {
    if (!busy.has(form) && textOf(form) && impatient.delete(draftKey(form))) submitOf(form)?.click();
  }
});

listen("htmx:sendError htmx:responseError htmx:timeout", ({ target }) => {
  if (!isComposer(target)) return;
  impatient.delete(draftKey(target));
  reveal(true, "[data-composer-error]", target);
});

function answerDialog(button) {
  const dialog = button.closest("dialog"), form = dialog.closest("form");
  dialog.close(button.value);
  if (button.value !== "yes" || !form) return;
  confirmed.add(form);
  const submitter = asked.get(form);
  if (submitter?.isConnected) submitter.click(); else form.requestSubmit();
  confirmed.delete(form);
}

// --- Thread: what is new rises in, who is at the end stays there ---------------------------------------------------

const known = new Map(); // thread id -> the ids that it showed
const before = new Map(); // thread id -> {thread, top, atEnd} just before a swap
let glidingUntil = 0, scanning = false;

function scrollerOf(thread) {
  for (let box = thread; box && box !== document.body; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight) return box;
  }
  return document.scrollingElement;
}

// How far the end of the conversation, the composer below it included, lies below what is seen; negative: in view.
function toEnd(thread) {
  const box = scrollerOf(thread);
  if (box !== document.scrollingElement) return box.scrollHeight - box.scrollTop - box.clientHeight;
  const follows = (form) => thread.compareDocumentPosition(form) & Node.DOCUMENT_POSITION_FOLLOWING;
  const composer = all("form[data-composer]").find(follows);
  const sticky = composer && /sticky|fixed/.test(getComputedStyle(composer).position);
  const view = window.visualViewport; // without the keyboard of a phone
  const edge = (view ? view.offsetTop + view.height : innerHeight) - (sticky ? composer.offsetHeight : 0);
  return (composer && !sticky ? composer : thread).getBoundingClientRect().bottom - edge;
}

const atEnd = (thread) => Date.now() < glidingUntil || toEnd(thread) <= CLOSE_TO_END;

function goToEnd(thread) {
  const distance = toEnd(thread);
  reveal(false, "[data-new-below]");
  if (distance <= 0) return;
  glidingUntil = Date.now() + 700;
  scrollerOf(thread).scrollBy({ top: distance + 16, behavior: calm.matches ? "instant" : "smooth" });
}

function measure() {
  for (const thread of all("[data-thread]")) {
    before.set(thread.id, { thread, top: thread.scrollTop, atEnd: atEnd(thread) });
    all(".enter", thread).forEach((item) => item.classList.remove("enter")); // or htmx hands it on: it rises twice
  }
}

function welcome(thread) {
  const old = known.get(thread.id), items = all("[id]", thread);
  known.set(thread.id, new Set(items.map((item) => item.id)));
  if (!old) return;
  const beside = (item, side) => {
    let next = item[side];
    while (next && !(next.tagName === item.tagName && old.has(next.id))) next = next[side];
    return next;
  };
  const fresh = [];
  for (const item of items) {
    const earlier = !beside(item, "previousElementSibling") && beside(item, "nextElementSibling"); // older history
    const inside = item.parentElement.closest("article") || fresh.some((other) => other.contains(item));
    if (!old.has(item.id) && !earlier && !inside) fresh.push(item);
  }
  const was = before.get(thread.id);
  if (was && was.thread !== thread) thread.scrollTop = was.top; // a scroll box that was replaced begins at its top
  if (was) was.thread = thread;
  if (!fresh.length) return;
  fresh.forEach((item) => item.classList.add("enter"));
  if (was?.atEnd) goToEnd(thread); else reveal(true, "[data-new-below]");
}

function scan() {
  scanning = false;
  restoreDrafts();
  all("[data-thread]").forEach(welcome);
  observer.disconnect();
  all("[data-thread][data-report] article[data-receipt]").forEach((item) => observer.observe(item));
  report();
}

listen("htmx:beforeSwap htmx:oobBeforeSwap", measure);
listen("htmx:afterSwap htmx:oobAfterSwap htmx:load", () => { // one for each element: once is enough, before the paint
  if (!scanning) queueMicrotask(scan);
  scanning = true;
});
listen("animationend", ({ target }) => target.classList?.remove("enter"));
listen("scroll", () => {
  const thread = document.querySelector("body:has([data-new-below]:not([hidden])) [data-thread]");
  if (thread && toEnd(thread) <= CLOSE_TO_END) reveal(false, "[data-new-below]");
}, { capture: true, passive: true });

// --- Receipts: what this person really got to see ------------------------------------------------------------------

const reported = new Set(), inView = new Map(); // "read 9"; receipt -> since when
let reading;

// Steps of 5 %, because of a message taller than the window never 60 % is visible: then it fills 60 % of the window.
const observer = new IntersectionObserver((entries) => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
    const enough = intersectionRatio >= 0.6 || intersectionRect.height >= 0.6 * (rootBounds?.height ?? Infinity);
    if (!enough) inView.delete(target.dataset.receipt);
    else if (!inView.has(target.dataset.receipt)) inView.set(target.dataset.receipt, Date.now());
  }
  reportSoon();
}, { threshold: Array.from({ length: 21 }, (_, step) => step / 20) });

function reportSoon() {
  clearTimeout(reading);
  reading = setTimeout(report, READ_AFTER + 20);
}

function report() {
  if (document.visibilityState !== "visible") return;
  for (const thread of all("[data-thread][data-report]")) {
    const items = all("article[data-receipt]", thread);
    const seen = ({ dataset }) => Date.now() - inView.get(dataset.receipt) >= READ_AFTER; // false for undefined
    const due = new URLSearchParams();
    const add = (kind, which) => {
      const id = items.filter(which).at(-1)?.dataset.receipt;
      if (id && !reported.has(`${kind} ${id}`)) due.set(kind, id);
    };
    add("delivered", (item) => !item.dataset.receiptState);
    if (document.hasFocus()) add("read", seen);
    if (due.size) post(thread.dataset.report, due);
  }
}

async function post(address, due) {
  const kinds = [...due].map((pair) => pair.join(" "));
  kinds.forEach((kind) => reported.add(kind));
  const headers = { "X-CSRFToken": document.querySelector("meta[name=csrf-token]")?.content ?? "" };
  const request = { method: "POST", body: due, headers, credentials: "same-origin", keepalive: true };
  const response = await fetch(address, request).catch(() => null);
  if (!response?.ok) kinds.forEach((kind) => reported.delete(kind)); // told again at the next occasion
}

// --- Copy ----------------------------------------------------------------------------------------------------------

async function copy(button) {
  const input = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  try {
    await navigator.clipboard.writeText(input ? input.value : button.dataset.copy);
  } catch { // plain http, or refused: at least it is one key press away
    input?.focus();
    input?.select();
    if (!input || !document.execCommand("copy")) return;
  }
  const label = button.querySelector("[data-copy-label]") ?? button, kept = [...label.childNodes];
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = button.dataset.copied;
  if (!button.dataset.copied || label.textContent === button.dataset.copied) return;
  label.textContent = button.dataset.copied;
  setTimeout(() => {
    label.replaceChildren(...kept);
    if (announcer) announcer.textContent = ""; // so that the same words are news again
  }, COPIED_FOR);
}

listen("click", (event) => {
  const on = (selector) => event.target.closest?.(selector);
  if (on("dialog[data-confirm-dialog] button[value]")) {
    event.preventDefault();
    answerDialog(on("button"));
  } else if (on("button[data-copy], button[data-copy-from]")) copy(on("button"));
  else if (on(".stepper [data-step]")) step(on("[data-step]"));
  else if (on("a[data-print]")) setTimeout(print); // once its link has made what it leads to the target of the page
  else if (on("[data-new-below]")) goToEnd(document.querySelector("[data-thread]"));
});

// --- Steppers ------------------------------------------------------------------------------------------------------

function step(button) { // what is no number stays, for whoever wrote it to see
  const input = button.closest(".stepper").querySelector("input");
  if (/^\d*$/.test(input.value)) input.value = Math.max(0, Number(input.value) + Number(button.dataset.step));
}

// --- Files ---------------------------------------------------------------------------------------------------------

listen("change", ({ target }) => { // a file that no server takes is refused before it is sent
  if (!target.matches("input[type=file][data-most-bytes]")) return;
  const tooLarge = [...target.files].some((file) => file.size > target.dataset.mostBytes);
  if (tooLarge) target.value = "";
  reveal(tooLarge, "[data-too-large]", target.closest(".field"));
});

// --- Choosing rows -------------------------------------------------------------------------------------------------

const chosen = new Map(); // what a list's boxes are called -> the values that were chosen before a swap
const boxes = (form) => all(`input[type=checkbox][name="${form.dataset.select}"]`, form);

function count(form) {
  const many = boxes(form).filter((box) => box.checked).length;
  for (const output of all("[data-selected-count]", form)) output.value = `${many} selected`;
  for (const button of all("[data-select-all]", form)) button.hidden = many === boxes(form).length;
}

listen("change", ({ target }) => { const form = target.closest?.("form[data-select]"); if (form) count(form); });
listen("click", ({ target }) => {
  const form = target.closest?.("[data-select-all]")?.closest("form[data-select]");
  if (!form) return;
  boxes(form).forEach((box) => { box.checked = true; });
  count(form);
});
listen("htmx:beforeSwap", () => {
  for (const form of all("form[data-select]")) {
    chosen.set(form.dataset.select, new Set(boxes(form).filter((box) => box.checked).map((box) => box.value)));
  }
});
listen("htmx:afterSwap", () => { // rows that are still there stay chosen when a list fetches itself
  for (const form of all("form[data-select]")) {
    boxes(form).forEach((box) => { box.checked ||= chosen.get(form.dataset.select)?.has(box.value) ?? false; });
    count(form);
  }
});
all("form[data-select]").forEach(count); // a browser that goes back keeps what was chosen

// --- Keys of the admin ---------------------------------------------------------------------------------------------

listen("keydown", (event) => {
  if (!("keys" in document.body.dataset) || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    const links = all("[data-row] a[data-row-link]").filter((link) => link.getClientRects().length);
    const at = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
    links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  } else if (event.key === "/") {
    document.querySelector("[data-search]")?.focus();
  } else if (event.key === "?") {
    document.querySelector("dialog#keys")?.showModal();
  } else {
    const named = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!named) return;
    named.focus();
  }
  event.preventDefault();
});

// --- The count in the title of a hidden page -----------------------------------------------------------------------

let unseen = 0, title = "", counted = "";

document.body.addEventListener("live:message", ({ detail }) => {
  const messages = detail?.nudges?.filter(({ kind }) => kind === "message.sent").length ?? 0; // receipts are no news
  if (!document.hidden || !messages) return;
  if (document.title !== counted) title = document.title; // the first, or a swap has set a new one
  unseen += messages;
  document.title = counted = `(${unseen}) ${title}`;
});

listen("visibilitychange", () => {
  if (document.hidden) return;
  if (unseen && document.title === counted) document.title = title;
  unseen = 0;
  report();
  reportSoon();
});

addEventListener("focus", reportSoon);
addEventListener("pageshow", ({ persisted }) => { if (persisted) all("form[data-composer]").forEach(setIdle); });

// A plain submit whose redirect leads to the form has succeeded; after a failure one gets here by reload or back.
const [arrival] = performance.getEntriesByType("navigation"), sent = stored("sent");
if (arrival?.type === "navigate" && all("form[data-composer]").some((form) => draftKey(form) === sent)) store(sent, "");
store("sent", "");
scan();
