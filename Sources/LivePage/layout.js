// Where everything stands: columns from left to right, as `workbook draw` has them: producers, exchanges, queues,
// consumers. No document, no window: a model and a width in, positions out. Nothing covers anything else: each arrow
// enters a box at a port of its own, and its label stands on the straight piece before that port.

/** Of the monospaced fonts in use, at 11 pixels, the widest take 6.65. */
const letter = 6.7;
/** From one arrow's port to the next; a label is 14 high. */
const slot = 18;
const gapBetween = 14;

/** Width of a column or a gap: at least, and at best. */
const widths = { producer: [84, 150], exchange: [86, 168], queue: [108, 230], consumer: [64, 190] };
const heights = { producer: 36, exchange: 46, queue: 58, consumer: 40 };

/** How many exchanges a message passes at most before it comes to each; a circle ends where it began. */
function depths(nodes, edges) {
  const ahead = new Map();
  for (const edge of edges) {
    if (edge.kind !== "binding" || !edge.to.startsWith("x:")) continue;
    if (ahead.has(edge.from)) ahead.get(edge.from).push(edge.to); else ahead.set(edge.from, [edge.to]);
  }
  const depth = new Map(nodes.map(node => [node.id, 0]));
  // As many rounds as there are columns: what is deeper stands in the last.
  for (let round = 0; round < 2; round++) {
    for (const [from, all] of ahead) {
      for (const to of all) if (to !== from) depth.set(to, Math.min(2, Math.max(depth.get(to), depth.get(from) + 1)));
    }
  }
  // Those of a circle may have pushed each other: the columns begin at 0 all the same.
  const least = Math.min(0, ...depth.values());
  return new Map([...depth].map(([id, value]) => [id, value - least]));
}

/** Boxes in their order, with room between them, each as near as can be to where it wants to be: those that want the same
 * place share the way (isotonic regression, by pooling neighbours). */
