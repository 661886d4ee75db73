// What a click shows: arguments, bindings, and of a queue the heads of its last messages, which stay in it.

import { element, number } from "./scene.js";
import { connectionLabel, exchangeName } from "./model.js";

const way = (...parts) => `${location.origin}/${parts.map(encodeURIComponent).join("/")}`;

async function fetched(...parts) {
  const answer = await fetch(way(...parts));
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.reason ?? `status ${answer.status}`);
  return body;
}

const shown = value => typeof value === "string" ? value : JSON.stringify(value);

/** A table of names and values; nothing, if there is none. */
function facts(pairs) {
  const list = element("dl", "pairs");
  for (const [name, value] of pairs) {
    if (value === undefined || value === null || value === "") continue;
    list.append(element("dt", "", name), element("dd", "", shown(value)));
  }
  return list.childElementCount ? [list] : [];
}

const titled = (title, parts) => parts.length ? [element("h3", "", title), ...parts] : [];
const yes = (...flags) => flags.filter(([, is]) => is).map(([word]) => word).join(", ");
const argumentsOf = thing => titled("Arguments", facts(Object.entries(thing.arguments ?? {})));

function bindings(title, list, end) {
  if (!list.length) return [];
  const rows = element("ul", "rows");
  for (const binding of list.slice(0, 100)) {
    const row = element("li");
    row.append(element("span", "", end(binding)));
    if (binding.routing_key !== "") row.append(element("code", "", binding.routing_key));
    const given = Object.entries(binding.arguments ?? {}).map(([name, value]) => `${name}=${shown(value)}`).join(", ");
    if (given) row.append(element("code", "", given));
    rows.append(row);
  }
  if (list.length > 100) rows.append(element("li", "note", `and ${list.length - 100} more`));
  return titled(title, [rows]);
}

function heads(messages) {
  if (!messages.length) return [];
  const list = element("ol", "heads");
  for (const message of [...messages].reverse()) {
    const item = element("li");
    const first = element("p", "key");
    first.append(element("code", "", message.routing_key === "" ? "no key" : message.routing_key),
      element("span", "", `${number(message.payload_bytes)} bytes${message.redelivered ? ", came back" : ""}`));
    item.append(first);
    if (message.head !== "") item.append(element("pre", "", message.head + (message.is_whole ? "" : "…")));
    item.append(...facts(Object.entries(message.properties ?? {})));
    list.append(item);
  }
  return titled("Its last messages", [element("p", "note", "The newest first. They stay in the queue."), list]);
}

const contents = {
  async queue({ queue }, host) {
    const [own, bound] = await Promise.all(
      [fetched("api", "queues", host, queue.name), fetched("api", "queues", host, queue.name, "bindings")]);
    const flags = yes(["durable", own.durable], ["exclusive", own.exclusive], ["auto-delete", own.auto_delete]);
    const parts = [
      ...facts([["kind", own.type], ["is", flags || "transient"], ["ready", own.messages_ready],
        ["unacknowledged", own.messages_unacknowledged], ["bytes ready", own.message_bytes_ready],
        ["consumers", own.consumers]]),
      ...argumentsOf(own), ...bindings("Bindings", bound, binding => exchangeName(binding.source)),
    ];
    try {
      return [...parts, ...heads(await fetched("peek", host, queue.name))];
    } catch (error) {
      return [...parts, element("p", "note", `Its messages are not shown: ${error.message}`)];
    }
  },

  async exchange({ name }, host) {
    const path = name === "" ? "amq.default" : name;
    const [own, bound] = await Promise.all(
      [fetched("api", "exchanges", host, path), fetched("api", "exchanges", host, path, "bindings", "source")]);
    const flags = yes(["durable", own.durable], ["internal", own.internal], ["auto-delete", own.auto_delete]);
    return [...facts([["type", own.type], ["is", flags || "transient"]]), ...argumentsOf(own),
      ...bindings("Bindings", bound, binding => binding.destination)];
  },

  async consumer({ consumers, queue }, host, picture) {
    const all = await fetched("api", "consumers", host);
    const connections = new Map(picture.connections.map(connection => [connection.name, connection]));
    return consumers.slice(0, 20).flatMap(consumer => {
      const own = all.find(one => one.consumer_tag === consumer.tag && one.channel_details.number === consumer.channel
        && one.channel_details.connection_name === consumer.connection);
      return [
        ...facts([["tag", consumer.tag], ["queue", queue], ["connection", connectionLabel(consumer.connection, connections)],
          ["channel", consumer.channel], ["acknowledges", consumer.acks ? "yes" : "no"],
          ["prefetch", consumer.prefetch || "no limit"], ["holds", consumer.unacked], ["has received", consumer.delivered]]),
        ...argumentsOf(own ?? {}),
      ];
    });
  },

  async producer({ publishers, exchange, connection }, host, picture) {
    const sum = publishers.reduce((total, publisher) => total + publisher.published, 0);
    const own = connection === "*" ? [] : await contents.connection({ name: connection }, host, picture);
    return [...facts([["publishes to", exchangeName(exchange)], ["has published", sum], ["channels", publishers.length]]), ...own];
  },

  async connection({ name }) {
    const own = await fetched("api", "connections", name);
    const { capabilities, ...properties } = own.client_properties;
    return [
      ...facts([["connection", own.name], ["user", own.user], ["state", own.state], ["channels", own.channels],
        ["since", new Date(own.connected_at).toLocaleTimeString()], ["heartbeat", `${own.timeout} s`]]),
      ...titled("The client says", facts(Object.entries(properties))),
      ...titled("It supports", facts([["", Object.entries(capabilities ?? {}).filter(([, can]) => can).map(([word]) => word).join(", ")]])),
    ];
  },
};

export class Details {
  #root; #opened = null; #onClose; #lookedAt = 0; #isLooking = false;

  constructor(root, onClose) {
    this.#root = root;
    this.#onClose = onClose;
    addEventListener("keydown", event => { if (event.key === "Escape") this.close(); });
  }

  get opened() { return this.#opened?.id ?? null; }

  close() {
    if (!this.#opened) return;
    this.#opened = null;
    this.#root.hidden = true;
    this.#onClose();
  }

  async open(thing, picture) {
    this.#opened = thing;
    const close = element("button", "close", "Close");
    close.type = "button";
    close.addEventListener("click", () => this.close());
    const head = element("div", "head");
    head.append(element("h2", thing.kind, thing.kind === "exchange" ? thing.label : thing.name ?? thing.label), close);
    this.#root.replaceChildren(head, element("p", "note", thing.kind), element("div", "contents"));
    await this.#fill(thing, picture);
    this.#root.hidden = false;
    this.#root.scrollTop = 0;
    this.#root.focus({ preventScroll: true });
  }

  async #fill(thing, picture) {
    this.#isLooking = true;
    let parts;
    try { parts = await contents[thing.kind](thing, picture.vhost, picture); } catch (error) {
      parts = [element("p", "note", `This can't be shown: ${error.message}`)];
    }
    this.#isLooking = false;
    this.#lookedAt = performance.now();
    if (this.#opened?.id === thing.id) this.#root.querySelector(".contents").replaceChildren(...parts);
  }

  /** The thing may have changed, or gone. It is not looked up each time: lists may be long. */
  refresh(things, picture) {
    if (!this.#opened) return;
    const thing = things.find(one => one.id === this.#opened.id);
    if (!thing) return this.close();
    if (!this.#isLooking && performance.now() - this.#lookedAt > 1900) this.#fill(thing, picture);
  }
}
