// The query box: Ctrl or Cmd with Enter runs it; a field that must be mended is marked; and what a task's step takes
// from an earlier one is filled in from the answers that this page has seen. Nothing is kept beyond the page.

const answers = new Map(); // step -> the data that it gave
const box = () => document.querySelector(".docs-box");
const step = () => document.getElementById("asked")?.dataset.step;
const at = (data, path) => path.split(".").reduce((value, part) => value?.[part], data);
let ran; // the step that the request on its way is of

function fill() {
  const variables = document.getElementById("variables");
  for (const { dataset } of document.querySelectorAll("#asked [data-takes]")) {
    const value = at(answers.get(dataset.from), dataset.path);
    if (typeof value === "string") variables.value = variables.value.replaceAll(JSON.stringify(dataset.takes), () => JSON.stringify(value));
  }
}

function look() {
  const wrong = document.querySelector("#answer [data-wrong]")?.dataset.wrong;
  for (const area of box().querySelectorAll("textarea")) {
    if (area.name === wrong) {
      area.setAttribute("aria-invalid", "true");
      area.setAttribute("aria-describedby", "wrong");
      area.focus();
    } else {
      area.removeAttribute("aria-invalid");
      area.removeAttribute("aria-describedby");
    }
  }
  const answer = document.getElementById("answer");
  answer.scrollIntoView({ block: "nearest" });
  document.getElementById("announcer").textContent = answer.querySelector("p:not([role=alert] *)")?.textContent.trim() ?? "";
  try {
    const { data } = JSON.parse(answer.querySelector("pre").textContent);
    if (ran && data) answers.set(ran, data);
  } catch { /* nothing was run, or the answer is too long to be shown whole */ }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || !event.target.closest?.(".docs-box")) return;
  event.preventDefault();
  box().requestSubmit();
});

document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target === box()) ran = step();
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "answer") look();
  if (target.id !== "asked") return;
  fill();
  document.getElementById("answer").replaceChildren(); // it was of another step
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.getElementById("box").scrollIntoView({ behavior: calm ? "instant" : "smooth" });
  document.getElementById("text").focus({ preventScroll: true });
});

document.addEventListener("htmx:sendError", ({ target }) => failed(target));
document.addEventListener("htmx:responseError", ({ target }) => failed(target));

function failed(target) {
  if (target !== box()) return;
  const said = document.createElement("p");
  said.setAttribute("role", "alert");
  said.className = "flash bad";
  said.textContent = "The server gave no answer. What you typed is still here; try again, or load the page anew.";
  document.getElementById("answer").replaceChildren(said);
}
