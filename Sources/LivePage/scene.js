// Puts a layout on the page. What is there stays the same element, so that it moves instead of jumping. Text goes into
// the page as text, never as markup.

/** Room around everything, for what lights up. */
export const edgeOfScene = 5;
const svgName = "http://www.w3.org/2000/svg";

/** An element with a class and a text. */
export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function drawing(name, className) {
  const made = document.createElementNS(svgName, name);
  made.setAttribute("class", className);
  return made;
}

/** 1,234,567 becomes 1.2 M: what changes all the time must not change its width all the time. */
export function number(count) {
  if (count < 10_000) return String(count);
  const [value, unit] = count < 1e6 ? [count / 1e3, "k"] : [count / 1e6, "M"];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

export const perSecond = rate => rate < 0.05 ? "" : `${rate < 10 ? rate.toFixed(1) : number(Math.round(rate))}/s`;

const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

export class Scene {
  #root; #svg; #onOpen;
  #nodes = new Map();
  #edges = new Map();

  constructor(root, onOpen) {
    this.#root = root;
    this.#onOpen = onOpen;
    this.#svg = drawing("svg", "edges");
    this.#svg.setAttribute("aria-hidden", "true");
    root.append(this.#svg);
  }

  show(model, layout, rates, opened) {
    this.#root.classList.toggle("narrow", layout.isNarrow);
    this.#root.classList.toggle("dense", layout.isDense);
    this.#root.style.height = `${layout.height + 2 * edgeOfScene}px`;
    for (const side of ["width", "height"]) this.#svg.setAttribute(side, layout[side]);
    const boxes = new Map(layout.nodes.map(box => [box.id, box]));
    this.#forget(this.#nodes, boxes);
    for (const node of model.nodes) if (boxes.has(node.id)) this.#showNode(node, boxes.get(node.id), rates, opened);
    const arrows = new Map(layout.edges.map(arrow => [arrow.id, arrow]));
    this.#forget(this.#edges, arrows);
    for (const edge of model.edges) if (arrows.has(edge.id)) this.#showEdge(edge, arrows.get(edge.id), rates.along(edge, model.edges));
  }

  /** A message passes: what it passes lights up for a moment. */
  light(ids) {
    for (const id of ids) {
      const part = this.#nodes.get(id)?.root ?? this.#edges.get(id)?.root;
      if (!part) continue;
      part.classList.remove("lit");
      void part.getBoundingClientRect();
      part.classList.add("lit");
    }
  }

  #forget(parts, kept) {
    for (const [id, part] of parts) {
      if (kept.has(id)) continue;
      parts.delete(id);
      part.root.classList.add("gone");
      setTimeout(() => part.root.remove(), 250);
    }
  }

  #showNode(node, box, rates, opened) {
    let part = this.#nodes.get(node.id);
    if (!part) {
      part = { root: element("button", `node ${node.kind}`), name: element("span", "name"), facts: element("span", "facts") };
      part.root.type = "button";
      part.root.append(part.name, part.facts);
      if (node.kind === "queue") {
        part.bar = element("span", "bar");
        part.ready = element("i", "ready");
        part.unacked = element("i", "unacked");
        part.bar.append(part.ready, part.unacked);
        part.root.append(part.bar);
      }
      if (node.kind === "consumer") {
        part.window = element("span", "window");
        part.root.append(part.window);
      }
      part.root.addEventListener("click", () => this.#onOpen(part.node));
      this.#nodes.set(node.id, part);
      this.#root.append(part.root);
    }
    part.node = node;
    const { style } = part.root;
    style.transform = `translate(${box.x}px, ${box.y}px)`;
    style.width = `${box.w}px`;
    style.height = `${box.h}px`;
    part.root.classList.toggle("open", node.id === opened);
    part.root.title = node.name ?? node.label;
    write(part.name, node.label);
    if (node.kind === "queue") this.#showQueue(part, node.queue, rates, box.w);
    else if (node.kind === "consumer") this.#showConsumer(part, node.consumers, rates, box.w);
    else write(part.facts, node.kind === "exchange" ? node.type : perSecond(rates.publishing(node.publishers)));
  }

  #showQueue(part, queue, rates, width) {
    const all = queue.ready + queue.unacked;
    const [ready, unacked] = [queue.ready, queue.unacked].map(number);
    const rate = perSecond(rates.entering(queue));
    const long = queue.unacked > 0 ? `${ready} ready, ${unacked} unacked` : `${ready} ready`;
    const depth = (long.length + rate.length + 3) * 6.4 < width - 26 ? long : queue.unacked > 0 ? `${ready} + ${unacked}` : ready;
    write(part.facts, rate ? `${depth} · ${rate}` : depth);
    part.root.setAttribute("aria-label", `queue ${queue.name}: ${queue.ready} ready, ${queue.unacked} unacknowledged`);
    part.root.dataset.ready = queue.ready;
    part.root.dataset.unacked = queue.unacked;
    part.root.classList.toggle("moves", rates.entering(queue) > 0.05);
    // A thousand is half of the bar, a million all of it.
    const share = Math.min(1, Math.log10(1 + all) / 6) * 100;
    part.ready.style.width = `${all ? share * queue.ready / all : 0}%`;
    part.unacked.style.width = `${all ? share * queue.unacked / all : 0}%`;
  }

  #showConsumer(part, consumers, rates, width) {
    const sum = key => consumers.reduce((total, consumer) => total + consumer[key], 0);
    const [held, limit] = [sum("unacked"), sum("prefetch")];
    const isWaiting = consumers.length === 1 && !consumers[0].active;
    write(part.facts, isWaiting ? "waits" : perSecond(rates.delivering(consumers)));
    const isLimited = consumers.every(consumer => consumer.prefetch > 0);
    const places = isLimited && limit * 11 < width - 75 ? limit : 0;
    part.root.dataset.unacked = held;
    const words = consumers.every(consumer => !consumer.acks) ? "no acks" : isLimited ? `${held}/${limit}` : `${held}/∞`;
    part.root.setAttribute("aria-label", `${part.node.label}: ${words} of its window in use`);
    if (part.window.childElementCount !== places) {
      part.window.replaceChildren(...Array.from({ length: places }, () => element("i")));
    }
    if (places === 0) write(part.window, words);
    else [...part.window.children].forEach((place, at) => place.classList.toggle("full", at < held));
  }

  #showEdge(edge, arrow, rate) {
    let part = this.#edges.get(edge.id);
    if (!part) {
      part = { root: drawing("g", `edge ${edge.kind}`), line: drawing("path", "line"), flow: drawing("path", "flow"),
        head: drawing("path", "head"), back: drawing("rect", "back"), label: drawing("text", "key") };
      part.root.append(part.line, part.flow, part.head, part.back, part.label);
      this.#edges.set(edge.id, part);
      this.#svg.append(part.root);
    }
    for (const path of [part.line, part.flow]) path.setAttribute("d", arrow.d);
    const [x, y] = arrow.d.match(/(-?[\d.]+) (-?[\d.]+)$/).slice(1).map(Number);
    part.head.setAttribute("d", arrow.isBack ? `M${x - 5} ${y} l7 -4 v8 z` : `M${x + 5} ${y} l-7 -4 v8 z`);
    write(part.label, arrow.label?.text ?? "");
    const place = arrow.label ?? { x: 0, y: 0, w: 0, h: 0 };
    for (const [name, value] of [["x", place.x - 2], ["y", place.y], ["width", place.w && place.w + 4], ["height", place.h]]) {
      part.back.setAttribute(name, value);
    }
    part.label.setAttribute("x", place.x);
    part.label.setAttribute("y", place.y + 11);
    part.root.classList.toggle("moving", rate > 0.05);
    // Ten a second and ten thousand a second can be told apart, and neither flickers.
    part.flow.style.animationDuration = `${(1.6 / (1 + Math.log10(1 + rate))).toFixed(1)}s`;
  }
}
