/// Where a message goes on a random walk.
extension WalkModel {
    /// The queues that a message reaches from an exchange.
    func route(_ exchange: String, _ publication: WalkStep.Publication) -> Set<String> {
        let keys = [publication.key] + publication.copies
        guard !exchange.isEmpty else { return Set(keys.filter { queues[$0] != nil }) }
        var (found, seen, toDo) = (Set<String>(), Set([exchange]), [exchange])
        while let name = toDo.popLast() {
            guard let shape = exchanges[name] else { continue }
            let matched = bindings.filter { $0.source == name && lets($0, shape.type, keys, publication) }
            // An alternate is asked when no binding matches, wherever the bindings lead.
            var next = matched.isEmpty ? shape.alternate.map { [$0] } ?? [] : []
            for binding in matched {
                switch binding.destination {
                case .queue(let queue): found.insert(queue)
                case .exchange(let exchange): next.append(exchange)
                }
            }
            toDo += next.filter { seen.insert($0).inserted }
        }
        return found
    }

    private func lets(
        _ binding: WalkStep.Binding, _ type: String, _ keys: [String], _ publication: WalkStep.Publication
    ) -> Bool {
        switch type {
        case "fanout": true
        case "direct": keys.contains(binding.key)
        case "topic": keys.contains { Self.matches(Self.words($0)[...], Self.words(binding.key)[...]) }
        default: WalkHeaders.bindings[binding.arguments].lets(WalkHeaders.messages[publication.headers])
        }
    }

    /// An empty key has no words.
    private static func words(_ key: String) -> [Substring] {
        key.isEmpty ? [] : key.split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func matches(_ key: ArraySlice<Substring>, _ pattern: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return key.isEmpty }
        let rest = pattern.dropFirst()
        if first == "#" { return matches(key, rest) || !key.isEmpty && matches(key.dropFirst(), pattern) }
        guard let word = key.first else { return false }
        return (first == "*" || first == word) && matches(key.dropFirst(), rest)
    }

    // MARK: What goes with something else

    /// Removes bindings, and the auto-delete exchanges that have lost their last.
    mutating func removeBindings(_ isGone: (WalkStep.Binding) -> Bool) {
        let gone = bindings.filter(isGone)
        bindings.removeAll(where: isGone)
        for source in Set(gone.map(\.source)) where exchanges[source]?.isAutoDelete == true {
            if !bindings.contains(where: { $0.source == source }) { deleteExchange(source) }
        }
    }

    mutating func deleteExchange(_ name: String) {
        guard exchanges.removeValue(forKey: name) != nil else { return }
        bindings.removeAll { $0.source == name }
        removeBindings { $0.destination == .exchange(name) }
    }
}
