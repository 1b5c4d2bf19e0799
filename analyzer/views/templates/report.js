"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const controls = $("controls"), search = $("search"), found = $("found");
  const boxes = [...controls.querySelectorAll("input[type=checkbox]")];
  const rows = [...document.querySelectorAll("#list tbody tr")];
  const sections = new Map([...document.querySelectorAll("section.case")].map((each) => [each.dataset.case, each]));

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let count = 0;
    for (const row of rows) {
      const shown = wanted.has(row.dataset.verdict) && words.every((word) => row.dataset.words.includes(word));
      row.hidden = !shown;
      count += shown;
      const section = sections.get(row.dataset.case);
      if (section) section.hidden = !shown;
    }
    found.textContent = `${count} of ${rows.length} shown`;
  }

  function reveal() {
    const target = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const section = target.closest("section.case");
    if (section) section.hidden = false;
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    if (section === target) target.querySelector("details").open = true;
    target.scrollIntoView();
    const focus = target.querySelector("summary") || target;
    focus.focus({ preventScroll: true });
  }

  function fold(open) {
    for (const section of sections.values()) if (!section.hidden) section.querySelector("details").open = open;
  }

  // The octets of a line of a tree, in the text beside it: 4 digits and 2 blanks, then 3 columns an octet and a gap
  // after 8; characters from column 56 on.
  const COLUMNS = 16, LINE = 72;
  const at = (octet) => Math.floor(octet / COLUMNS) * (LINE + 1) + 6 + (octet % COLUMNS) * 3 + (octet % COLUMNS >= 8 ? 1 : 0);
  const letter = (octet) => Math.floor(octet / COLUMNS) * (LINE + 1) + 56 + (octet % COLUMNS);

  function point(event) {
    const leaf = event.target.closest && event.target.closest(".tree li");
    document.querySelectorAll(".tree .on").forEach((each) => each.classList.remove("on"));
    if (!window.Highlight || !CSS.highlights) return;
    CSS.highlights.delete("field");
    if (!leaf) return;
    leaf.classList.add("on");
    const text = leaf.closest(".sides").querySelector("pre").firstChild;
    const begin = Number(leaf.dataset.s), end = Number(leaf.dataset.e);
    if (!text || end <= begin) return;
    const ranges = [];
    for (let from = begin; from < end; from = (Math.floor(from / COLUMNS) + 1) * COLUMNS) {
      const last = Math.min(end, (Math.floor(from / COLUMNS) + 1) * COLUMNS) - 1;
      for (const [first, after] of [[at(from), at(last) + 2], [letter(from), letter(last) + 1]]) {
        if (after > text.length) return;
        const range = new Range();
        range.setStart(text, first);
        range.setEnd(text, after);
        ranges.push(range);
      }
    }
    CSS.highlights.set("field", new Highlight(...ranges));
  }

  controls.hidden = false;
  controls.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", filter);
  boxes.forEach((box) => box.addEventListener("change", filter));
  $("unfold").addEventListener("click", () => fold(true));
  $("fold").addEventListener("click", () => fold(false));
  document.addEventListener("mouseover", point);
  document.addEventListener("click", point);
  window.addEventListener("hashchange", reveal);
  window.addEventListener("beforeprint", () => fold(true));
  filter();
  window.addEventListener("load", reveal);
})();
