/// What a broker that was started on the disk that a crash left has.
struct Found: Sendable, Equatable {
    struct Message: Equatable, Sendable {
        var content: Content
        var redelivered: Bool
    }

    var queues: [String: [Message]] = [:]
    var exchanges: Set<String> = []
    /// In the order in which they route.
    var bindings: [(exchange: String, queue: String, key: String)] = []
    /// What nobody could have sent.
    var surprises: [String] = []

    static func == (left: Found, right: Found) -> Bool {
        left.queues == right.queues && left.exchanges == right.exchanges
            && left.bindings.elementsEqual(right.bindings) { $0 == $1 }
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
            beginsAnew()
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
                guard let copies = match(messages, candidate.written, sure: sure, possible: possible) else { continue }
                queue = adopt(candidate, copies, messages)
            }
            guard let queue else {
                let written = (needed.last ?? candidates.last)?.written ?? []
                throw Wrong(text: Self.describe(kind.name, messages, written, sure: sure, possible: possible))
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
        func isMeant(_ binding: ModelBinding, _ found: (exchange: String, queue: String, key: String)) -> Bool {
            binding.exchange.kind.name == found.exchange && binding.queue.kind.name == found.queue
                && binding.key == found.key
        }
        for binding in candidates where binding.record.mustBeThere(sure: sure, possible: possible) {
            if !found.bindings.contains(where: { isMeant(binding, $0) }) {
                throw Wrong(
                    text: "the binding of \(binding.queue.kind.name) to \(binding.exchange.kind.name) is lost")
            }
        }
        var bound: [ModelBinding] = []
        for binding in found.bindings {
            guard candidates.contains(where: { isMeant($0, binding) }), let queue = queues[binding.queue],
                let exchange = exchanges[binding.exchange]
            else {
                throw Wrong(
                    text: "the binding of \(binding.queue) to \(binding.exchange) is there, and should not be")
            }
            bound.append(ModelBinding(exchange, queue, binding.key, Record(born: 0)))
        }
        return bound
    }

    /// The copies that the messages found are: all that must be there, and of those that may be there any, in their
    /// order. nil: they can't be.
    private func match(
        _ messages: [Found.Message], _ copies: [Copy], sure: UInt64, possible: UInt64
    ) -> [Copy]? {
        let handedOutUpTo = copies.filter { ($0.handedOut ?? .max) <= possible }.map(\.place).max() ?? 0
        let copies = copies.filter { $0.record.mayBeThere(sure: sure, possible: possible) }
            .sorted { $0.place < $1.place }
        func fits(_ copy: Copy, _ message: Found.Message) -> Bool {
            if copy.content != message.content { return false }
            if let handedOut = copy.handedOut, handedOut <= sure, !message.redelivered { return false }
            // What had gone for good before the crash and is back may be marked: the log says how far its queue had got,
            // and only then what is gone.
            return !message.redelivered || copy.place <= handedOutUpTo || copy.record.died != nil
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
        let adopted = ModelQueue(queue.kind, Record(born: 0))
        for (old, message) in zip(copies, messages) {
            let copy = Copy(old.content, isPersistent: true, place: old.place, expiresAt: old.expiresAt)
            copy.record.born = 0
            copy.redelivered = message.redelivered
            if message.redelivered { copy.handedOut = 0 }
            adopted.ready.append(copy)
        }
        adopted.written = adopted.ready
        return adopted
    }

    private static func describe(
        _ queue: String, _ messages: [Found.Message], _ copies: [Copy], sure: UInt64, possible: UInt64
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
