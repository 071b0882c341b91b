// The table of all results: sorting, finding, and what its scores are compared with. The address keeps all three.
"use strict";

const COLOUR = /^[pn][1-5]$/;

liven((page) => page.querySelectorAll("table.sortable").forEach(sortable));
liven((page) => page.querySelectorAll("input[name=axis]").forEach(axis));

function axis(input) {
  input.checked = input.value === (address.read("axis") || "evaluations");
  input.addEventListener("change", () => address.write("axis", input.value === "hours" ? "hours" : ""));
}

function sortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  for (const heading of headings) heading.querySelector("button").addEventListener("click", () => resort(table, heading));
  const wanted = document.getElementById("find");
  wanted.value = address.read("find");
  wanted.addEventListener("input", () => { address.write("find", wanted.value.trim()); find(table); });
  const all = document.getElementById("all");
  if (address.read("all")) table.classList.add("all");
  all.addEventListener("click", () => { table.classList.add("all"); address.write("all", "yes"); });
  for (const input of document.querySelectorAll("input[name=basis]")) {
    input.checked = input.value === (address.read("basis") || "template");
    input.addEventListener("change", () => { address.write("basis", input.value === "template" ? "" : input.value); apply(table); });
  }
  apply(table);
}

// Everything that the address says of the table.
function apply(table) {
  compareWith(table, address.read("basis") || "template");
  const [key, direction] = address.read("sort").split(",");
  const heading = [...table.tHead.rows[0].cells].find((each) => each.querySelector("button").dataset.key === key);
  if (heading) sort(table, heading, direction === "up");
  find(table);
}

function resort(table, heading) {
  const button = heading.querySelector("button");
  const current = heading.getAttribute("aria-sort");
  const ascending = current ? current === "descending" : button.dataset.sort === "text";
  address.write("sort", `${button.dataset.key}${ascending ? ",up" : ""}`);
  sort(table, heading, ascending);
}

function sort(table, heading, ascending) {
  const [body, column] = [table.tBodies[0], heading.cellIndex];
  const rows = [...body.rows].map((row) => ({ row, value: valueOf(row.cells[column]) }));
  const sign = ascending ? 1 : -1;
  rows.sort((a, b) => {
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null); // no score comes last
    return sign * (typeof a.value === "string" ? a.value.localeCompare(b.value) : a.value - b.value);
  });
  body.append(...rows.map(({ row }) => row));
  for (const each of heading.parentNode.cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
}

function valueOf(cell) {
  if (!cell || cell.colSpan > 1) return null;
  if (cell.tagName === "TH") return cell.querySelector(".name").textContent;
  const value = parseFloat(cell.dataset.value ?? cell.textContent);
  return Number.isNaN(value) ? null : value;
}

// A row is found by words of its name, its title, its moves, its verdict or its reason, in any language.
const haystacks = new WeakMap();

function haystack(row) {
  if (!haystacks.has(row)) {
    const names = row.closest("table").dataset.moves.split(" ");
    const moves = (row.dataset.moves ?? "").split(" ").filter(Boolean).map((place) => names[place]);
    haystacks.set(row, [row.dataset.name, ...moves, row.textContent].join(" ").toLowerCase());
  }
  return haystacks.get(row);
}

function find(table) {
  const wanted = document.getElementById("find").value.toLowerCase().replaceAll("\u200b", "").split(/\s+/).filter(Boolean);
  table.classList.toggle("filtered", wanted.length > 0);
  let count = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !wanted.every((word) => haystack(row).includes(word));
    count += !row.hidden;
  }
  const found = document.getElementById("found");
  const told = wanted.length ? `${count} ` : "";
  if (found.dataset.told === told) return;
  found.dataset.told = told;
  found.replaceChildren(...(wanted.length ? [told, words("found-word")] : []));
}

// Against the template as it was written; against the parent or the best as the rows carry it.
const written = new WeakMap();

function compareWith(table, basis) {
  if (table.dataset.basis === basis || (!table.dataset.basis && basis === "template")) return;
  table.dataset.basis = basis;
  for (const each of table.tHead.querySelectorAll("[data-basis]")) each.hidden = each.dataset.basis !== basis;
  for (const row of table.tBodies[0].rows) {
    if (row.cells.length < 5) continue; // it has no score
    const cells = [...row.cells].slice(1, -1);
    if (!written.has(row)) written.set(row, cells.map((cell) => [cell.className, cell.dataset.value, [...cell.childNodes]]));
    if (basis === "template") restore(cells, written.get(row));
    else fill(cells, (row.dataset[basis] ?? "").split(" "));
    haystacks.delete(row);
  }
}

function restore(cells, kept) {
  cells.forEach((cell, place) => {
    const [name, value, nodes] = kept[place];
    cell.className = name;
    if (value === undefined) delete cell.dataset.value; else cell.dataset.value = value;
    if (place === 1) cell.replaceChildren(...nodes);
  });
}

function fill([average, difference, ...tasks], [value, verdict, ...colours]) {
  [average, ...tasks].forEach((cell, place) => {
    cell.className = COLOUR.test(colours[place]) ? colours[place] : "";
  });
  delete difference.dataset.value;
  difference.replaceChildren();
  if (!verdict) return;
  difference.dataset.value = value;
  const word = document.getElementById("verdicts").content.querySelector(`[data-verdict=${verdict}]`);
  difference.append(`${signed(Number(value))} `, word.cloneNode(true));
}

// Somebody followed a link to this page, or went back: the address says something else.
addEventListener("hashchange", () => {
  const table = document.querySelector("table.sortable");
  if (!table || !location.hash.includes("=")) return;
  document.getElementById("find").value = address.read("find");
  for (const input of document.querySelectorAll("input[name=basis]")) input.checked = input.value === (address.read("basis") || "template");
  apply(table);
});
