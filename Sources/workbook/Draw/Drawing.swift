/// A picture in letters, and in Mermaid's language, which GitHub draws.
enum Drawing {
    /// For a terminal: each exchange, what it sends where, and who takes it from there.
    static func text(_ picture: Picture) -> String {
        var lines: [String] = []
        var shown: Set<String> = []
        for exchange in picture.exchanges {
            lines.append(label(exchange))
            let bindings = picture.bindings.filter { $0.source == exchange.name }
            if bindings.isEmpty { lines.append("  (nothing is bound: messages are dropped)") }
            for binding in bindings {
                let key = binding.key.isEmpty ? "" : " \(binding.key) "
                let target = binding.isToQueue ? "[\(binding.destination)]" : "exchange \(binding.destination)"
                let queue = picture.queues.first { binding.isToQueue && $0.name == binding.destination }
                lines.append("  --\(key)--> \(target)" + (queue.map { counts($0) } ?? ""))
                guard let queue, shown.insert(queue.name).inserted else { continue }
                for (number, consumer) in picture.consumers.enumerated() where consumer.queue == queue.name {
                    lines.append("        --> \(label(consumer, number))")
                }
                if let exchange = picture.exchanges.first(where: { $0.name == queue.deadLetterExchange }) {
                    let key = queue.deadLetterKey.map { " \($0) " } ?? ""
                    lines.append("        ..\(key)..> \(label(exchange)), when dead")
                }
            }
        }
        return lines.isEmpty ? "Nothing has been declared yet." : lines.joined(separator: "\n")
    }

    /// For a page.
    static func mermaid(_ picture: Picture) -> String {
        var lines = ["flowchart LR"]
        func node(_ binding: Picture.Binding) -> String {
            if binding.isToQueue {
                return "q\(picture.queues.firstIndex { $0.name == binding.destination } ?? 0)"
            }
            return "x\(picture.exchanges.firstIndex { $0.name == binding.destination } ?? 0)"
        }
        for (number, exchange) in picture.exchanges.enumerated() {
            lines.append("    x\(number){{\"\(escaped(label(exchange)))\"}}")
        }
        for (number, queue) in picture.queues.enumerated() {
            lines.append("    q\(number)[(\"\(escaped(queue.name + counts(queue)))\")]")
        }
        for binding in picture.bindings {
            let source = picture.exchanges.firstIndex { $0.name == binding.source } ?? 0
            let key = binding.key.isEmpty ? "" : " -- \"\(escaped(binding.key))\""
            lines.append("    x\(source)\(key) --> \(node(binding))")
        }
        for (number, queue) in picture.queues.enumerated() {
            // Dotted: only what is given up goes this way.
            guard let target = picture.exchanges.firstIndex(where: { $0.name == queue.deadLetterExchange }) else {
                continue
            }
            let key = queue.deadLetterKey.map { ": \($0)" } ?? ""
            lines.append("    q\(number) -. \"\(escaped("dead" + key))\" .-> x\(target)")
        }
        for (number, consumer) in picture.consumers.enumerated() {
            let queue = picture.queues.firstIndex { $0.name == consumer.queue } ?? 0
            lines.append("    q\(queue) --> c\(number)([\"\(escaped(label(consumer, number)))\"])")
        }
        return lines.joined(separator: "\n")
    }

    private static func label(_ exchange: Picture.Exchange) -> String {
        exchange.name.isEmpty ? "default exchange" : "\(exchange.name) (\(exchange.type))"
    }

    private static func counts(_ queue: Picture.Queue) -> String {
        var text = queue.ready > 0 ? ", \(queue.ready) ready" : ""
        if queue.unacknowledged > 0 { text += ", \(queue.unacknowledged) unacknowledged" }
        return text
    }

    private static func label(_ consumer: Picture.Consumer, _ number: Int) -> String {
        "consumer \(number + 1)" + (consumer.prefetch > 0 ? ", prefetch \(consumer.prefetch)" : "")
    }

    /// A quote would end the label, `#` begins one of Mermaid's own entities.
    private static func escaped(_ text: String) -> String {
        text.map { $0 == "\"" ? "#quot;" : $0 == "#" ? "#35;" : String($0) }.joined()
    }
}