export function placed(boxes, gap) {
  const sorted = boxes.map((box, at) => ({ ...box, at })).sort((one, other) => one.wanted - other.wanted || one.at - other.at);
  let below = 0;
  const pools = [];
  for (const box of sorted) {
    box.below = below;
    below += box.h + gap;
    pools.push({ sum: box.wanted - box.h / 2 - box.below, count: 1 });
    while (pools.length > 1) {
      const [before, last] = pools.slice(-2);
      if (before.sum / before.count <= last.sum / last.count) break;
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  let at = 0;
  for (const pool of pools) {
    for (let left = pool.count; left > 0; left--, at++) sorted[at].y = pool.sum / pool.count + sorted[at].below;
  }
  return sorted;
}

function cut(text, width) {
  const most = Math.floor(width / letter);
  return text.length <= most ? text : most < 2 ? "" : text.slice(0, most - 1) + "…";
}

/** The columns of a model, with their places: `{ kind, depth, nodes, x, w }`. */
function columnsOf(model, width, isNarrow) {
  const of = kind => model.nodes.filter(node => node.kind === kind);
  // On a phone there is room for one column of exchanges; arrows between them bend around on their left.
  const depth = isNarrow ? new Map(of("exchange").map(node => [node.id, 0])) : depths(of("exchange"), model.edges);
  const deepest = Math.max(0, ...depth.values());
  const bends = model.edges.some(edge => edge.to.startsWith("x:") && edge.kind === "binding"
    && depth.get(edge.from) >= depth.get(edge.to)) ? 16 : 0;
  const columns = [];
  if (!isNarrow) columns.push({ kind: "producer", nodes: of("producer") });
  for (let at = 0; at <= deepest; at++) {
    columns.push({ kind: "exchange", nodes: of("exchange").filter(node => depth.get(node.id) === at) });
  }
  columns.push({ kind: "queue", nodes: of("queue") }, { kind: "consumer", nodes: of("consumer") });
  const kept = columns.filter(column => column.nodes.length > 0);
  const labels = model.edges.map(edge => edge.label.length);
  const label = Math.min(230, 46 + letter * Math.max(0, ...labels));
  let [least, best] = [bends, bends];
  kept.forEach((column, at) => {
    const last = at === kept.length - 1;
    column.sizes = widths[column.kind];
    column.gaps = last ? [0, 0] : column.kind === "exchange" ? [Math.min(62, label), Math.max(90, label)] : [18, 76];
    least += column.sizes[0] + column.gaps[0];
    best += column.sizes[1] + column.gaps[1];
  });
  const part = best === least ? 1 : Math.max(0, Math.min(1, (width - least) / (best - least)));
  const spare = Math.max(0, Math.min(width - best, 60 * (kept.length - 1)));
  let x = bends + Math.max(0, (width - best - spare) / 2);
  kept.forEach((column, at) => {
    column.x = x;
    column.before = at === 0 ? 0 : kept[at - 1].gap;
    column.w = column.sizes[0] + part * (column.sizes[1] - column.sizes[0]);
    column.gap = column.gaps[0] + part * (column.gaps[1] - column.gaps[0]);
    if (at < kept.length - 1) column.gap += spare / (kept.length - 1);
    x += column.w + column.gap;
  });
  return { columns: kept, width: Math.max(width, x) };
}

export function layout(model, width) {
  const isNarrow = width < 640;
  const { columns, width: needed } = columnsOf(model, width, isNarrow);
  const boxes = new Map();
  const ports = new Map();
  const entering = new Map();
  for (const edge of model.edges) {
    const box = edge.kind === "dead" ? edge.from : edge.kind === "binding" ? edge.to : null;
    if (box === null) continue;
    if (entering.has(box)) entering.get(box).push(edge); else entering.set(box, [edge]);
  }
  const isDense = model.nodes.filter(node => node.kind === "queue").length > 14;
  const height = node => Math.max(
    node.kind === "queue" && isDense && !isNarrow ? 40 : node.kind === "exchange" && isNarrow ? 54 : heights[node.kind],
    10 + slot * (entering.get(node.id)?.length ?? 0));
  const put = (node, column, y) => {
    boxes.set(node.id, { id: node.id, x: column.x, y, w: column.w, h: height(node), before: column.before });
  };
  const middle = id => boxes.get(id).y + boxes.get(id).h / 2;

  // Queues one below the other, each with its consumers beside it.
  const [queues, consumers] = ["queue", "consumer"].map(kind => columns.find(column => column.kind === kind));
  let y = 0;
  for (const queue of queues?.nodes ?? []) {
    const own = (consumers?.nodes ?? []).filter(node => node.queue === queue.name);
    const beside = own.length * (heights.consumer + 8) - 8;
    const whole = Math.max(height(queue), beside);
    put(queue, queues, y + (whole - height(queue)) / 2);
    own.forEach((node, at) => put(node, consumers, y + (whole - Math.max(0, beside)) / 2 + at * (heights.consumer + 8)));
    y += whole + gapBetween;
  }
  // Exchanges where their arrows lead, from the last column to the first; what leads nowhere stands below.
  for (const column of columns.filter(column => column.kind === "exchange").reverse()) {
    place(column, node => model.edges.filter(edge => edge.from === node.id).map(edge => edge.to)
      .concat(model.edges.filter(edge => edge.kind === "dead" && edge.to === node.id).map(edge => edge.from)));
  }
  const producers = columns.find(column => column.kind === "producer");
  if (producers) place(producers, node => [`x:${node.exchange}`]);

  function place(column, ends) {
    const wanted = column.nodes.map(node => {
      const levels = ends(node).filter(id => boxes.has(id)).map(middle);
      return { node, h: height(node), wanted: levels.length ? levels.reduce((sum, level) => sum + level, 0) / levels.length : y };
    });
    for (const box of placed(wanted, gapBetween)) put(box.node, column, box.y);
  }

  const top = Math.min(0, ...[...boxes.values()].map(box => box.y));
  for (const box of boxes.values()) box.y -= top;
  for (const [id, edges] of entering) {
    if (!boxes.has(id)) continue;
    const box = boxes.get(id);
    const other = edge => boxes.get(edge.kind === "dead" ? edge.to : edge.from);
    // From top to bottom as the other ends stand, so that arrows side by side don't cross; what dies leaves at the bottom.
    const sorted = edges.filter(other).sort((one, next) =>
      (one.kind === "dead") - (next.kind === "dead") || other(one).y - other(next).y);
    sorted.forEach((edge, at) => ports.set(edge.id, box.y + box.h / 2 + (at - (sorted.length - 1) / 2) * slot));
  }
  const edges = model.edges.filter(edge => boxes.has(edge.from) && boxes.has(edge.to)).map(edge => drawn(edge, boxes, ports));
  const bottom = Math.max(0, ...[...boxes.values()].map(box => box.y + box.h));
  return { nodes: [...boxes.values()], edges, width: needed, height: bottom, isNarrow, isDense: isDense && !isNarrow };
}

/** An arrow: from the right of a box to the left of another, or, of dead messages, back the same way. */
function drawn(edge, boxes, ports) {
  const isBack = edge.kind === "dead";
  const [left, right] = isBack ? [boxes.get(edge.to), boxes.get(edge.from)] : [boxes.get(edge.from), boxes.get(edge.to)];
  const from = { x: left.x + left.w, y: left.y + left.h / 2 };
  const to = { x: right.x - (isBack ? 0 : 5), y: ports.get(edge.id) ?? right.y + right.h / 2 };
  // An arrow between exchanges of one column bends around on their left.
  if (to.x <= from.x) {
    const out = Math.max(1, left.x - 15);
    return { id: edge.id, isBack, label: null,
      d: `M${left.x} ${from.y} C${out} ${from.y} ${out} ${to.y} ${right.x - 5} ${to.y}` };
  }
  // The label stands in the last gap, wherever the arrow comes from.
  const room = right.before - (right.before < 90 ? 22 : 38);
  // Where there is little room, its dots and colour say what it is.
  const text = isBack && right.before < 90 ? "" : cut(edge.label, room);
  const straight = text === "" ? 0 : text.length * letter + 12;
  const turn = to.x - straight;
  const bend = (turn - from.x) / 2;
  const there = `C${from.x + bend} ${from.y} ${turn - bend} ${to.y} ${turn} ${to.y} L${to.x} ${to.y}`;
  const back = `M${to.x} ${to.y} L${turn} ${to.y} C${turn - bend} ${to.y} ${from.x + bend} ${from.y} ${from.x + 5} ${from.y}`;
  return {
    id: edge.id, isBack, d: isBack ? back : `M${from.x} ${from.y} ${there}`,
    label: text === "" ? null : { text, x: to.x - 9 - text.length * letter, y: to.y - 7, w: text.length * letter, h: 14 },
  };
}
