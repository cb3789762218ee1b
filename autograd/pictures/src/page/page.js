"use strict";
const frames = [...document.querySelectorAll("#frames > section")];
const nodes = new Map([...document.querySelectorAll("#nodes > section")].map((s) => [s.dataset.node, s]));
const boxes = new Map([...document.querySelectorAll("#drawing [data-node]")].map((g) => [g.dataset.node, g]));
const find = (id) => document.getElementById(id);
let frame = 0; // how many nodes have sent
let selected = null;
let timer = null;

// Where a contribution arrives: the operand's box, or where views have none, their owner's.
const arrivals = (section) => section.dataset.to.split(" ").filter(Boolean)
  .map((pair) => pair.split("/")).map(([view, owner]) => (boxes.has(view) ? view : owner));

function mark(node, name) {
  boxes.get(node)?.classList.add(name);
}

function markBoxes() {
  for (const box of boxes.values()) box.classList.remove("done", "received", "receives", "current", "selected");
  for (const edge of document.querySelectorAll(".sends")) edge.classList.remove("sends");
  for (const past of frames.slice(0, frame)) {
    for (const to of arrivals(past)) mark(to, "received");
  }
  for (const past of frames.slice(0, frame)) mark(past.dataset.node, "done");
  const now = frames[frame - 1];
  if (now) {
    for (const to of arrivals(now)) {
      mark(to, "receives");
      for (const edge of document.querySelectorAll(`[data-edge="${to}-${now.dataset.node}"]`)) {
        for (const path of edge.matches("path") ? [edge] : edge.querySelectorAll("path")) path.classList.add("sends");
      }
    }
    mark(now.dataset.node, "current");
    boxes.get(now.dataset.node)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  if (selected !== null) mark(selected, "selected");
}

// A node's gradient at this frame: whole once it has sent, or all have; before, what it has received.
function gradientOf(node) {
  const has = (section) => section.dataset.node === node;
  if (frame === frames.length || frames.slice(0, frame).some(has)) {
    return ["gradient", nodes.get(node).querySelector(".gradient")];
  }
  const totals = frames.slice(0, frame).map((s) => s.querySelector(`tr[data-to="${node}"] > .total`));
  const last = totals.filter(Boolean).pop();
  return last ? ["received so far", last.firstElementChild] : ["gradient", null];
}

function showNode() {
  const place = find("node");
  if (selected === null || !nodes.has(selected)) return;
  const copy = nodes.get(selected).cloneNode(true);
  const [title, gradient] = gradientOf(selected);
  const head = document.createElement("h3");
  head.textContent = title;
  const shown = gradient ? gradient.cloneNode(true) : document.createTextNode("nothing yet");
  copy.querySelector(".gradient").replaceWith(head, shown);
  place.replaceChildren(copy);
}

function go(to) {
  frame = Math.min(Math.max(to, 0), frames.length);
  find("slider").value = frame;
  find("where").textContent = `${frame} of ${frames.length}`;
  const now = frames[frame - 1];
  find("now").replaceChildren(now ? now.cloneNode(true) : find("before").content.cloneNode(true));
  markBoxes();
  showNode();
  if (frame === frames.length) pause();
}

function pause() {
  clearInterval(timer);
  timer = null;
  find("play").textContent = "play";
}

function play() {
  if (timer !== null) return pause();
  if (frame === frames.length) go(0);
  timer = setInterval(() => go(frame + 1), 700);
  find("play").textContent = "pause";
}

const actions = {
  first: () => go(0), back: () => go(frame - 1), play, next: () => go(frame + 1), last: () => go(frames.length),
};
const keys = { Home: "first", ArrowLeft: "back", " ": "play", ArrowRight: "next", End: "last" };
for (const [id, action] of Object.entries(actions)) find(id).addEventListener("click", action);
document.addEventListener("keydown", (event) => {
  const id = keys[event.key];
  if (!id || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault(); // the slider and the buttons have uses of their own for these keys
  actions[id]();
});
find("slider").addEventListener("input", (event) => go(Number(event.target.value)));
find("drawing").addEventListener("click", (event) => {
  const box = event.target.closest("[data-node]");
  if (!box) return;
  selected = box.dataset.node;
  markBoxes();
  showNode();
});
go(Number(location.hash.slice(1)) || 0); // "sweep.html#12" opens at a frame
