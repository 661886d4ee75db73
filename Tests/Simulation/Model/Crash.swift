import AMQPWire

/// What a broker that was started on the disk that a crash left has.
struct Found: Sendable, Equatable {
    struct Message: Equatable, Sendable {
        var content: Content
        var redelivered: Bool
    }

    struct Binding: Equatable, Sendable {
        var exchange: String
        var end: String
        var isOfExchange: Bool
        var key: String
        var arguments: FieldTable
    }

    var queues: [String: [Message]] = [:]
    /// What failed too often when the broker before ended, by the queue that gave it up.
    var overTheLimit: [String: [Int]] = [:]
    var exchanges: Set<String> = []
    /// By exchange and end.
    var bindings: [Binding] = []
    /// The queues that a message to an exchange and with a key goes to, in the order in which it gets there.
    var routes: [Route: [String]] = [:]
    /// What nobody could have sent.
    var surprises: [String] = []

    struct Route: Hashable, Sendable {
        var exchange: String
        var key: String
    }
}

/// What is wrong with what a crash left.
private struct Wrong: Error {
    var text: String
}

extension Model {
    /// Compares what a crash left with what it had to leave and what it could leave, and goes on from there. Returns
    /// what is wrong.
    ///
    /// `sure`: everything up to this batch is there. `possible`: nothing after this batch is; of those in between, any
    /// part may be.
    func crash(found: Found, sure: UInt64, possible: UInt64) -> String? {
        do throws(Wrong) {
            let adopted = try adoptQueues(found, sure: sure, possible: possible)
            let kept = try keepExchanges(found, sure: sure, possible: possible)
            let bound = try keepBindings(found, of: kept, to: adopted, sure: sure, possible: possible)
            dissolve()
            (queues, exchanges, bindings) = (adopted, kept, bound)
            (goneQueues, goneExchanges, goneBindings) = ([], [], [])
            for (route, ends) in found.routes {
                let expected = self.route(Content(number: 0, exchange: route.exchange, key: route.key)) ?? []
                if expected.map(\.kind.name) == ends { continue }
                throw Wrong(
                    text: "exchange \(route.exchange) routes \(route.key) to \(ends), and not to "
                        + "\(expected.map(\.kind.name))")
            }
            for queue in adopted.values.sorted(by: { $0.number < $1.number }) { setAlarm(queue) }
            beginsAnew()
            for queue in adopted.values where queue.kind.isQuorum { noteAbandoned(queue) }
            return nil
        } catch {
            return error.text
        }
    }

    private func adoptQueues(
        _ found: Found, sure: UInt64, possible: UInt64
    ) throws(Wrong) -> [String: ModelQueue] {
        var adopted: [String: ModelQueue] = [:]
        for kind in QueueKind.all {
            let candidates = (goneQueues + (queues[kind.name].map { [$0] } ?? [])).filter {
                $0.kind.name == kind.name && $0.record.mayBeThere(sure: sure, possible: possible)
            }
            let needed = candidates.filter { $0.record.mustBeThere(sure: sure, possible: possible) }
            guard let messages = found.queues[kind.name] else {
                if !needed.isEmpty { throw Wrong(text: "queue \(kind.name) is lost") }
                continue
            }
            if candidates.isEmpty {
                throw Wrong(text: "queue \(kind.name) is there, and was not durable or was deleted")
            }
            var queue: ModelQueue?
            for candidate in needed.isEmpty ? candidates : needed where queue == nil {
                if kind.isStream {
                    queue = matchStream(messages, candidate, sure: sure, possible: possible)
                } else if kind.isQuorum {
                    queue = matchQuorum(messages, candidate, found, sure: sure, possible: possible)
                } else if let copies = match(messages, candidate, sure: sure, possible: possible) {
                    queue = adopt(candidate, copies, messages)
                }
            }
            guard let queue else {
                if kind.isStream {
                    let words = Self.describeStream(kind.name, messages, needed.last ?? candidates.last, sure, possible)
                    throw Wrong(text: words)
                }
                let written = (needed.last ?? candidates.last)?.written ?? []
                let words = kind.isQuorum ? Self.describeQuorum : Self.describe
                throw Wrong(text: words(kind.name, messages, written, sure, possible))
            }
            adopted[kind.name] = queue
        }
        return adopted
    }

    private func keepExchanges(
        _ found: Found, sure: UInt64, possible: UInt64
    ) throws(Wrong) -> [String: ModelExchange] {
        var kept: [String: ModelExchange] = [:]
        for kind in ExchangeKind.all {
            let candidates = (goneExchanges + (exchanges[kind.name].map { [$0] } ?? [])).filter {
                $0.kind.name == kind.name && $0.record.mayBeThere(sure: sure, possible: possible)
            }
            let isFound = found.exchanges.contains(kind.name)
            if !isFound, candidates.contains(where: { $0.record.mustBeThere(sure: sure, possible: possible) }) {
                throw Wrong(text: "exchange \(kind.name) is lost")
            }
            if isFound, candidates.isEmpty {
                throw Wrong(text: "exchange \(kind.name) is there, and should not be")
            }
            if isFound { kept[kind.name] = ModelExchange(kind, Record(born: 0)) }
        }
        return kept
    }

