import AMQPWire

/// Whether a file's definitions can be made, before any of them is: a slice at a time, so that no client waits for a long
/// file.
///
/// What RabbitMQ writes of a broker in use has things that nobody can make again: the bindings of exclusive queues and of
/// internal exchanges, neither of which it writes, and queues with names that it gave. These are left out; what is wrong is
/// an error, and then nothing is made.
public final class DefinitionsCheck {
    /// Where it fails, and why.
    public struct Failure: Error, Equatable {
        public var place: String
        public var reason: String
    }

    public struct Outcome: Sendable {
        /// Those that can be made.
        public var kept: [Definitions.Item] = []
        /// What is left out: a sentence each.
        public var warnings: [String] = []

        public init() {}
    }

    private var kept: [Definitions.Item] = []
    private let items: [Definitions.Item]
    private let core: BrokerCore
    private var next = 0
    /// With the type of queues that don't say theirs.
    private var virtualHosts: [String: String?]
    private var leftOut: [String] = []
    private var leftOutCount = 0
    private var exchanges: [Name: Exchange<any Queue>] = [:]
    private var queues: [Name: QueueKind] = [:]

    private struct Name: Hashable {
        var virtualHost: String
        var name: ShortString
    }

    private static let slice = 250
    /// So many are told one by one: of a thousand subscribers each has a binding.
    private static let mostTold = 10

    /// Once all slices are taken.
    public var outcome: Outcome {
        let more = leftOutCount - leftOut.count
        var outcome = Outcome()
        outcome.kept = kept
        outcome.warnings = leftOut + (more > 0 ? ["\(more) more are left out for reasons like these"] : [])
        return outcome
    }

    fileprivate init(_ items: [Definitions.Item], _ core: BrokerCore) {
        self.items = items
        self.core = core
        virtualHosts = core.virtualHosts.mapValues(\.defaultQueueType)
    }

    /// Looks at some more. Only while nothing else happens to the core. False: those were the last.
    public func takeSlice() throws(Failure) -> Bool {
        let end = min(next + Self.slice, items.count)
        while next < end {
            let item = items[next]
            next += 1
            do throws(BrokerChange.Refusal) {
                if let reason = try check(item.thing) {
                    leaveOut("\(item.place): \(reason), and it is left out")
                } else {
                    kept.append(item)
                }
            } catch {
                throw Failure(place: item.place + (error.part.isEmpty ? "" : ".\(error.part)"), reason: error.reason)
            }
        }
        return next < items.count
    }

    private func leaveOut(_ reason: String) {
        if leftOut.count < Self.mostTold { leftOut.append(reason) }
        leftOutCount += 1
    }

    /// Throws for what is wrong. Returns why something is to be left out; nil: it can be made.
    private func check(_ thing: Definitions.Thing) throws(BrokerChange.Refusal) -> String? {
        switch thing {
        case .virtualHost(let definition):
            if let type = definition.defaultQueueType, QueueKind(rawValue: type) == nil {
                throw .init(
                    kind: .wrong, part: "default_queue_type",
                    reason: "there is no queue type \(LogEvent.quoted(type)): classic, quorum or stream")
            }
            let known = virtualHosts[definition.name] ?? core.configuration.defaultQueueType
            virtualHosts.updateValue(definition.defaultQueueType ?? known, forKey: definition.name)
        // One of another release may act all the same.
        case .policy(let policy): try check(virtualHost: policy.virtualHost)
        case .exchange(let definition): return try check(definition)
        case .queue(let definition): return try check(definition)
        case .binding(let definition): return try check(definition)
        }
        return nil
    }

    /// Returns the type of queues in it that don't say theirs.
    @discardableResult
    private func check(virtualHost name: String) throws(BrokerChange.Refusal) -> String? {
        guard let type = virtualHosts[name] else {
            throw .init(
                kind: .missing, part: "vhost",
                reason: "there is no virtual host \(LogEvent.quoted(name)): name it among the file's vhosts")
        }
        return type
    }

    private func check(_ definition: QueueDefinition) throws(BrokerChange.Refusal) -> String? {
        let defaultType = try check(virtualHost: definition.virtualHost)
        if definition.name.isEmpty { throw .init(kind: .wrong, part: "name", reason: "it is empty") }
        if definition.name.hasPrefix("amq.") { return "the name '\(definition.name)' was given by a broker" }
        let (_, arguments) = try VirtualHost.checked(
            definition, in: core.configuration.dialect, defaultType: defaultType)
        queues[Name(virtualHost: definition.virtualHost, name: definition.name)] = arguments.kind
        return nil
    }

