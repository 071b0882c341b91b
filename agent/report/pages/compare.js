// Comparing: what is known of a run comes as a script, since a page on the disk may load nothing else.
"use strict";

const MOST = 5; // variants side by side
const LETTERS = "ABCDE";

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

liven((page) => page.querySelectorAll("#comparison").forEach(comparing));

function comparing(section) {
  const options = [...document.getElementById("variants").options];
  const known = new Set(options.map((option) => option.dataset.id));
  const asked = location.hash.slice(1).split("&").map(decodeURIComponent).filter((id) => known.has(id)).slice(0, MOST);
  const preset = section.dataset.preset.split("&").filter((id) => known.has(id));
  const chosen = asked.length ? asked : preset;
  if (chosen.length === 1) chosen.push(preset.find((id) => id !== chosen[0]) ?? chosen[0]);
  const add = document.getElementById("add");
  const show = async () => {
    const facts = await Promise.all(chosen.map(fetchRun));
    history.replaceState(null, "", `#${chosen.join("&")}`);
    showChosen(facts, (place) => { chosen.splice(place, 1); show(); }, (place) => { chosen.unshift(...chosen.splice(place, 1)); show(); });
    add.disabled = chosen.length >= MOST;
    showComparison(facts);
  };
  add.addEventListener("change", () => {
    const wanted = add.value.trim().toLowerCase();
    const option = options.find((each) => each.value.toLowerCase() === wanted || each.dataset.id === wanted);
    document.getElementById("no-such").hidden = Boolean(option) || !wanted;
    if (!option) return;
    add.value = "";
    chosen.push(option.dataset.id);
    show();
  });
  show();
}

const breakable = (name) => name.split("_").flatMap((part, place) => (place ? ["_", made("wbr"), part] : [part]));

// The variants that are compared: each with its letter, a way to take it out, and one to make it the first.
function showChosen(all, remove, lead) {
  const button = (kind, run, act) => {
    const each = made("button", { type: "button", className: kind, onclick: act }, words(`${kind}-word`));
    each.append(made("span", { className: "unseen", translate: false }, ` ${run.name}`));
    return each;
  };
  document.getElementById("chosen").replaceChildren(...all.map((run, place) => made("li", { className: `c${place}` },
    made("b", { translate: false }, LETTERS[place]),
    made("a", { href: `variants/${run.id}.html`, className: "name", translate: false }, ...breakable(run.name)),
    ...(place ? [button("lead", run, () => lead(place))] : []),
    ...(all.length > 2 ? [button("remove", run, () => remove(place))] : []))));
}

function showComparison(all) {
  const scored = all.every((run) => Object.keys(run.scores).length > 0);
  document.getElementById("no-score").hidden = scored;
  for (const id of ["differences", "by-setting", "curves"]) document.getElementById(id).hidden = !scored;
  if (scored) {
    showScores(all);
    showSettings(all);
    showCurves(all);
  }
  document.getElementById("changes").replaceChildren(...all.slice(1).map((run, place) => changeOf(all[0], run, place + 1, all.length === 2)));
  document.getElementById("comparison").hidden = false;
}

