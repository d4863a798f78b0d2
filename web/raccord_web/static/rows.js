// Keys in lists and in the mapping: rows are walked, Enter opens, Escape goes back to the row, Ctrl+S saves the page.
(() => {
  "use strict";
  const off = document.body.dataset.keys === "off";
  const typing = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;
  const ROWS = "#main .table.rows tbody tr:has(a.cover), #main .mapline, #main .maprow:has(.mapform)";
  const rows = () => [...document.querySelectorAll(ROWS)].filter((row) => row.getClientRects().length > 0);
  const spot = (row) => row.querySelector("a.cover") ?? row;

  const move = (from, step) => {
    const all = rows();
    const next = all[from ? all.indexOf(from) + step : step > 0 ? 0 : all.length - 1];
    if (!next) return false;
    if (spot(next) === next) next.tabIndex = -1;
    spot(next).focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey) return;
    const row = event.target.closest(ROWS);
    if (event.ctrlKey || event.metaKey) {
      const save = event.key.toLowerCase() === "s" && (row?.querySelector("button[name=save]") ?? document.querySelector(".savebar button[name=save]"));
      if (save) { event.preventDefault(); save.form.requestSubmit(save); }
      return;
    }
    if (typing(event.target)) {
      if (event.key === "Escape" && row && spot(row) === row) { row.tabIndex = -1; row.focus(); }
      return;
    }
    // Single letters can be switched off; arrows move only where a row has the focus, else they scroll the page.
    const letter = off ? 0 : { j: 1, k: -1 }[event.key.toLowerCase()];
    const arrow = row ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : 0;
    if (letter || arrow) {
      if (move(row, letter || arrow)) event.preventDefault();
    } else if (event.key === "Enter" && event.target === row) {
      event.preventDefault();
      row.querySelector("select, input:not([type=hidden])").focus();
    }
  });

  // What is changed and not saved is counted in the bar and shown in its row; without this file the server does both.
  const bar = document.querySelector(".savebar:has(#changes)");
  if (bar) {
    const told = bar.querySelector("#changes");
    const fields = [...bar.elements].filter((each) => each.dataset.was !== undefined);
    const count = () => {
      const changed = fields.filter((each) => each.value !== each.dataset.was);
      for (const each of fields)
        for (const part of each.closest(".mapline").querySelectorAll("[data-before]")) part.hidden = !changed.includes(each);
      told.textContent = changed.length ? told.dataset[changed.length === 1 ? "one" : "other"].replace("{n}", changed.length) : "";
      bar.hidden = changed.length === 0;
    };
    count();
    for (const name of ["input", "change"]) document.addEventListener(name, count);
  }
})();
