// The tree: one item takes part in the tab order, arrow keys move among those that are seen.
"use strict";

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
  tree.addEventListener("fold", (event) => fold(event.target, false));
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

liven((page) => page.querySelectorAll("[role=tree]").forEach(walkable));
