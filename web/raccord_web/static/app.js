// Keys and small comforts; every page works without this file.
(() => {
  "use strict";
  const off = document.body.dataset.keys === "off";
  const typing = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;
  let going = 0;

  const go = (key) => {
    const link = document.querySelector(`.nav a[data-key="${CSS.escape(key)}"]`);
    if (link) link.click();
    return link !== null;
  };

  document.addEventListener("keydown", (event) => {
    if (off || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "/") {
      const search = document.querySelector("#main input[type=search]") ?? document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    } else if (key === "?") {
      go("?");
    } else if (key === "g") {
      going = event.timeStamp;
    } else if (event.timeStamp - going < 1500) {
      going = 0;
      if (/^[a-z]$/.test(key)) go(key);
    }
  });

  // What came of a form is said once when its page opens: a refusal gets the focus, a result is spoken. Without this
  // file both stand first on the page.
  window.addEventListener("load", () => {
    const refused = performance.getEntriesByType("navigation")[0]?.responseStatus >= 400 && document.querySelector("#main [role=alert]");
    const told = document.querySelector("#main .told[role=status]");
    if (refused) {
      refused.tabIndex = -1;
      refused.focus();
    } else if (told) {
      // A status is spoken when it changes, not where it stands already.
      for (const each of told.children) each.style.visibility = "hidden";
      setTimeout(() => { for (const each of told.children) each.style.visibility = ""; }, 100);
    }
  });

  // Help was one page once: an address of one of its parts leads on to the page that this has become.
  window.addEventListener("load", () => {
    const moved = document.querySelector("[data-leads]:target a, [data-leads]:has(:target) a");
    if (moved) location.replace(moved.href);
  });

  // The browser knows where it is: its time zone stands first among the likely ones.
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const likely of document.querySelectorAll("optgroup[data-zones]")) {
    const own = [...likely.parentElement.querySelectorAll("option")].find((each) => each.textContent === here);
    if (own) likely.prepend(own);
  }

  // Paper is asked of the browser; without this file its own menu does it.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A choice that sends its form at once; without this file its button does.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
  });

  // Two presses of one button are one deed.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.defaultPrevented) return;
    if (event.target.dataset.sent === "yes") { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
    button.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    }
  });

  // A form that must be whole keeps its way on shut until it is; without this file the server says what is missing.
  const tend = (form, changed) => {
    for (const menu of form.querySelectorAll("[data-adds]")) {
      const fresh = document.getElementById(menu.dataset.adds);
      const adds = menu.value === "+";
      if (changed === menu) fresh.open = adds;
      const [name, kind] = [fresh.querySelector("input"), fresh.querySelector("select")];
      name.required = adds;
      kind.disabled = form.querySelector(`#${menu.id.replace("account", "type")}`).value !== "bank";
      kind.required = adds && !kind.disabled;
    }
    for (const each of form.elements) if (each.matches("button.btn-primary, button.btn-danger")) each.disabled = !form.checkValidity();
  };
  for (const form of document.querySelectorAll("form.whole")) {
    tend(form);
    for (const name of ["input", "change"]) form.addEventListener(name, (event) => tend(form, event.target));
  }

  // What one choice needs is there while it is made; without this file each such part is there, under its heading.
  const fit = (form) => {
    for (const part of form.querySelectorAll("fieldset[data-when]")) {
      const wanted = Object.entries(JSON.parse(part.dataset.when));
      part.hidden = part.disabled = !wanted.every(([name, among]) => among.includes(form.elements.namedItem(name)?.value));
    }
  };
  for (const form of document.querySelectorAll("form:has(fieldset[data-when])")) {
    fit(form);
    form.addEventListener("change", () => fit(form));
  }

  // What is wrong in a closed part is shown: a browser sends nothing then, and cannot say why of what nobody sees.
  document.addEventListener("invalid", (event) => {
    for (let part = event.target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  }, true);

  // A list that lets everything be chosen at once.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form");
    const all = form?.querySelector("[data-all]");
    if (!all) return;
    const boxes = [...form.querySelectorAll(`input[type=checkbox][name^="${all.dataset.all}"]`)];
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    else all.checked = boxes.every((box) => box.checked);
  });

  // Links are copied with one press where the browser allows it.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.dataset.copied = "yes";
      for (const each of [button.querySelector("span"), button.nextElementSibling]) each.textContent = button.dataset.done;
    } catch {
      button.dataset.copied = "no";
    }
  });

  // Files beyond what is accepted are named before they travel; without this file the server says it after.
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.matches("input[type=file][data-most]")) return;
    const told = document.getElementById(field.getAttribute("aria-describedby"));
    const files = [...field.files];
    const large = files.filter((each) => each.size > Number(field.dataset.mostEach ?? Infinity));
    const over = { each: large.length > 0, all: files.reduce((sum, each) => sum + each.size, 0) > Number(field.dataset.most) };
    let why = "";
    for (const line of told.querySelectorAll("[data-over]")) {
      line.hidden = !over[line.dataset.over];
      const named = line.querySelector("b");
      if (named) named.textContent = large.map((each) => each.name).join(", ");
      if (!line.hidden) why = line.textContent;
    }
    field.setCustomValidity(why);
    if (why) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
  });

  // Files may be dropped anywhere on their form; the plain field beneath stays what is sent.
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const form = event.target.closest?.("form.drop");
      if (!form) return;
      event.preventDefault();
      form.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) {
        const field = form.querySelector("input[type=file]");
        field.files = event.dataTransfer.files;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  }
})();
