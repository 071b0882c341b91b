// Each figure is saved as SVG or PNG, as it is seen: in this language, in these colours. Names and commands are copied.
"use strict";

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
  "paint-order", "font-family", "font-size", "font-weight", "text-anchor"];
const SCALE = 2; // pixels of the PNG to one of the page

liven((page) => page.querySelectorAll("figure").forEach((figure) => figure.append(...buttonsOf(figure))));
liven((page) => page.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", () => copy(button))));

function buttonsOf(figure) {
  if (!figure.querySelector("svg.plot") && !figure.querySelector(".panels")) return [];
  const button = (kind, save) => {
    const each = made("button", { type: "button", onclick: () => save(figure) }, made("span", { className: "unseen" }, words("save-word"), " "),
      made("span", { translate: false }, kind));
    each.dataset.save = kind;
    return each;
  };
  return [made("p", { className: "save" }, button("SVG", saveSvg), button("PNG", savePng))];
}

// All drawings of the figure that are seen, as one, with every style that the style sheet gives them.
function whole(figure) {
  const seen = [...figure.querySelectorAll("svg.plot")].filter((svg) => svg.checkVisibility());
  const boxes = seen.map((svg) => svg.getBoundingClientRect());
  const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
  const [width, height] = [Math.max(...boxes.map((box) => box.right)) - left, Math.max(...boxes.map((box) => box.bottom)) - top];
  const margin = seen.length > 1 ? 24 : 8; // above, where the panels' names stand
  const paper = getComputedStyle(document.body).backgroundColor;
  const svg = drawn("svg", { width: width + 16, height: height + margin + 8, viewBox: `-8 ${-margin} ${width + 16} ${height + margin + 8}` },
    drawn("rect", { x: -8, y: -margin, width: width + 16, height: height + margin + 8, fill: paper }));
  seen.forEach((part, place) => {
    const copied = styled(part);
    const box = { x: boxes[place].left - left, y: boxes[place].top - top, width: boxes[place].width, height: boxes[place].height };
    for (const [name, value] of Object.entries(box)) copied.setAttribute(name, value);
    svg.append(copied, ...nameAbove(part, box));
  });
  return svg;
}

function nameAbove(part, box) {
  const name = part.parentNode.querySelector(":scope > h3");
  if (!name) return [];
  const style = getComputedStyle(name);
  return [drawn("text", { x: box.x, y: box.y - 6, fill: style.color, "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight }, name.innerText)];
}

function styled(part) {
  const copied = part.cloneNode(true);
  const [from, to] = [[...part.querySelectorAll("*")], [...copied.querySelectorAll("*")]];
  from.forEach((node, place) => {
    const style = getComputedStyle(node);
    if (style.display === "none") return to[place].remove();
    if (node.localName === "a" || node.localName === "title") return to[place].removeAttribute("href");
    for (const name of DRAWN) to[place].setAttribute(name, style.getPropertyValue(name));
    to[place].removeAttribute("class");
  });
  copied.removeAttribute("class");
  return copied;
}

const textOf = (figure) => new XMLSerializer().serializeToString(whole(figure));
const blobOf = (figure) => new Blob([textOf(figure)], { type: "image/svg+xml" });

function download(figure, blob, kind) {
  const link = made("a", { href: URL.createObjectURL(blob), download: `${nameOfFigure(figure)}.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const nameOfFigure = (figure) => [figure.dataset.name, document.body.dataset.run].filter(Boolean).join("-");

function saveSvg(figure) { download(figure, blobOf(figure), "svg"); }

async function savePng(figure) {
  const image = new Image();
  image.src = URL.createObjectURL(blobOf(figure));
  await image.decode();
  const canvas = made("canvas", { width: SCALE * image.width, height: SCALE * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  canvas.toBlob((blob) => download(figure, blob, "png"), "image/png");
}

async function copy(button) {
  const source = button.dataset.copy.startsWith("#") ? document.querySelector(button.dataset.copy).textContent : button.dataset.copy;
  await navigator.clipboard.writeText(source);
  const kept = [...button.childNodes];
  if (button.classList.contains("done")) return;
  button.classList.add("done");
  button.replaceChildren(words("copied-word"));
  setTimeout(() => { button.replaceChildren(...kept); button.classList.remove("done"); }, 1500);
}
