// The pages are whole without this. It adds the switches, sorting, finding, the keys of the tree, comparing, and freshness.
"use strict";

const root = document.documentElement;

// What a reader chose is remembered where the browser lets us; where it does not, the page works all the same.
const memory = {
  read(name) { try { return localStorage.getItem(`deltasearch-${name}`); } catch { return null; } },
  write(name, value) { try { localStorage.setItem(`deltasearch-${name}`, value); } catch { /* then not */ } },
};

function speak(language) {
  root.lang = language;
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  const heading = document.querySelector("h1");
  if (heading) document.title = `${heading.innerText} · deltasearch`;
}

// The one that was chosen, else the browser's own, else the first of those that the page has.
function preferredLanguage() {
  const tags = root.dataset.languages.split(" ");
  const chosen = memory.read("language");
  const primary = (tag) => tag.split("-")[0];
  return tags.find((tag) => tag === chosen) ?? tags.find((tag) => primary(tag) === primary(navigator.language)) ?? tags[0];
}

function light(theme) {
  if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
}

// At once, so that nothing is drawn in the wrong language or brightness.
root.classList.add("js");
light(memory.read("theme"));
root.lang = preferredLanguage();

document.addEventListener("DOMContentLoaded", () => {
  speak(root.lang);
  for (const button of document.querySelectorAll("[data-language]"))
    button.addEventListener("click", () => { memory.write("language", button.dataset.language); speak(button.dataset.language); });
  document.querySelector("[data-theme-switch]").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    memory.write("theme", dark ? "light" : "dark");
    light(dark ? "light" : "dark");
  });
  liven();
  if (location.protocol.startsWith("http")) freshen();
});

// Everything that belongs to the content, which may be replaced by a newer one.
function liven() {
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("[role=tree]").forEach(walkable);
  if (document.getElementById("first")) comparing();
}

// Sorting and finding

const order = { column: null, ascending: false };

function sortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const text = heading.querySelector("button").dataset.sort === "text";
    const current = heading.getAttribute("aria-sort");
    order.column = column;
    order.ascending = current ? current === "descending" : text;
    sort(table, headings);
  }));
  document.getElementById("find").addEventListener("input", () => find(table));
  const all = document.getElementById("all");
  if (all) all.addEventListener("click", () => table.classList.add("all"));
  if (order.column !== null) sort(table, headings);
  find(table);
}

function sort(table, headings) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, value: valueOf(row.cells[order.column], order.column) }));
  const sign = order.ascending ? 1 : -1;
  rows.sort((a, b) => {
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null); // no score comes last
    return sign * (typeof a.value === "string" ? a.value.localeCompare(b.value) : a.value - b.value);
  });
  body.append(...rows.map(({ row }) => row));
  headings.forEach((heading, column) => {
    if (column === order.column) heading.setAttribute("aria-sort", order.ascending ? "ascending" : "descending");
    else heading.removeAttribute("aria-sort");
  });
}

function valueOf(cell, column) {
  if (!cell || cell.colSpan > 1 || cell.parentNode.cells.length <= column) return null;
  if (cell.tagName === "TH") return cell.textContent;
  const value = parseFloat(cell.dataset.value ?? cell.textContent);
  return Number.isNaN(value) ? null : value;
}

function find(table) {
  const wanted = document.getElementById("find").value.trim().toLowerCase();
  table.classList.toggle("filtered", wanted !== "");
  for (const row of table.tBodies[0].rows) row.hidden = wanted !== "" && !row.cells[0].textContent.toLowerCase().includes(wanted);
}

// The tree: one item takes part in the tab order, arrow keys move among those that are seen.