const signed = (value) => `${value < 0 && value.toFixed(3) !== "-0.000" ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
const confident = (thousandths) => (thousandths >= 999 ? "> 99.9%" : `${(thousandths / 10).toFixed(1)}%`);
const spread = (reach) => (reach === null ? "" : ` ± ${reach.toFixed(3)}`); // 95 percent, to both sides
const heading = (...inside) => made("th", { scope: "col" }, ...inside);
const letter = (place) => made("span", { translate: false }, LETTERS[place]);
const others = (all) => all.slice(1).map((run, place) => [run, place + 1]);

// The answer comes first: how the others differ from the first one; the scores themselves stand behind.
function headings(all, ...first) {
  const differences = others(all).map(([, place]) => heading(words("difference-word"), " ", made("span", { translate: false }, `${LETTERS[place]} − A`)));
  return made("tr", {}, ...first.map((word) => heading(words(word))), ...differences, ...all.map((run, place) => heading(letter(place))));
}

function showScores(all) {
  const table = document.getElementById("differences").querySelector("table");
  table.tHead.replaceChildren(headings(all, "task-word"));
  table.tBodies[0].replaceChildren(...Object.keys(all[0].scores).map((task) => {
    const average = task === all[0].average;
    const name = average ? words("average-word") : made("span", { translate: false }, task);
    return made("tr", { className: average ? "total" : "" }, made("th", { scope: "row" }, name),
      ...others(all).map(([run]) => differenceCell(difference(task, all[0], run))),
      ...all.map((run) => made("td", {}, run.scores[task].mean.toFixed(3), made("small", {}, spread(run.scores[task].reach)))));
  }));
}

function differenceCell(found) {
  const verdict = document.getElementById("verdicts").content.querySelector(`[data-verdict=${found.verdict}]`).cloneNode(true);
  return made("td", { className: `answer ${found.verdict}` }, made("span", { className: "number" }, signed(found.difference), made("small", {}, spread(found.reach))),
    made("span", { className: "told" }, verdict, found.reach === null ? "" : ` ${confident(found.confidence)}`));
}

// Is the difference noise? How far its interval reaches and how sure it is come from Python, by task; the later of the two runs has them.
function difference(task, a, b) {
  const [one, other, place] = [a.scores[task], b.scores[task], Object.keys(a.scores).indexOf(task)];
  const value = other.mean - one.mean;
  if (a.id === b.id) return { difference: value, reach: 0, confidence: 0, verdict: "indistinguishable" };
  const backwards = a.against[b.id] !== undefined; // what is known is how a stands against b
  const known = a.against[b.id] ?? b.against[a.id];
  if (!known) return { difference: value, reach: null, confidence: 0, verdict: "far" };
  const [told, reach] = known.slice(2 * place, 2 * place + 2);
  const [confidence, ahead] = [Math.abs(told), told > 0 !== backwards];
  if (reach === null) return { difference: value, reach, confidence: 0, verdict: "unjudged" };
  const verdict = confidence < 950 ? "indistinguishable" : !ahead ? "worse" : b.larger && !a.larger ? "larger" : "better";
  return { difference: value, reach: reach / 100000, confidence, verdict };
}

function showSettings(all) {
  const table = document.getElementById("by-setting").querySelector("table");
  table.tHead.replaceChildren(headings(all, "task-word", "setting-word"));
  table.tBodies[0].replaceChildren(...Object.entries(all[0].settings).flatMap(([task, settings]) =>
    Object.entries(settings).map(([setting, mean]) => {
      const means = all.map((run) => run.settings[task]?.[setting] ?? null);
      const cell = (value, told) => made("td", {}, value === null || means[0] === null ? "" : told(value));
      return made("tr", {}, made("th", { scope: "row", translate: false }, task), made("td", { className: "left name", translate: false }, setting),
        ...means.slice(1).map((value) => cell(value, () => signed(value - mean))), ...means.map((value) => cell(value, () => value.toFixed(3))));
    })));
}

// Learning curves: the mean of each variant, a panel a task, as agent/report/plots.py draws them.
const FRAME = { width: 300, height: 190, left: 38, right: 290, top: 12, bottom: 164 };

function drawn(tag, attributes, ...inside) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...inside);
  return node;
}

function showCurves(all) {
  const panels = document.querySelector("#curves .panels");
  const tasks = Object.keys(all[0].curves).filter((task) => all.some((run) => run.curves[task]));
  document.getElementById("curves").hidden = tasks.length === 0;
  panels.replaceChildren(...tasks.map((task, number) => {
    const name = made("h3", { id: `curve-${number + 1}`, translate: false }, task);
    return made("div", {}, name, panel(task, all, name.id));
  }));
}

function panel(task, all, label) {
  const y = (value) => FRAME.bottom + (FRAME.top - FRAME.bottom) * value;
  const line = (curve) => curve.map((value, step) => `${step ? "L" : "M"}${(FRAME.left + (FRAME.right - FRAME.left) * step / (curve.length - 1)).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const frame = [0, 0.5, 1].flatMap((tick) => [
    drawn("line", { x1: FRAME.left, x2: FRAME.right, y1: y(tick), y2: y(tick), class: "grid" }),
    drawn("text", { x: FRAME.left - 6, y: y(tick), dy: "0.35em", class: "tick end" }, String(tick))]);
  const shares = [["0%", FRAME.left, ""], ["100%", FRAME.right, "end"]].map(([told, x, kind]) => drawn("text", { x, y: FRAME.height - 8, class: `tick ${kind}` }, told));
  const lines = all.map((run, place) => [run.curves[task], place]).filter(([curve]) => curve);
  return drawn("svg", { viewBox: `0 0 ${FRAME.width} ${FRAME.height}`, class: "plot small", role: "img", "aria-labelledby": label }, ...frame, ...shares,
    ...lines.map(([curve, place]) => drawn("path", { d: line(curve), class: `mean c${place}` })));
}

function changeOf(first, run, place, open) {
  const lines = changes(first.source.trimEnd().split("\n"), run.source.trimEnd().split("\n"));
  const table = made("table", { className: "diff", translate: false }, made("tbody", {}, ...lines.map(diffRow)));
  const told = lines.length ? made("div", { className: "scroll code", tabIndex: 0 }, table) : made("p", {}, words("no-change-word"));
  return made("details", { open }, made("summary", { translate: false }, `A → ${LETTERS[place]}`), told);
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
