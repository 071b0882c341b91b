// Sends decisions as JSON and says what came of them. What a page has shown goes with each, so that nobody decides about
// something that has changed meanwhile.
"use strict";

const root = document.documentElement;
const told = document.getElementById("told");

function speak(tag) {
  root.lang = tag;
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", String(button.dataset.language === tag));
}

function remembered(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`deltasearch-${name}`);
    localStorage.setItem(`deltasearch-${name}`, value);
  } catch { /* the browser keeps nothing; the page works all the same */ }
  return null;
}

root.classList.add("js");
const tags = root.dataset.languages.split(" ");
const theme = remembered("theme");
if (theme) root.dataset.theme = theme;
speak(tags.find((tag) => tag === remembered("language")) ?? tags.find((tag) => tag.split("-")[0] === navigator.language.split("-")[0]) ?? tags[0]);
for (const button of document.querySelectorAll("[data-language]"))
  button.addEventListener("click", () => { remembered("language", button.dataset.language); speak(button.dataset.language); });

async function send(path, facts) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(facts),
  });
  const kind = answer.headers.get("Content-Type") ?? "";
  const said = kind.startsWith("application/json") ? await answer.json() : { said: { en: await answer.text() } };
  told.replaceChildren();
  for (const [code, words] of Object.entries(said.said)) {
    const part = document.createElement("span");
    part.textContent = words;
    if (Object.keys(said.said).length > 1) part.className = code;
    told.append(part);
  }
  told.scrollIntoView({ block: "center" });
  return answer;
}

async function post(path, facts, source) {
  const buttons = source.closest(".decisions, form, p").querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    const answer = await send(path, facts);
    if (answer.ok || answer.status === 409) await renew();
  } catch (error) {
    told.textContent = String(error);
  }
  buttons.forEach((button) => { button.disabled = false; });
}

// The cards as they are now, below what was just said.
async function renew() {
  const text = await (await fetch(location.pathname, { cache: "no-store" })).text();
  const newer = new DOMParser().parseFromString(text, "text/html");
  newer.getElementById("told").replaceWith(told);
  document.querySelector("main").replaceChildren(...newer.querySelector("main").childNodes);
  listen();
}

function facts(form) {
  const found = Object.fromEntries(new FormData(form));
  for (const box of form.querySelectorAll("[type=checkbox]")) found[box.name] = box.checked;
  return found;
}

function listen() {
  for (const form of document.querySelectorAll("form"))
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const card = form.closest("[data-run]");
      if (!card) post(form.dataset.post, facts(form), form);
      else post(`/runs/${card.dataset.run}/${form.dataset.decide}`, { ...facts(form), seen: card.dataset.seen }, form);
    });
  for (const button of document.querySelectorAll("button[data-post]"))
    button.addEventListener("click", () => post(button.dataset.post, JSON.parse(button.dataset.facts), button));
}

listen();