function walkable(tree) {
  const items = [...tree.querySelectorAll("[role=treeitem]")];
  const level = (item) => Number(item.getAttribute("aria-level"));
  const seen = () => items.filter((item) => !item.hidden);

  function fold(item, open) {
    if (!item.hasAttribute("aria-expanded")) return;
    item.setAttribute("aria-expanded", String(open));
    let closed = open ? Infinity : level(item);
    for (const below of items.slice(items.indexOf(item) + 1)) {
      if (level(below) <= level(item)) break;
      if (level(below) <= closed) closed = Infinity;
      below.hidden = closed !== Infinity;
      if (closed === Infinity && below.getAttribute("aria-expanded") === "false") closed = level(below);
    }
  }

  function focus(item) {
    if (!item) return;
    for (const other of tree.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
  }

  const parentOf = (item) => items.slice(0, items.indexOf(item)).reverse().find((other) => level(other) < level(item));
  if (items.length) items[0].tabIndex = 0;
  tree.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (event.target.classList.contains("fold")) fold(item, item.getAttribute("aria-expanded") !== "true");
  });
  tree.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=treeitem]");
    const place = seen().indexOf(item);
    const open = item.getAttribute("aria-expanded");
    const keys = {
      ArrowDown: () => focus(seen()[place + 1]),
      ArrowUp: () => focus(seen()[place - 1]),
      Home: () => focus(seen()[0]),
      End: () => focus(seen().at(-1)),
      ArrowRight: () => (open === "false" ? fold(item, true) : open && focus(seen()[place + 1])),
      ArrowLeft: () => (open === "true" ? fold(item, false) : focus(parentOf(item))),
      Enter: () => item.querySelector("a").click(),
    };
    if (!keys[event.key] || event.target !== item) return;
    event.preventDefault();
    keys[event.key]();
  });
}

// Comparing: what is known of a run comes as a script, since a page on the disk may load nothing else.

const runs = new Map();

globalThis.deltasearch = { arrived: (facts) => runs.set(facts.id, facts) };

function fetchRun(id) {
  if (runs.has(id)) return Promise.resolve(runs.get(id));
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `data/${encodeURIComponent(id)}.js`;
    script.onload = () => resolve(runs.get(id));
    script.onerror = reject;
    document.head.append(script);
  });
}

function comparing() {
  const [first, second] = ["first", "second"].map((id) => document.getElementById(id));
  const has = (select, id) => [...select.options].some((option) => option.value === id);
  const asked = location.hash.slice(1).split("&").map(decodeURIComponent);
  if (second.options.length) first.value = second.options[Math.min(1, second.options.length - 1)].value;
  if (has(first, asked[0])) first.value = asked[0];
  if (has(second, asked[1])) second.value = asked[1];
  const show = async () => {
    if (!first.value || !second.value) return;
    const pair = await Promise.all([fetchRun(first.value), fetchRun(second.value)]);
    history.replaceState(null, "", `#${first.value}&${second.value}`);
    showPair(...pair);
  };
  for (const select of [first, second]) select.addEventListener("change", show);
  document.getElementById("swap").addEventListener("click", () => { [first.value, second.value] = [second.value, first.value]; show(); });
  show();
}

function showPair(a, b) {
  for (const [id, run] of [["first-page", a], ["second-page", b]]) {
    const link = document.getElementById(id);
    link.href = `variants/${run.id}.html`;
    link.replaceChildren(...run.name.split("_").flatMap((part, place) => (place ? ["_", made("wbr"), part] : [part])));
  }
  const scored = Object.keys(a.scores).length > 0 && Object.keys(b.scores).length > 0;
  document.getElementById("no-score").hidden = scored;
  document.getElementById("differences").hidden = !scored;
  const body = document.getElementById("differences").tBodies[0];
  body.replaceChildren(...(scored ? Object.keys(a.scores).map((task) => scoreRow(task, a, b)) : []));
  const lines = changes(a.source.trimEnd().split("\n"), b.source.trimEnd().split("\n"));
  document.getElementById("no-change").hidden = lines.length > 0;
  document.getElementById("changes").tBodies[0].replaceChildren(...lines.map(diffRow));
  document.getElementById("pair").hidden = false;
}

