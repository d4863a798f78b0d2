// Keys of the review page, its split's remainder and what is said aloud; every deed is a link or a form of the page.
const off = document.body.dataset.keys === "off";
const VIEWS = { m: "match", c: "category", s: "split", t: "transfer", p: "personal", e: "exclude" };
const DEEDS = { a: "accept", u: "undo", j: "after", k: "before", ...VIEWS };
document.documentElement.classList.add("scripted");
let busy = false;
let going = -Infinity;
let closing = false;

const page = () => document.getElementById("review");
const typing = (target) => target.matches("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]");
const press = (name) => {
  const found = page().querySelector(`[data-do="${name}"]`);
  if (found) found.click();
  return found !== null;
};

const pick = (place) => {
  const found = place ? page().querySelectorAll("[data-pick]:not([data-proposed])")[place - 1] : page().querySelector("[data-proposed]");
  if (!found) return false;
  found.checked = true;
  const typed = found.form.elements.namedItem("other");
  if (typed) typed.value = "";
  found.focus();
  return true;
};

const tick = () => {
  const box = page().querySelector(".lines > [aria-current] .tick input");
  if (box) box.click();
  return box !== null;
};

// Escape goes one step back: from a field to its panel, from a side that a person opened to the line as it was.
const leave = (target) => {
  const side = page().querySelector("[data-view]");
  const line = page().querySelector(".lines > [aria-current] a");
  if (typing(target)) {
    const home = side?.contains(target) ? side : line ?? document.getElementById("dh");
    if (!home) { target.blur(); return true; }
    if (home === side) side.tabIndex = -1;
    home.focus({ preventScroll: true });
    return true;
  }
  if (!side || !target.closest("#detail")) return false;
  if (!line?.checkVisibility()) return press("back");
  closing = side.hasAttribute("data-focus");
  if (closing) line.click(); else line.focus();
  return true;
};

const keysShown = () => {
  const dialog = document.getElementById("keys");
  if (!dialog.open) dialog.showModal();
  return true;
};

const deed = (key) => {
  if (key === "?") return keysShown();
  if (/^[0-9]$/.test(key)) return pick(Number(key));
  if (key === "x") return tick();
  return Object.hasOwn(DEEDS, key) && press(DEEDS[key]);
};

// Before app.js, whose keys would take some of these for its own; those after "g" stay its.
document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && !busy && leave(event.target)) { event.preventDefault(); return; }
  if (typing(event.target)) return;
  if (event.key === "g") { going = event.timeStamp; return; }
  if (event.timeStamp - going < 1500) { going = -Infinity; return; }
  const arrows = { ArrowDown: "j", ArrowUp: "k" };
  const key = event.target.closest(".lines") && arrows[event.key] ? arrows[event.key] : event.key;
  if (busy) { event.stopPropagation(); return; }
  if (deed(key)) { event.preventDefault(); event.stopPropagation(); }
}, true);

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-do=keys]")) return;
  event.preventDefault();
  keysShown();
});

// Cents as whole numbers: what is left of a split.
const cents = (text) => {
  let plain = text.replace(/[\s\u00a0\u202f]/g, "").replace("\u2212", "-");
  if (plain.includes(",") && !plain.includes(".")) plain = plain.replace(",", ".");
  const found = /^(-?)(\d*)(?:\.(\d{0,2}))?$/.exec(plain.replaceAll(",", ""));
  if (!found) return 0;
  const whole = Number(found[2] || "0") * 100 + Number((found[3] || "").padEnd(2, "0"));
  return found[1] ? -whole : whole;
};

const count = (form) => {
  const left = form.querySelector("[data-left]");
  let rest = cents(form.dataset.total);
  for (const field of form.querySelectorAll("input[name^=amount]")) rest -= cents(field.value);
  const amount = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2 }).format(rest / 100);
  left.textContent = amount.replace("-", "\u2212");
  left.classList.toggle("proved", rest === 0);
  const rows = [...form.querySelectorAll(".split-row")];
  const last = rows.findLastIndex((row) => [...row.querySelectorAll("input")].some((field) => field.value));
  rows.forEach((row, at) => row.toggleAttribute("data-spare", at > Math.max(2, last + 1)));
};

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-total]");
  if (form) count(form);
  if ((event.target.name === "other" || event.target.closest(".split-row")) && event.target.value) {
    for (const each of event.target.form.querySelectorAll("[data-pick]")) each.checked = false;
  }
});

document.addEventListener("htmx:before:request", () => { busy = true; });
for (const name of ["htmx:after:request", "htmx:finally:request", "htmx:error"]) {
  document.addEventListener(name, () => { busy = false; });
}

// The menu lies outside of what is exchanged: its number follows the page's.
const recount = () => {
  const { href, waiting } = page().dataset;
  for (const room of document.querySelectorAll(".side [data-key=q]")) {
    room.setAttribute("href", href);
    let badge = room.querySelector(".count");
    if (!waiting) { badge?.remove(); continue; }
    if (!badge) {
      badge = document.createElement("span");
      badge.className = "count";
      room.append(badge);
    }
    badge.textContent = waiting;
  }
};

// The line that is next gets the focus, and what was done is said aloud.
const land = () => {
  busy = false;
  const first = closing ? [".lines > [aria-current] a"] : [];
  closing = false;
  const places = [...first, "[data-focus]", "#dh", "h1"].flatMap((each) => [...page().querySelectorAll(each)]);
  const wanted = places.find((each) => each.checkVisibility());
  wanted?.focus({ preventScroll: true });
  page().querySelector(".lines > [aria-current]")?.scrollIntoView({ block: "nearest" });
  const said = page().querySelector("[data-said]")?.dataset.said ?? "";
  const line = document.getElementById("dh")?.textContent ?? "";
  document.getElementById("announced").textContent = said || line;
  recount();
};

// Once the page's part was exchanged; and where a key was quicker than the exchange, so that the page came anew.
new MutationObserver((changes) => {
  if (changes.some((change) => [...change.addedNodes].some((node) => node.id === "review"))) land();
}).observe(page().parentElement, { childList: true });
if (page().querySelector("[data-said]")?.dataset.said) land();
