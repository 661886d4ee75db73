// The page: pictures come as server-sent events, at most two a second, and are drawn. Everything that decides is in
// model.js and layout.js.

import { model, connectionLabel } from "./model.js";
import { layout } from "./layout.js";
import { Scene, edgeOfScene, element, number, perSecond } from "./scene.js";
import { Details } from "./details.js";

const at = id => document.getElementById(id);

/** How fast counts grow, from one picture to the next. */
class Rates {
  #known = new Map();
  #now = new Map();
  #time = null;

  take(picture, time) {
    const counts = [
      ...picture.queues.map(queue => [`q:${queue.name}`, queue.entered]),
      ...picture.publishers.map(publisher => [`p:${publisher.connection}/${publisher.channel}`, publisher.published]),
      ...picture.consumers.map(one => [`c:${one.connection}/${one.channel}/${one.tag}`, one.delivered]),
    ];
    const known = new Map();
    this.#now = new Map();
    for (const [key, count] of counts) {
      // What was counted before the page was open is nobody's rate; what began since counts from nothing.
      const more = count - (this.#known.get(key) ?? 0);
      if (this.#time !== null && time > this.#time) this.#now.set(key, Math.max(0, more) * 1000 / (time - this.#time));
      known.set(key, count);
    }
    this.#known = known;
    this.#time = time;
  }

  #sum(keys) { return keys.reduce((sum, key) => sum + (this.#now.get(key) ?? 0), 0); }
  entering(queue) { return this.#sum([`q:${queue.name}`]); }
  publishing(publishers) { return this.#sum(publishers.map(one => `p:${one.connection}/${one.channel}`)); }
  delivering(consumers) { return this.#sum(consumers.map(one => `c:${one.connection}/${one.channel}/${one.tag}`)); }

  /** Along an arrow. Which of its bindings led a message into a queue nobody counts: each that can have moves. */
  along(edge, edges, most = 3) {
    if (edge.publishers) return this.publishing(edge.publishers);
    if (edge.consumers) return this.delivering(edge.consumers);
    if (edge.kind !== "binding" || most === 0) return 0;
    if (edge.to.startsWith("q:")) return this.#sum([edge.to]);
    return Math.max(0, ...edges.filter(one => one.from === edge.to && one.kind === "binding")
      .map(one => this.along(one, edges, most - 1)));
  }

  get total() {
    const sum = kind => this.#sum([...this.#now.keys()].filter(key => key.startsWith(kind)));
    return { published: sum("p:"), delivered: sum("c:") };
  }
}

let source = null;
let picture = null;
let drawn = null;
let lastStep = null;
let rates = new Rates();
const details = new Details(at("details"), draw);
const scene = new Scene(at("scene"), open);

function open(thing) { details.open(thing, picture).then(draw); }

/** Everything that can be opened. */
const things = () => [...drawn.nodes, ...drawn.tray.map(trayThing), ...picture.connections.map(connectionThing)];
const trayThing = queue => ({ id: `q:${queue.name}`, kind: "queue", name: queue.name, label: queue.name, queue });
const connectionThing = connection =>
  ({ id: `k:${connection.name}`, kind: "connection", name: connection.name, label: connection.given || connection.name });

function draw() {
  if (!picture) return;
  drawn = model(picture);
  const isEmpty = drawn.nodes.length === 0 && drawn.tray.length === 0;
  at("empty").hidden = !isEmpty;
  const stage = at("scene");
  stage.hidden = drawn.nodes.length === 0;
  scene.show(drawn, layout(drawn, (stage.clientWidth || 330) - 2 * edgeOfScene), rates, details.opened);
  drawTray();
  drawConnections();
  drawTotals();
  const { counts } = picture;
  const left = ["queues", "exchanges", "consumers"].filter(kind => counts[kind] > picture[kind].length)
    .map(kind => `${picture[kind].length} of ${number(counts[kind])} ${kind}`);
  at("rest").hidden = left.length === 0;
  at("rest").textContent = `Here are the first ${left.join(", ")}.`;
}

/** Keeps the elements that are there: a focus, or a finger, may be on one. */
function drawChips(root, list, className, fill) {
  while (root.children.length > list.length) root.lastElementChild.remove();
  list.forEach((thing, place) => {
    let chip = root.children[place];
    if (!chip) {
      chip = element("button", className);
      chip.type = "button";
      chip.append(element("span", "name"), element("span", "facts"));
      chip.addEventListener("click", () => open(chip.thing));
      root.append(chip);
    }
    chip.thing = thing;
    chip.classList.toggle("open", thing.id === details.opened);
    chip.title = thing.name;
    fill(chip, chip.children[0], chip.children[1]);
  });
}

function drawTray() {
  at("tray").hidden = drawn.tray.length === 0;
  at("tray").querySelector("h2 span").textContent = drawn.tray.length;
  drawChips(at("tray").querySelector("div"), drawn.tray.map(trayThing), "tile queue", (chip, name, facts) => {
    const { queue } = chip.thing;
    name.textContent = queue.name;
    facts.textContent = queue.unacked > 0 ? `${number(queue.ready)} + ${number(queue.unacked)}` : number(queue.ready);
    chip.classList.toggle("idle", queue.ready + queue.unacked === 0);
  });
}

function drawConnections() {
  at("connections").hidden = picture.connections.length === 0;
  const all = new Map(picture.connections.map(connection => [connection.name, connection]));
  drawChips(at("connections").querySelector("div"), picture.connections.map(connectionThing), "tile connection",
    (chip, name, facts) => {
      const connection = all.get(chip.thing.name);
      name.textContent = connectionLabel(connection.name, all);
      facts.textContent = connection.state === "running" ? connection.user : connection.state;
    });
}

function drawTotals() {
  const { counts } = picture;
  const { published, delivered } = rates.total;
  const pairs = [["ready", number(counts.ready)], ["unacknowledged", number(counts.unacked)],
    ["published", perSecond(published) || "0/s"], ["delivered", perSecond(delivered) || "0/s"]];
  const list = at("totals");
  if (list.childElementCount === 0) {
    for (const [name] of pairs) {
      const pair = element("div");
      pair.append(element("dd"), element("dt", "", name));
      list.append(pair);
    }
  }
  pairs.forEach(([, value], place) => { list.children[place].firstChild.textContent = value; });
}

function say(word, className) {
  if (at("state").textContent === word) return;
  at("state").textContent = word;
  at("state").className = `state ${className}`;
}

/** The steps of messages since the last picture, each a little after the one before. */
function lightUp() {
  const all = picture.steps.filter(step => lastStep !== null && step.n > lastStep);
  // Of very many, nobody could follow each.
  const fresh = all.length > 16 ? all.slice(-3) : all;
  lastStep = picture.steps.at(-1)?.n ?? lastStep ?? 0;
  fresh.forEach((step, place) => setTimeout(() => {
    const exchange = `x:${step.exchange}`;
    const on = queue => edge => edge.to === `q:${queue}` && (edge.from === exchange || edge.from !== "x:");
    const ways = step.delivery
      ? drawn.edges.filter(edge => edge.kind === "consume" && edge.from === `q:${step.queues[0]}`
        && edge.consumers.some(one => one.connection === step.connection && one.channel === step.channel))
      : [...drawn.edges.filter(edge => edge.kind === "publish" && edge.to === exchange
        && edge.publishers.some(one => one.connection === step.connection && one.channel === step.channel)),
      ...step.queues.flatMap(queue => drawn.edges.filter(on(queue)))];
    scene.light([...(step.delivery ? [] : [exchange]), ...step.queues.map(queue => `q:${queue}`), ...ways.map(edge => edge.id),
      ...ways.filter(edge => edge.kind === "consume").map(edge => edge.to)]);
  }, place * 40));
}

function take(event) {
  const news = JSON.parse(event.data);
  picture = news.picture;
  rates.take(picture, news.at);
  say(picture.alarm ? "publishers wait" : picture.traced ? "live, traced" : "live", picture.alarm ? "alarm" : "on");
  drawHosts();
  draw();
  lightUp();
  details.refresh(things(), picture);
}

function drawHosts() {
  const select = at("hosts").querySelector("select");
  const names = picture.vhosts.length > 1 ? picture.vhosts : [];
  at("hosts").hidden = names.length === 0;
  if ([...select.options].map(option => option.value).join("\n") !== names.join("\n")) {
    select.replaceChildren(...names.map(name => new Option(name, name)));
  }
  select.value = picture.vhost;
}

function watch(host) {
  source?.close();
  rates = new Rates();
  lastStep = null;
  // Not relative: the page's own address may have a password in it.
  const address = `${location.origin}/events${host === null ? "" : `?vhost=${encodeURIComponent(host)}`}`;
  source = new EventSource(address);
  source.onmessage = take;
  source.onerror = () => {
    say("the broker doesn't answer", "off");
    if (source.readyState !== EventSource.CLOSED) return;
    // A refusal ends it; the broker may have come back, or have room, later.
    sayWhy(address);
    setTimeout(() => watch(host), 5000);
  };
}

// An event source keeps the reason of a refusal to itself: it has to be asked for.
async function sayWhy(address) {
  const stop = new AbortController();
  try {
    const answer = await fetch(address, { signal: stop.signal });
    const refusal = answer.ok ? null : await answer.json();
    if (refusal) say(refusal.reason, "off");
  } catch {
    // Nobody answers at all, which is what the page says.
  } finally {
    stop.abort();
  }
}

at("hosts").querySelector("select").addEventListener("change", event => {
  details.close();
  watch(event.target.value);
});
addEventListener("resize", draw);
watch(new URLSearchParams(location.search).get("vhost"));

// Where programs find the broker: of its ports the page knows only its own.
fetch(`${location.origin}/api/overview`).then(answer => answer.json()).then(overview => {
  const listener = overview.listeners.find(one => one.protocol === "amqp");
  if (listener && listener.port !== 5672) {
    at("hint").textContent = `AMQP_URL=amqp://localhost:${listener.port} ${at("hint").textContent}`;
  }
});
