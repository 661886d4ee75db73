/// A picture in letters, and in Mermaid's language, which GitHub draws.
enum Drawing {
    /// For a terminal: each exchange, who publishes to it, what it sends where, and who takes it from there.
    static func text(_ picture: Picture) -> String {
        var lines: [String] = []
        var shown: Set<String> = []
        for exchange in picture.exchanges {
            lines.append(label(exchange))
            for sender in picture.parties where sender.begins && sender.exchange == exchange.name {
                lines.append("  <-- \(sender.role)")
                lines += sender.hears.map { "  .. \($0) ..> \(sender.role)" }
            }
            let bindings = picture.bindings.filter { $0.source == exchange.name }
            if bindings.isEmpty { lines.append("  (nothing is bound: messages are dropped)") }
            for binding in bindings {
                let key = binding.key.isEmpty ? "" : " \(binding.key) "
                let target = binding.isToQueue ? "[\(binding.destination)]" : "exchange \(binding.destination)"
                let queue = picture.queues.first { binding.isToQueue && $0.name == binding.destination }
                lines.append("  --\(key)--> \(target)" + (queue.map { counts($0) } ?? ""))
                if let queue, shown.insert(queue.name).inserted { lines += text(from: queue, in: picture) }
            }
        }
        return lines.isEmpty ? "Nothing has been declared yet." : lines.joined(separator: "\n")
    }

    /// Where a queue's messages go.
    private static func text(from queue: Picture.Queue, in picture: Picture) -> [String] {
        var lines: [String] = []
        for (number, consumer) in picture.consumers.enumerated() where consumer.queue == queue.name {
            lines.append("        --> \(label(number, in: picture))")
            if let party = picture.party(of: consumer), let sends = party.sends,
                let exchange = picture.exchanges.first(where: { $0.name == party.exchange })
            {
                lines.append("            .. \(sends) ..> \(label(exchange))")
            }
        }
        if let exchange = picture.exchanges.first(where: { $0.name == queue.deadLetterExchange }) {
            let key = queue.deadLetterKey.map { " \($0) " } ?? ""
            lines.append("        ..\(key)..> \(label(exchange)), when dead")
        }
        return lines
    }

    /// For a page. Solid: the way of a message from those who publish to those who take. Dotted: what comes back.
    static func mermaid(_ picture: Picture) -> String {
        let senders = picture.parties.filter { party in
            party.begins && picture.exchanges.contains { $0.name == party.exchange }
        }
        func exchange(_ name: String?) -> String? {
            picture.exchanges.firstIndex { $0.name == name }.map { "x\($0)" }
        }
        func queue(_ name: String) -> String { "q\(picture.queues.firstIndex { $0.name == name } ?? 0)" }

        var lines = ["flowchart LR"]
        lines += senders.enumerated().map { "p\($0)[\"\(escaped($1.role))\"]" }
        lines += picture.exchanges.enumerated().map { "x\($0){{\"\(escaped(label($1)))\"}}" }
        lines += picture.queues.enumerated().map { "q\($0)[(\"\(escaped($1.name + counts($1)))\")]" }
        for (number, sender) in senders.enumerated() {
            guard let target = exchange(sender.exchange) else { continue }
            lines.append("p\(number) --> \(target)")
            lines += sender.hears.map { dotted(target, $0, "p\(number)") }
        }
        for binding in picture.bindings {
            let target = binding.isToQueue ? queue(binding.destination) : exchange(binding.destination) ?? "x0"
            let key = binding.key.isEmpty ? "" : " -- \"\(escaped(binding.key))\""
            lines.append("\(exchange(binding.source) ?? "x0")\(key) --> \(target)")
        }
        for entry in picture.queues {
            guard let target = exchange(entry.deadLetterExchange) else { continue }
            lines.append(dotted(queue(entry.name), "dead" + (entry.deadLetterKey.map { ": \($0)" } ?? ""), target))
        }
        for (number, consumer) in picture.consumers.enumerated() {
            let (source, party) = (queue(consumer.queue), picture.party(of: consumer))
            // Who asked gets the answer: one program, and so one place in the picture.
            if let asker = senders.firstIndex(where: { $0 == party }) {
                lines.append(dotted(source, "reply", "p\(asker)"))
                continue
            }
            lines.append("\(source) --> c\(number)([\"\(escaped(label(number, in: picture)))\"])")
            if let sends = party?.sends, let target = exchange(party?.exchange) {
                lines.append(dotted("c\(number)", sends, target))
            }
        }
        return lines.enumerated().map { $0 == 0 ? $1 : "    \($1)" }.joined(separator: "\n")
    }

    private static func dotted(_ source: String, _ label: String, _ target: String) -> String {
        "\(source) -. \"\(escaped(label))\" .-> \(target)"
    }

    private static func label(_ exchange: Picture.Exchange) -> String {
        exchange.name.isEmpty ? "default exchange" : "\(exchange.name) (\(exchange.type))"
    }

    private static func counts(_ queue: Picture.Queue) -> String {
        var text = queue.ready > 0 ? ", \(queue.ready) ready" : ""
        if queue.unacknowledged > 0 { text += ", \(queue.unacknowledged) unacknowledged" }
        return text
    }

    /// By its role where that is known; those of one role are counted.
    private static func label(_ number: Int, in picture: Picture) -> String {
        let consumer = picture.consumers[number]
        let party = picture.party(of: consumer)
        let alike = picture.consumers.indices.filter { picture.party(of: picture.consumers[$0]) == party }
        let count = party == nil ? number + 1 : (alike.firstIndex(of: number) ?? 0) + 1
        let name = (party?.role ?? "consumer") + (party != nil && alike.count == 1 ? "" : " \(count)")
        return name + (consumer.prefetch > 0 ? ", prefetch \(consumer.prefetch)" : "")
    }

    /// A quote would end the label, `#` begins one of Mermaid's own entities.
    private static func escaped(_ text: String) -> String {
        text.map { $0 == "\"" ? "#quot;" : $0 == "#" ? "#35;" : String($0) }.joined()
    }
}
