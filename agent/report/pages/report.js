// The pages are whole without scripts. This one has the switches and what the others share; each of them brings one thing.
"use strict";

const root = document.documentElement;

// What a reader chose is remembered where the browser lets us; where it does not, the page works all the same.
const memory = {
  read(name) { try { return localStorage.getItem(`deltasearch-${name}`); } catch { return null; } },
  write(name, value) { try { localStorage.setItem(`deltasearch-${name}`, value); } catch { /* then not */ } },
};

// What a page shows by its reader's choice stands in its address, to be passed on: #find=crash&sort=Memorize.
const address = {
  parts: () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : ""),
  read: (name) => address.parts().get(name) ?? "",
  write(name, value) {
    const parts = address.parts();
    if (value) parts.set(name, value); else parts.delete(name);
    if (!parts.size && !location.hash.includes("=")) return; // an anchor of the page stays
    history.replaceState(null, "", parts.size ? `#${parts}` : location.pathname + location.search);
  },
};

// What is to be done with a page's content, now and with every part that a newer one replaces.
const enliveners = [];
function liven(enliven) { enliveners.push(enliven); }
function livenAll(parts) { for (const part of parts) for (const enliven of enliveners) enliven(part); }

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

function made(tag, properties = {}, ...inside) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...inside);
  return node;
}

const words = (id) => document.getElementById(id).content.cloneNode(true);

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
  if (location.protocol.startsWith("http")) freshen();
  livenAll([document]);
});
