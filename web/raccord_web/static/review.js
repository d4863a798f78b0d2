// Keys of the review page, its split's remainder and what is said aloud; every deed is a link or a form of the page.
const off = document.body.dataset.keys === "off";
const VIEWS = { m: "match", s: "split", t: "transfer", p: "personal", e: "exclude" };
const DEEDS = { a: "accept", j: "after", k: "before", ...VIEWS };
document.documentElement.classList.add("scripted");
let busy = false;
let going = -Infinity;
let closing = false;
let filling = false;
let asked = null;
let landed = null;
let ticked = new Set();
const waiting = [];

const page = () => document.getElementById("review");
const typing = (target) => target.matches("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]");
const line = () => page().querySelector(".lines > [aria-current] a")?.id ?? "";
// From the press on, not only from when htmx sends it, keys are of a page that is about to go.
const press = (name) => {
  const found = page().querySelector(`[data-do="${name}"]`);
  if (!found) return false;
  busy = true;
  found.click();
  return true;
};

// The category's field takes what is typed; where it is there already nothing is asked anew and nothing chosen is lost.
const field = () => {
  const found = page().querySelector("[data-view=category] [name=other]");
  return found?.checkVisibility() ? found : null;
};
const category = () => {
  const found = field();
  if (found) found.focus();
  else filling = press("category");
  return found !== null || filling;
};

const pick = (place) => {
  const found = place ? page().querySelectorAll("[data-pick]:not([data-proposed])")[place - 1] : page().querySelector("[data-proposed]");
  if (!found) return false;
  found.checked = true;
  const typed = found.form.elements.namedItem("other");
  if (typed) {
    typed.value = "";
    fillTax(typed);
  }
  found.focus();
  return true;
};

// The tax of an account that is typed in goes into the menu, where it is seen before it is written.
const fillTax = (typed) => {
  const menu = typed.form.elements.namedItem("tax");
  const why = typed.form.querySelector("[data-tax-why]");
  if (!menu || !why) return;
  const options = document.getElementById("accounts").options;
  const found = [...options].find((each) => each.dataset.tax && each.value === typed.value.trim());
  if (!found && !menu.dataset.filled) return;
  menu.value = found ? found.dataset.tax : menu.options[0].value;
  menu.dataset.filled = found ? "yes" : "";
  why.textContent = found ? found.dataset.why : "";
};
document.addEventListener("change", (event) => {
  if (!event.target.matches("select[name=tax]")) return;
  event.target.dataset.filled = "";
  const why = event.target.form.querySelector("[data-tax-why]");
  if (why) why.textContent = "";
});

// Where no answer was kept, such as after one that was refused, that is said and shown.
const undo = () => {
  const note = page().querySelector("[data-no-undo]");
  if (press("undo") || !note) return true;
  note.hidden = false;
  document.getElementById("announced").textContent = note.textContent;
  return true;
};

const boxes = () => [...page().querySelectorAll(".lines .tick input")];
const tick = () => {
  const box = page().querySelector(".lines > [aria-current] .tick input");
  if (box) box.click();
  return box !== null;
};
const all = () => {
  const box = page().querySelector("[data-tick-all]");
  if (box) box.click();
  return box !== null;
};
// Ticks stay while one goes from line to line; those of lines that are no longer shown are gone.
const remember = () => {
  ticked = new Set(boxes().filter((each) => each.checked).map((each) => each.name));
  const whole = page().querySelector("[data-tick-all]");
  if (!whole) return;
  whole.closest("label").hidden = false;
  whole.checked = ticked.size === boxes().length;
  whole.indeterminate = ticked.size > 0 && !whole.checked;
};
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) for (const each of boxes()) each.checked = event.target.checked;
  if (event.target.matches("[data-tick-all], .lines .tick input")) remember();
});