const signed = (value) => `${value < 0 && value.toFixed(3) !== "-0.000" ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
const confident = (thousandths) => (thousandths >= 999 ? "> 99.9%" : `${(thousandths / 10).toFixed(1)}%`);
const spread = (error) => (error === null ? "" : ` ± ${error.toFixed(3)}`);

function made(tag, properties = {}, ...inside) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...inside);
  return node;
}

function scoreRow(task, a, b) {
  const found = difference(task, a, b);
  const average = task === a.average;
  const name = average ? document.getElementById("average-word").content.cloneNode(true) : made("span", { translate: false }, task);
  const verdict = document.getElementById("verdicts").content.querySelector(`[data-verdict=${found.verdict}]`).cloneNode(true);
  const score = (known) => made("td", {}, known.mean.toFixed(3), made("small", {}, spread(known.error)));
  return made("tr", { className: average ? "total" : "" }, made("th", { scope: "row" }, name), score(a.scores[task]), score(b.scores[task]),
    made("td", { className: found.verdict }, signed(found.difference), made("small", {}, spread(found.error))),
    made("td", { className: "left" }, verdict, found.error === null ? "" : ` ${confident(found.confidence)}`));
}

// Is the difference noise? How sure it is that two runs differ comes from Python, by task, in thousandths; the later run has it.
function difference(task, a, b) {
  const [one, other] = [a.scores[task], b.scores[task]];
  const value = other.mean - one.mean;
  if (one.error === null || other.error === null) return { difference: value, error: null, confidence: 0, verdict: "unjudged" };
  const known = a.confidence[b.id] ?? b.confidence[a.id];
  const confidence = known ? known[Object.keys(a.scores).indexOf(task)] : 0; // a run does not differ from itself
  const verdict = confidence < 950 ? "indistinguishable" : value < 0 ? "worse" : b.larger && !a.larger ? "larger" : "better";
  return { difference: value, error: Math.hypot(one.error, other.error), confidence, verdict };
}

// The lines that differ, by the longest common subsequence, with three lines around each change.
function changes(old, now) {
  const length = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      length[i][j] = old[i] === now[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  const lines = [];
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) lines.push({ kind: "same", old: ++i, now: ++j, text: now[j - 1] });
    else if (j >= now.length || (i < old.length && length[i + 1][j] >= length[i][j + 1])) lines.push({ kind: "old", old: ++i, now: "", text: old[i - 1] });
    else lines.push({ kind: "new", old: "", now: ++j, text: now[j - 1] });
  }
  const near = (place) => lines.slice(Math.max(0, place - 3), place + 4).some((line) => line.kind !== "same");
  return lines.filter((line, place) => near(place));
}

function diffRow(line) {
  const mark = { same: " ", old: "−", new: "+" }[line.kind];
  return made("tr", { className: line.kind }, made("td", {}, String(line.old)), made("td", {}, String(line.now)),
    made("td", {}, made("code", {}, `${mark} ${line.text}`)));
}

// Freshness: a page that is served looks now and then whether there is a newer one, and what the search is doing.

function freshen() {
  let stamp = null;
  const look = async () => {
    try {
      const answer = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
      const now = `${answer.headers.get("Last-Modified")} ${answer.headers.get("Content-Length")}`;
      if (stamp !== null && now !== stamp && answer.ok) await replace();
      stamp = now;
      const live = await fetch(new URL("/live.html", location.href), { cache: "no-store" });
      if (!live.ok) return; // some other server: nothing lives there
      const line = document.getElementById("live");
      line.replaceChildren(...parse(await live.text()).body.childNodes);
      line.hidden = line.childNodes.length === 0;
    } catch { /* the server is gone; it may come back */ }
    setTimeout(look, 2500);
  };
  look();
}

const parse = (text) => new DOMParser().parseFromString(text, "text/html");

async function replace() {
  const newer = parse(await (await fetch(location.pathname, { cache: "no-store" })).text());
  const [open, wanted] = [[...document.querySelectorAll("main details")].map((each) => each.open), document.getElementById("find")?.value];
  document.querySelector("main").replaceChildren(...newer.querySelector("main").childNodes);
  document.querySelectorAll("main details").forEach((each, place) => { each.open = open[place] ?? each.open; });
  if (wanted) document.getElementById("find").value = wanted;
  liven();
  speak(root.lang);
}