    private func keepBindings(
        _ found: Found, of exchanges: [String: ModelExchange], to queues: [String: ModelQueue], sure: UInt64,
        possible: UInt64
    ) throws(Wrong) -> [ModelBinding] {
        let candidates = (goneBindings + bindings).filter { $0.record.mayBeThere(sure: sure, possible: possible) }
            .sorted { $0.number < $1.number }
        for binding in candidates where binding.record.mustBeThere(sure: sure, possible: possible) {
            if !found.bindings.contains(binding.found) { throw Wrong(text: "lost is \(binding.found)") }
        }
        var bound: [ModelBinding] = []
        for binding in candidates {
            let isThere = found.bindings.contains(binding.found)
            guard isThere, !bound.contains(where: { $0.found == binding.found }),
                let exchange = exchanges[binding.exchange.kind.name]
            else { continue }
            let end: ModelBinding.End? =
                switch binding.end {
                case .queue(let queue): queues[queue.kind.name].map { .queue($0) }
                case .exchange(let next): exchanges[next.kind.name].map { .exchange($0) }
                }
            guard let end else { continue }
            bound.append(ModelBinding(exchange, end, binding.kind, number: binding.number, Record(born: 0)))
        }
        if let stray = found.bindings.first(where: { binding in !bound.contains { $0.found == binding } }) {
            throw Wrong(text: "there is, and should not be, \(stray)")
        }
        // What is bound to a direct exchange anew may stand in its old place or in its new one.
        func place(_ binding: ModelBinding) -> Int {
            let route = Found.Route(exchange: binding.exchange.kind.name, key: binding.kind.key)
            return found.routes[route]?.firstIndex(of: binding.end.name) ?? 0
        }
        let isDirect = { (binding: ModelBinding) in binding.exchange.kind.type == "direct" }
        return bound.filter { !isDirect($0) } + bound.filter(isDirect).sorted { place($0) < place($1) }
    }

    /// The copies that the messages found are: all that must be there, and of those that may be there any, in their
    /// order. nil: they can't be.
    private func match(
        _ messages: [Found.Message], _ queue: ModelQueue, sure: UInt64, possible: UInt64
    ) -> [Copy]? {
        let handedOutUpTo = queue.written.filter { ($0.handedOut ?? .max) <= possible }.map(\.place).max() ?? 0
        // The log has a place up to which all may have been handed out. Where priorities count, that may also be said of
        // what stood behind.
        let marked = queue.kind.maximumPriority > 0 ? queue.furthest : handedOutUpTo
        let copies = queue.written.filter { $0.record.mayBeThere(sure: sure, possible: possible) }
            .sorted { $0.comes(before: $1) }
        func fits(_ copy: Copy, _ message: Found.Message) -> Bool {
            if copy.content != message.content { return false }
            if let handedOut = copy.handedOut, handedOut <= sure, !message.redelivered { return false }
            // What had gone for good before the crash and is back may be marked: the log says how far its queue had got,
            // and only then what is gone.
            return !message.redelivered || copy.place <= marked || copy.record.died != nil
        }
        // Twice the same message is possible, where a dead letter and what died both came back: try both ways.
        func match(_ message: Int, _ copy: Int) -> [Copy]? {
            guard copy < copies.count else { return message == messages.count ? [] : nil }
            if message < messages.count, fits(copies[copy], messages[message]),
                let rest = match(message + 1, copy + 1)
            {
                return [copies[copy]] + rest
            }
            if copies[copy].record.mustBeThere(sure: sure, possible: possible) { return nil }
            return match(message, copy + 1)
        }
        return match(0, 0)
    }

    private func adopt(_ queue: ModelQueue, _ copies: [Copy], _ messages: [Found.Message]) -> ModelQueue {
        let adopted = ModelQueue(queue.kind, number: queue.number, Record(born: 0))
        for (old, message) in zip(copies, messages) {
            let copy = Copy(
                old.content, isPersistent: true, place: old.place, expiresAt: old.expiresAt, in: queue.kind)
            copy.record.born = 0
            copy.redelivered = message.redelivered
            if message.redelivered { copy.handedOut = 0 }
            adopted.ready.append(copy)
        }
        adopted.written = adopted.ready
        adopted.furthest = queue.furthest
        return adopted
    }

    private static func describe(
        _ queue: String, _ messages: [Found.Message], _ copies: [Copy], _ sure: UInt64, _ possible: UInt64
    ) -> String {
        let found = messages.map { "\($0.content.number)\($0.redelivered ? " redelivered" : "")" }
        let expected = copies.filter { $0.record.mayBeThere(sure: sure, possible: possible) }.map { copy in
            "\(copy.content.number)"
                + (copy.record.mustBeThere(sure: sure, possible: possible) ? "" : " (perhaps)")
                + (copy.handedOut.map { $0 <= sure ? " redelivered" : " perhaps redelivered" } ?? "")
        }
        return """
            queue \(queue) is not as it must be after the crash
                expected: \(expected.joined(separator: ", "))
                seen:     \(found.joined(separator: ", "))
            """
    }
}