// Escape goes one step back: from a field to its panel, from a side that a person opened to the line as it was.
const leave = (target) => {
  const side = page().querySelector("[data-view]");
  const row = page().querySelector(".lines > [aria-current] a");
  if (typing(target)) {
    const home = side?.contains(target) ? side : row ?? document.getElementById("dh");
    if (!home) { target.blur(); return true; }
    if (home === side) side.tabIndex = -1;
    home.focus({ preventScroll: true });
    return true;
  }
  if (!side || !target.closest("#detail")) return false;
  if (!row?.checkVisibility()) return press("back");
  closing = side.hasAttribute("data-focus");
  if (closing) row.click(); else row.focus();
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
  if (key === "l") return all();
  if (key === "c") return category();
  if (key === "u") return undo();
  return Object.hasOwn(DEEDS, key) && press(DEEDS[key]);
};

// Before app.js, whose keys would take some of these for its own; those after "g" stay its.
document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && !busy && leave(event.target)) { event.preventDefault(); return; }
  if (typing(event.target)) return;
  const arrows = { ArrowDown: "j", ArrowUp: "k" };
  const key = event.target.closest(".lines") && arrows[event.key] ? arrows[event.key] : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!busy && key === "g") { going = event.timeStamp; return; }
  if (!busy && event.timeStamp - going < 1500) { going = -Infinity; return; }
  if (busy) {
    if (event.key.length > 1 && event.key !== "Enter") return;
    if (!event.repeat && waiting.length < 40) waiting.push({ key, text: event.key, of: line() });
  } else if (event.repeat && key !== "j" && key !== "k") {
    // A key held down is one answer, not one of each line that follows.
    if (!/^[a-z0-9]$/.test(key)) return;
  } else if (!deed(key)) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

// What was typed while the page was on its way: into the field it was meant for, or as keys of the line that was seen
// when they were pressed. An answer leads to another line, so that no key is ever an answer to one nobody has seen.
const catchUp = () => {
  if (filling) {
    filling = false;
    const found = field();
    const ends = waiting.findIndex((each) => each.text.length > 1);
    const text = waiting.splice(0).slice(0, ends < 0 ? undefined : ends).map((each) => each.text).join("");
    if (!found) return;
    found.focus({ preventScroll: true });
    if (!text) return;
    found.value += text;
    found.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  while (waiting.length && !busy) {
    const { key, of } = waiting.shift();
    if (of !== line() && key !== "j" && key !== "k") waiting.length = 0;
    else if (key.length === 1) deed(key);
  }
};

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

// A name that is offered goes into its field, as if it were typed.
document.addEventListener("click", (event) => {
  const offered = event.target.closest("[data-fill]");
  const field = offered?.form.elements.namedItem(offered.dataset.fill);
  if (!field) return;
  field.value = offered.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-total]");
  if (form) count(form);
  if (event.target.matches("[data-view=category] [name=other]")) fillTax(event.target);
  if ((event.target.name === "other" || event.target.closest(".split-row")) && event.target.value) {
    for (const each of event.target.form.querySelectorAll("[data-pick]")) each.checked = false;
  }
});

document.addEventListener("htmx:before:request", (event) => { busy = true; asked = event.detail.ctx; });
// What ends without an exchange (no network) leaves the page as it was, and it may be asked again.
document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx === landed) return;
  busy = filling = false;
  waiting.length = 0;
  for (const form of page().querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
addEventListener("pageshow", () => { busy = filling = false; waiting.length = 0; });

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
  landed = asked;
  const first = closing ? [".lines > [aria-current] a"] : [];
  closing = false;
  const places = [...first, "[data-focus]", "#dh", "h1"].flatMap((each) => [...page().querySelectorAll(each)]);
  const wanted = places.find((each) => each.checkVisibility());
  wanted?.focus({ preventScroll: true });
  page().querySelector(".lines > [aria-current]")?.scrollIntoView({ block: "nearest" });
  const said = page().querySelector("[data-said]")?.dataset.said ?? "";
  document.getElementById("announced").textContent = said || (document.getElementById("dh")?.textContent ?? "");
  recount();
  for (const each of boxes()) each.checked = ticked.has(each.name);
  remember();
  catchUp();
};

// Once the page's part was exchanged; and where a key was quicker than the exchange, so that the page came anew.
new MutationObserver((changes) => {
  if (changes.some((change) => [...change.addedNodes].some((node) => node.id === "review"))) land();
}).observe(page().parentElement, { childList: true });
remember();
if (page().querySelector("[data-said]")?.dataset.said) land();
