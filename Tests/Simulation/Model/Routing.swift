// Where a message goes: exchanges, and dead letters.

extension Model {
    /// The queues that a message goes to, each once; nil: there is no such exchange.
    func route(_ content: Content) -> [ModelQueue]? {
        if content.exchange.isEmpty { return queues[content.key].map { [$0] } ?? [] }
        guard let start = exchanges[content.exchange] else { return nil }
        var (found, met, pending): ([ModelQueue], [ModelExchange], [ModelExchange]) = ([], [start], [start])
        func reach(_ exchange: ModelExchange) {
            if met.contains(where: { $0 === exchange }) { return }
            met.append(exchange)
            pending.append(exchange)
        }
        while let exchange = pending.popLast() {
            let ends = ends(of: exchange, content)
            for end in ends {
                switch end {
                case .queue(let queue): if !found.contains(where: { $0 === queue }) { found.append(queue) }
                case .exchange(let next): reach(next)
                }
            }
            if ends.isEmpty, let alternate = exchange.kind.alternate.flatMap({ exchanges[$0] }) { reach(alternate) }
        }
        return found
    }

    /// Where an exchange's bindings send a message, in the order in which our broker comes to them.
    private func ends(of exchange: ModelExchange, _ content: Content) -> [ModelBinding.End] {
        let bindings = bindings.filter { $0.exchange === exchange }
        switch exchange.kind.type {
        case "fanout": return bindings.map(\.end)
        case "headers": return bindings.filter { Self.matches($0.kind, content) }.map(\.end)
        case "topic":
            let key = Self.words(content.key)
            return bindings.enumerated().compactMap { place, binding in
                Self.walk(Self.words(binding.kind.key)[...], key[...], 0).map { ($0 + [place], binding.end) }
            }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
        default: return bindings.filter { $0.kind.key == content.key }.map(\.end)
        }
    }

    private static func matches(_ kind: BindingKind, _ content: Content) -> Bool {
        let headers = Content.headers(content.number)
        let match = kind.match ?? "all"
        let wanted = kind.headers.filter { match.hasSuffix("with-x") || !$0.key.hasPrefix("x-") }
        func agrees(_ name: String, _ value: Int?) -> Bool { headers[name].map { $0 == value ?? $0 } ?? false }
        return match.hasPrefix("all") ? wanted.allSatisfy(agrees) : wanted.contains(where: agrees)
    }

    private static func words(_ key: String) -> [Substring] {
        key.isEmpty ? [] : key.split(separator: ".", omittingEmptySubsequences: false)
    }

    /// How a pattern takes a key; nil: it doesn't. Of two patterns, the one whose way is less is met first: for each word
    /// of the key, 0 where a `#` takes it, 1 for the same word and 2 for `*`, then how many `#` are passed that take none.
    private static func walk(
        _ pattern: ArraySlice<Substring>, _ key: ArraySlice<Substring>, _ passed: Int, isInHash: Bool = false
    ) -> [Int]? {
        let (first, rest) = (pattern.first, pattern.dropFirst())
        guard let word = key.first else {
            if first == nil { return [passed] }
            return first == "#" ? walk(rest, key, passed + 1, isInHash: true) : nil
        }
        let left = key.dropFirst()
        if isInHash, let way = walk(pattern, left, 0, isInHash: true) { return [passed, 0] + way }
        if first == word, let way = walk(rest, left, 0) { return [passed, 1] + way }
        if first == "*", let way = walk(rest, left, 0) { return [passed, 2] + way }
        return first == "#" ? walk(rest, key, passed + 1, isInHash: true) : nil
    }

    // MARK: Dead letters

    /// To be published when the current method is done. A queue that is gone has no dead letters.
    func deadLetter(_ copy: Copy, of queue: ModelQueue, _ reason: String) {
        if queue.kind.deadLetterExchange != nil, !queue.isDeleted { deadLetters.append((copy, queue, reason)) }
    }

    func publishDeadLetters() {
        while !deadLetters.isEmpty {
            let (copy, queue, reason) = deadLetters.removeFirst()
            let content = died(copy.content, in: queue.kind, reason)
            let targets = (route(content) ?? []).filter { target in
                // Where it died before, and was not rejected since, it does not go again.
                let last = content.deaths.firstIndex { $0.queue == target.kind.name }
                return last.map { content.deaths[...$0].contains { $0.reason == "rejected" } } ?? true
            }
            _ = enqueue(
                .init(content: content, isPersistent: copy.isPersistent, isMandatory: false, queues: targets),
                from: nil)
        }
    }

    private func died(_ content: Content, in queue: QueueKind, _ reason: String) -> Content {
        var content = content
        if content.deaths.isEmpty { content.first = [queue.name, reason, content.exchange] }
        // As 3.10 does: each death turns the order of those before it.
        content.deaths.reverse()
        if let known = content.deaths.firstIndex(where: { $0.queue == queue.name && $0.reason == reason }) {
            var death = content.deaths.remove(at: known)
            death.count += 1
            content.deaths.insert(death, at: 0)
        } else {
            content.deaths.insert(
                .init(
                    queue: queue.name, reason: reason, count: 1, exchange: content.exchange, key: content.key,
                    expiration: content.expiration, time: now / 1000), at: 0)
        }
        content.expiration = nil
        content.exchange = queue.deadLetterExchange ?? ""
        content.key = queue.deadLetterKey ?? content.key
        return content
    }
}
