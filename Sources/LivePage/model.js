// What is drawn of a picture: which things, in which order, and what leads where. No document, no window: values in,
// values out.

/** A queue whose name the broker made up. */
export const isMadeUp = name => name.startsWith("amq.gen-");
export const shortName = name => isMadeUp(name) ? `amq.gen-${name.slice(8, 12)}…` : name;
export const exchangeName = name => name === "" ? "default exchange" : name;

/** With more queues than this, those at rest stand apart; more than `mostInFlow` are never drawn with arrows. */
const crowd = 24;
const mostInFlow = 60;
/** More producers of an exchange, or consumers of a queue, are one box. */
const mostAlike = 6;

const group = (list, key) => {
  const groups = new Map();
  for (const item of list) {
    const name = key(item);
    if (groups.has(name)) groups.get(name).push(item); else groups.set(name, [item]);
  }
  return groups;
};

/** Names that people gave come first; then by what a queue is bound to. */
function orderOf(queue, made) {
  const keys = (made.get(queue.name) ?? []).map(binding => `${binding.from} ${binding.key}`).sort();
  return [isMadeUp(queue.name) ? 1 : 0, keys.join("\n"), queue.name];
}

const compare = (one, other) => {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return one[at] < other[at] ? -1 : 1;
  return 0;
};

/** Which queues get arrows, and which stand apart. */
function divided(picture, made) {
  const taken = new Set(picture.consumers.map(consumer => consumer.queue));
  const ordered = picture.queues.map(queue => [orderOf(queue, made), queue])
    .sort((one, other) => compare(one[0], other[0])).map(pair => pair[1]);
  if (ordered.length <= crowd) return [ordered, []];
  const busy = ordered.filter(queue => made.has(queue.name) || taken.has(queue.name) || queue.deadTo !== null);
  const flow = new Set(busy.slice(0, mostInFlow));
  return [[...flow], ordered.filter(queue => !flow.has(queue))];
}

/** How a connection is called: by the name that its program gave it, or else by its port. */
export function connectionLabel(name, connections) {
  const given = connections.get(name)?.given;
  return given || name.replace(/ -> .*/, "").replace(/^.*(?=:\d+$)/, "");
}

/** A consumer has the tag that its program gave it, or else its connection's name. */
function consumerLabel(consumer, connections) {
  const isGiven = !/^(amq\.)?ctag|^amq\./.test(consumer.tag) && consumer.tag.length <= 24;
  return isGiven ? consumer.tag : connectionLabel(consumer.connection, connections);
}

export function model(picture) {
  const made = group(picture.bindings.filter(binding => binding.from !== "" && binding.toQueue), binding => binding.to);
  const [queues, tray] = divided(picture, made);
  const inFlow = new Set(queues.map(queue => queue.name));
  const known = new Set(picture.exchanges.map(exchange => exchange.name));
  const connections = new Map(picture.connections.map(connection => [connection.name, connection]));

  // Every queue is bound to the default exchange; that is drawn where it is the queue's one binding.
  const bindings = picture.bindings.filter(binding => known.has(binding.from)
    && (binding.toQueue ? inFlow.has(binding.to) : known.has(binding.to))
    && (binding.from !== "" || !made.has(binding.to)));
  const publishers = picture.publishers.filter(publisher => known.has(publisher.exchange));
  const used = new Set([...publishers.map(publisher => publisher.exchange), ...queues.map(queue => queue.deadTo),
    ...bindings.flatMap(binding => binding.toQueue ? [binding.from] : [binding.from, binding.to])]);
  const exchanges = picture.exchanges.filter(exchange =>
    used.has(exchange.name) || !(exchange.name === "" || exchange.name.startsWith("amq.")));

  const nodes = [];
  const edges = [];
  for (const exchange of exchanges) {
    nodes.push({ id: `x:${exchange.name}`, kind: "exchange", name: exchange.name, label: exchangeName(exchange.name),
      type: exchange.name === "" ? "" : exchange.type });
  }
  for (const queue of queues) {
    nodes.push({ id: `q:${queue.name}`, kind: "queue", name: queue.name, label: shortName(queue.name), queue });
  }
  for (const [exchange, all] of group(publishers, publisher => publisher.exchange)) {
    const ones = group(all, publisher => publisher.connection);
    const crowds = ones.size > mostAlike ? new Map([["*", all]]) : ones;
    for (const [connection, some] of crowds) {
      const id = `p:${connection}:${exchange}`;
      nodes.push({ id, kind: "producer", exchange, connection, publishers: some,
        label: connection === "*" ? `${ones.size} producers` : connectionLabel(connection, connections) });
      edges.push({ id: `${id}>`, kind: "publish", from: id, to: `x:${exchange}`, label: "", publishers: some });
    }
  }
  for (const [way, all] of group(bindings, binding => `${binding.from}\n${binding.toQueue}\n${binding.to}`)) {
    const [first] = all;
    const keys = all.map(binding => binding.key).filter(key => key !== "").sort();
    edges.push({ id: `b:${way}`, kind: "binding", from: `x:${first.from}`,
      to: `${first.toQueue ? "q" : "x"}:${first.to}`, label: first.from === "" ? "" : keys.join(", ") });
  }
  for (const queue of queues) {
    if (queue.deadTo === null || !known.has(queue.deadTo)) continue;
    edges.push({ id: `d:${queue.name}`, kind: "dead", from: `q:${queue.name}`, to: `x:${queue.deadTo}`,
      label: queue.deadKey === null ? "dead" : `dead: ${queue.deadKey}` });
  }
  for (const [queue, all] of group(picture.consumers.filter(consumer => inFlow.has(consumer.queue)),
    consumer => consumer.queue)) {
    const boxes = all.length > mostAlike ? [all] : all.map(consumer => [consumer]);
    for (const some of boxes) {
      const [first] = some;
      const id = some.length > 1 ? `c:*:${queue}` : `c:${first.connection}/${first.channel}/${first.tag}`;
      nodes.push({ id, kind: "consumer", queue, consumers: some, connection: first.connection,
        label: some.length > 1 ? `${some.length} consumers` : consumerLabel(first, connections) });
      edges.push({ id: `${id}<`, kind: "consume", from: `q:${queue}`, to: id, label: "", consumers: some });
    }
  }
  return { nodes, edges, tray };
}
