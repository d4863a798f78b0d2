// A long choice is searched by typing, as the combobox of WAI-ARIA has it; without this file it is the plain menu it was.
(() => {
  "use strict";
  if (!("popover" in HTMLElement.prototype)) return;
  const LONG = 40;
  const SHOWN = 100;
  const words = document.body.dataset;
  let made = 0;

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const said = (text, n) => text.replace("{n}", n);
  const part = (tag, values) => Object.assign(document.createElement(tag), values);

  // What may be chosen: of a menu its options under their headings, of a field with a list what that list proposes.
  const among = (source) => [...source.querySelectorAll("option")].filter((each) => each.value !== "" && !each.disabled).map((each) => {
    const group = each.closest("optgroup")?.label ?? "";
    const label = (each.textContent.trim() || each.value).replace(/\s+/g, " ");
    return { value: each.value, label, group, found: plain(`${label} ${group}`) };
  });

  const combine = (input, source, { chosen, choose, clear }) => {
    const id = `choices-${++made}`;
    const list = part("div", { id, className: "listbox choices", role: "listbox" });
    const told = part("p", { className: "sr", role: "status" });
    list.setAttribute("popover", "manual");
    list.setAttribute("aria-label", words.choicesList);
    input.after(list, told);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, autocomplete: "off" }))
      input.setAttribute(name, value);
    let at = -1;
    let taking = false;
    let asking = 0;

    const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
    const isOpen = () => input.getAttribute("aria-expanded") === "true";
    const mark = (to) => {
      const all = options();
      at = all.length ? (to + all.length) % all.length : -1;
      all.forEach((each, place) => each.classList.toggle("is-active", place === at));
      if (at < 0) input.removeAttribute("aria-activedescendant");
      else {
        input.setAttribute("aria-activedescendant", all[at].id);
        all[at].scrollIntoView({ block: "nearest" });
      }
    };
    const place = () => {
      const box = input.getBoundingClientRect();
      const below = innerHeight - box.bottom;
      const up = below < 220 && box.top > below;
      list.style.inlineSize = `${Math.min(Math.max(box.width, 240), innerWidth - 16)}px`;
      list.style.maxBlockSize = `${Math.min(360, (up ? box.top : below) - 12)}px`;
      list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - list.offsetWidth - 8))}px`;
      list.style.top = up ? `${box.top - list.offsetHeight - 4}px` : `${box.bottom + 4}px`;
    };
    const close = () => {
      if (!isOpen()) return;
      input.setAttribute("aria-expanded", "false");
      mark(-1);
      at = -1;
      input.removeAttribute("aria-activedescendant");
      list.hidePopover();
      told.textContent = "";
    };
    const open = (typed) => {
      const wanted = plain(typed).split(/\s+/).filter(Boolean);
      const all = among(source);
      const found = all.filter((each) => wanted.every((word) => each.found.includes(word)));
      const now = chosen();
      list.replaceChildren();
      let group = null;
      for (const each of found.slice(0, SHOWN)) {
        if (group === null || group.dataset.of !== each.group) {
          group = part("div", { role: "group" });
          group.dataset.of = each.group;
          group.setAttribute("aria-label", each.group || words.choicesList);
          if (each.group) {
            const heading = part("div", { className: "grp", textContent: each.group });
            heading.setAttribute("aria-hidden", "true");
            group.append(heading);
          }
          list.append(group);
        }
        const option = part("div", { role: "option", id: `${id}-${list.querySelectorAll("[role=option]").length}`, textContent: each.label });
        option.dataset.value = each.value;
        option.setAttribute("aria-selected", String(each.value === now));
        group.append(option);
      }
      const rest = found.length - Math.min(found.length, SHOWN);
      const note = !found.length ? words.choicesNone : rest ? said(words.choicesMore, rest) : "";
      if (note) {
        const more = part("div", { className: "grp", textContent: note });
        // A list without any choice says so as one that cannot be taken.
        if (found.length) more.setAttribute("aria-hidden", "true");
        else { more.setAttribute("role", "option"); more.setAttribute("aria-disabled", "true"); }
        list.append(more);
      }
      input.setAttribute("aria-expanded", "true");
      if (!list.matches(":popover-open")) list.showPopover();
      told.textContent = found.length ? said(words.choicesFound, found.length) : words.choicesNone;
      const selected = options().findIndex((each) => each.getAttribute("aria-selected") === "true");
      at = -1;
      if (selected >= 0 && !typed) mark(selected);
      else if (wanted.length && found.length) mark(0);
      else input.removeAttribute("aria-activedescendant");
      place();
    };
    // Of a list that is longer than the page shows, what has these words comes from the server.
    const more = (typed) => {
      clearTimeout(asking);
      if (!source.dataset.search || typed.trim().length < 2) return;
      asking = setTimeout(async () => {
        const answer = await fetch(`${source.dataset.search}&q=${encodeURIComponent(typed.trim())}`);
        if (!answer.ok) return;
        const come = part("template", { innerHTML: await answer.text() }).content;
        // What a field with a list sends is what it shows.
        if (source.localName === "datalist") for (const each of come.querySelectorAll("option")) each.value = each.textContent.trim();
        const known = new Set([...source.querySelectorAll("option")].map((each) => each.value));
        const fresh = [...come.querySelectorAll("option")].filter((each) => !known.has(each.value));
        for (const each of fresh) {
          const label = each.closest("optgroup")?.label ?? "";
          let group = label ? [...source.querySelectorAll("optgroup")].find((one) => one.label === label) : source;
          if (!group) source.append(group = part("optgroup", { label }));
          group.append(each);
        }
        if (fresh.length && isOpen() && input.value === typed) open(typed);
      }, 150);
    };
    const take = (option) => {
      close();
      taking = true;
      choose(option.dataset.value);
      taking = false;
    };

    input.addEventListener("input", () => { if (!taking) { open(input.value); more(input.value); } });
    input.addEventListener("click", () => { if (!isOpen()) { input.select(); open(""); } });
    input.addEventListener("keydown", (event) => {
      const { key, altKey } = event;
      if (event.ctrlKey || event.metaKey) return;
      if (key === "ArrowDown" || key === "ArrowUp") {
        if (!isOpen()) open("");
        else if (altKey && key === "ArrowUp") close();
        else mark(at < 0 ? (key === "ArrowDown" ? 0 : -1) : at + (key === "ArrowDown" ? 1 : -1));
      } else if (key === "Enter" && isOpen() && at >= 0) take(options()[at]);
      else if (key === "Enter" && isOpen()) close();
      else if (key === "Escape" && isOpen()) { close(); clear(); }
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    // The field keeps the focus while the list is pressed.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]:not([aria-disabled])");
      if (option) take(option);
    });
    input.addEventListener("blur", () => { close(); clear(); });
    for (const name of ["scroll", "resize"]) addEventListener(name, (event) => { if (isOpen() && event.target !== list) place(); }, { capture: true, passive: true });
  };

  // The menu stays what is sent and checked; the field beside it searches it.
  const search = (menu) => {
    menu.dataset.choices = "yes";
    const input = part("input", { type: "text", className: menu.className.replace(/\bselect/g, "input"), placeholder: menu.options[0]?.value === "" ? menu.options[0].textContent.trim() : "" });
    input.classList.add("searched");
    const label = menu.labels[0];
    if (menu.hasAttribute("aria-label")) input.setAttribute("aria-label", menu.getAttribute("aria-label"));
    else if (label) {
      label.id ||= `choices-label-${made + 1}`;
      input.setAttribute("aria-labelledby", label.id);
    }
    for (const name of ["aria-describedby", "aria-invalid", "form"]) if (menu.hasAttribute(name)) input.setAttribute(name, menu.getAttribute(name));
    const holder = part("div", { className: "combo" });
    menu.before(holder);
    holder.append(input, menu);
    menu.classList.add("sr");
    menu.tabIndex = -1;
    menu.setAttribute("aria-hidden", "true");
    const show = () => {
      const option = menu.selectedOptions[0];
      input.value = option && option.value !== "" ? option.textContent.trim().replace(/\s+/g, " ") : "";
      // Of a field that must be filled the browser says so at the field that is seen.
      input.required = menu.required;
      input.classList.toggle("is-todo", menu.classList.contains("is-todo") && menu.value === "");
    };
    menu.addEventListener("change", show);
    menu.addEventListener("focus", () => input.focus());
    addEventListener("pageshow", show);
    combine(input, menu, {
      chosen: () => menu.value,
      choose: (value) => {
        menu.value = value;
        for (const name of ["input", "change"]) menu.dispatchEvent(new Event(name, { bubbles: true }));
      },
      // An emptied field chooses nothing where that is a choice; what is no choice gives way to what was chosen.
      clear: () => {
        const none = [...menu.options].some((each) => each.value === "");
        if (input.value.trim() === "" && none && menu.value !== "") {
          menu.value = "";
          for (const name of ["input", "change"]) menu.dispatchEvent(new Event(name, { bubbles: true }));
        }
        show();
      },
    });
    show();
  };

  const propose = (input, list) => {
    input.dataset.choices = "yes";
    input.removeAttribute("list");
    combine(input, list, {
      chosen: () => input.value,
      choose: (value) => {
        input.value = value;
        for (const name of ["input", "change"]) input.dispatchEvent(new Event(name, { bubbles: true }));
      },
      clear: () => {},
    });
  };

  const look = () => {
    for (const menu of document.querySelectorAll("select.select:not([data-choices], [multiple])")) if (menu.options.length > LONG) search(menu);
    for (const input of document.querySelectorAll("input[list]:not([data-choices])")) {
      const list = document.getElementById(input.getAttribute("list"));
      if (list && list.querySelectorAll("option").length > LONG) propose(input, list);
    }
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
})();