    private func check(_ definition: ExchangeDefinition) throws(BrokerChange.Refusal) -> String? {
        try check(virtualHost: definition.virtualHost)
        if definition.name.isEmpty || definition.name.hasPrefix("amq.") {
            return "only the broker makes an exchange named '\(definition.name)'"
        }
        let isKnown = ExchangeTypes<any Queue>.all(in: core.configuration.dialect).contains {
            $0.type == definition.type
        }
        if !isKnown, definition.type.hasPrefix("x-") { return unknown(type: definition.type) }
        let exchange: Exchange<any Queue>
        do throws(BrokerError) {
            let type = try ExchangeTypes<any Queue>.named(definition.type, in: core.configuration.dialect)
            try type.check(
                declaration: definition.arguments,
                label: "exchange '\(definition.name)' in vhost '\(definition.virtualHost)'")
            exchange = Exchange(
                name: definition.name, declaration: definition.declaration, type: type,
                dialect: core.configuration.dialect)
        } catch {
            throw BrokerChange.Refusal(error, part: isKnown ? "arguments" : "type")
        }
        exchanges[Name(virtualHost: definition.virtualHost, name: definition.name)] = exchange
        return nil
    }

    private func unknown(type: String) -> String {
        let dialect = core.configuration.dialect
        if ExchangeTypes<any Queue>.all.contains(where: { $0.type == type }),
            let later = Dialect.allCases.first(where: { $0.knows(exchangeType: type) })
        {
            return "there is no exchange type '\(type)' in dialect \(dialect.name): --dialect \(later.name) has it"
        }
        let road =
            type == "x-delayed-message"
            ? " (a queue with a message TTL that dead-letters to the target delays too: chapter 9)" : ""
        return "there is no exchange type \(LogEvent.quoted(type)) here, which is a plugin's in RabbitMQ\(road)"
    }

    private func check(_ definition: BindingDefinition) throws(BrokerChange.Refusal) -> String? {
        try check(virtualHost: definition.virtualHost)
        // Every queue is bound to the default exchange anyway.
        if definition.source.isEmpty { throw BrokerChange.Refusal(.defaultExchange, part: "source") }
        guard let source = exchange(definition.source, in: definition.virtualHost) else {
            return "there is no exchange '\(definition.source)' in vhost '\(definition.virtualHost)'"
        }
        var kind: QueueKind?
        if definition.leadsToQueue {
            kind =
                core.kind(ofQueue: definition.destination, in: definition.virtualHost)
                ?? queues[Name(virtualHost: definition.virtualHost, name: definition.destination)]
            if kind == nil {
                return "there is no queue '\(definition.destination)' in vhost '\(definition.virtualHost)'"
            }
        } else if exchange(definition.destination, in: definition.virtualHost) == nil {
            return "there is no exchange '\(definition.destination)' in vhost '\(definition.virtualHost)'"
        }
        do throws(BrokerError) {
            try source.check(binding: definition.key, definition.arguments, toQueueOf: kind)
        } catch { throw BrokerChange.Refusal(error) }
        return nil
    }

    /// One of the file, or one that is there; those that each virtual host begins with are in any.
    private func exchange(_ name: ShortString, in virtualHost: String) -> Exchange<any Queue>? {
        if let known = core.exchange(name, in: virtualHost) { return known }
        if let known = exchanges[Name(virtualHost: virtualHost, name: name)] { return known }
        if let known = core.exchange(name, in: "/"), known.isPredeclared { return known }
        return nil
    }
}

extension BrokerCore {
    /// Begins a look at definitions, of which the slices are to be taken.
    public func beginCheck(of definitions: Definitions) -> DefinitionsCheck {
        DefinitionsCheck(definitions.items, self)
    }

    fileprivate func exchange(_ name: ShortString, in virtualHost: String) -> Exchange<any Queue>? {
        virtualHosts[virtualHost]?.exchanges[name]
    }

    fileprivate func kind(ofQueue name: ShortString, in virtualHost: String) -> QueueKind? {
        virtualHosts[virtualHost]?.queues[name]?.queue.kind
    }
}
