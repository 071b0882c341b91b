// A page that is served looks now and then whether there is a newer one, and what the search is doing.
"use strict";

const SECONDS_BETWEEN_LOOKS = 2.5;
let sources = []; // each part of the page as it came, to tell which of them a newer page changes

const parse = (text) => new DOMParser().parseFromString(text, "text/html");
const partsOf = (page) => [...page.querySelector("main").children];

function freshen() {
  sources = partsOf(document).map((part) => part.outerHTML);
  let stamp = null;
  const look = async () => {
    try {
      const answer = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
      const now = `${answer.headers.get("Last-Modified")} ${answer.headers.get("Content-Length")}`;
      if (stamp !== null && now !== stamp && answer.ok) await replace();
      stamp = now;
      const live = await fetch(new URL("/live.html", location.href), { cache: "no-store" });
      if (live.ok) tell(parse(await live.text())); // some other server has no such page
    } catch { /* the server is gone; it may come back */ }
    setTimeout(look, 1000 * SECONDS_BETWEEN_LOOKS);
  };
  look();
}

// What the search does is announced when it changes; how far it is, is not.
function tell(page) {
  const line = document.getElementById("live");
  for (const name of ["doing", "share"]) {
    const [old, now] = [line.querySelector(`.${name}`), page.querySelector(`.${name}`)];
    if (old.innerHTML !== (now?.innerHTML ?? "")) old.replaceChildren(...(now?.childNodes ?? []));
  }
  line.classList.toggle("quiet", !page.querySelector(".doing"));
}

// The parts that changed are exchanged; the focus, what is folded and what is chosen stay.
async function replace() {
  const newer = partsOf(parse(await (await fetch(location.pathname, { cache: "no-store" })).text()));
  const now = newer.map((part) => part.outerHTML);
  const focus = whereFocusIs();
  const folded = foldings();
  const changed = newer.filter((part, place) => now.length !== sources.length || now[place] !== sources[place]);
  if (now.length !== sources.length) document.querySelector("main").replaceChildren(...newer);
  else partsOf(document).forEach((part, place) => { if (now[place] !== sources[place]) part.replaceWith(newer[place]); });
  sources = now;
  runs.clear(); // what was loaded of them may have changed
  livenAll(changed);
  folded.forEach((each) => each());
  focus?.();
  speak(root.lang);
}

// Returns what puts the focus back on the same thing: by its id, or by its place among its like.
function whereFocusIs() {
  const focused = document.activeElement;
  if (!focused || focused === document.body || !document.querySelector("main").contains(focused)) return null;
  const [start, end] = [focused.selectionStart, focused.selectionEnd];
  const kind = focused.id ? `#${CSS.escape(focused.id)}` : likeIt(focused);
  const place = [...document.querySelectorAll(kind)].indexOf(focused);
  return () => {
    const again = document.querySelectorAll(kind)[place];
    if (!again || again === document.activeElement) return;
    again.focus({ preventScroll: true });
    if (typeof start === "number") again.setSelectionRange(start, end);
  };
}

function likeIt(element) {
  const quoted = (name) => `[${name}="${CSS.escape(element.getAttribute(name))}"]`;
  const known = ["href", "data-key", "name", "value", "data-copy", "data-save"].filter((name) => element.hasAttribute(name));
  return `main ${element.localName}${known.map(quoted).join("")}`;
}

// Returns what folds and unfolds everything as it is: details by what their summaries say, branches of the tree by id.
function foldings() {
  const open = new Map([...document.querySelectorAll("main details")].map((each) => [nameOf(each), each.open]));
  const closed = [...document.querySelectorAll("[role=treeitem][aria-expanded=false]")].map((item) => item.id);
  return [
    () => document.querySelectorAll("main details").forEach((each) => { each.open = open.get(nameOf(each)) ?? each.open; }),
    () => closed.forEach((id) => document.getElementById(id)?.dispatchEvent(new CustomEvent("fold", { bubbles: true }))),
  ];
}

function nameOf(details) {
  const section = details.closest("[aria-labelledby]")?.getAttribute("aria-labelledby") ?? "";
  return `${section} ${details.querySelector("summary").textContent} ${details.closest("li")?.querySelector("a")?.textContent ?? ""}`;
}
