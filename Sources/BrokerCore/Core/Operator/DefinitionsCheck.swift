import AMQPWire

/// Whether all of a file's definitions can be made, before any of them is: a slice at a time, so that no client waits for a
/// long file.
public final class DefinitionsCheck {
    /// Where it fails, and why.
    public struct Failure: Error, Equatable {
        public var place: String
        public var reason: String
    }

    private let items: [Definitions.Item]
    private let core: BrokerCore
    private var next = 0
    private var virtualHosts: Set<String>
    private var exchanges: [Name: Exchange<any Queue>] = [:]
    private var queues: Set<Name> = []

    private struct Name: Hashable {
        var virtualHost: String
        var name: ShortString
    }

    private static let slice = 250

    fileprivate init(_ items: [Definitions.Item], _ core: BrokerCore) {
        self.items = items
        self.core = core
        virtualHosts = Set(core.listVirtualHosts())
    }

    /// Looks at some more. Only while nothing else happens to the core. False: those were the last.
    public func takeSlice() throws(Failure) -> Bool {
        let end = min(next + Self.slice, items.count)
        while next < end {
            let item = items[next]
            next += 1
            do throws(BrokerChange.Refusal) { try check(item.thing) } catch {
                throw Failure(place: item.place + (error.part.isEmpty ? "" : ".\(error.part)"), reason: error.reason)
            }
        }
        return next < items.count
    }

    private func check(_ thing: Definitions.Thing) throws(BrokerChange.Refusal) {
        switch thing {
        case .virtualHost(let definition):
            if let type = definition.defaultQueueType, QueueKind(rawValue: type) == nil {
                throw .init(
                    kind: .wrong, part: "default_queue_type",
                    reason: "there is no queue type \(LogEvent.quoted(type)): classic, quorum or stream")
            }
            virtualHosts.insert(definition.name)
        case .policy(let policy): try check(virtualHost: policy.virtualHost)
        case .exchange(let definition): try check(definition)
        case .queue(let definition):
            try check(virtualHost: definition.virtualHost)
            if definition.name.isEmpty { throw .init(kind: .wrong, part: "name", reason: "it is empty") }
            _ = try VirtualHost.checked(definition, in: core.configuration.dialect)
            queues.insert(Name(virtualHost: definition.virtualHost, name: definition.name))
        case .binding(let definition): try check(definition)
        }
    }

    private func check(virtualHost name: String) throws(BrokerChange.Refusal) {
        guard virtualHosts.contains(name) else {
            throw .init(
                kind: .missing, part: "vhost",
                reason: "there is no virtual host \(LogEvent.quoted(name)): name it among the file's vhosts")
        }
    }

    private func check(_ definition: ExchangeDefinition) throws(BrokerChange.Refusal) {
        try check(virtualHost: definition.virtualHost)
        if definition.name.isEmpty { throw .init(kind: .wrong, part: "name", reason: "it is empty") }
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
            let isKnown = ExchangeTypes<any Queue>.all(in: core.configuration.dialect).contains {
                $0.type == definition.type
            }
            throw BrokerChange.Refusal(error, part: isKnown ? "arguments" : "type")
        }
        exchanges[Name(virtualHost: definition.virtualHost, name: definition.name)] = exchange
    }

    private func check(_ definition: BindingDefinition) throws(BrokerChange.Refusal) {
        try check(virtualHost: definition.virtualHost)
        let source = try exchange(definition.source, definition, part: "source")
        if definition.leadsToQueue {
            let name = Name(virtualHost: definition.virtualHost, name: definition.destination)
            guard queues.contains(name) || core.hasQueue(definition.destination, in: definition.virtualHost) else {
                throw BrokerChange.Refusal(
                    .noQueue(definition.destination, in: definition.virtualHost), part: "destination")
            }
        } else {
            _ = try exchange(definition.destination, definition, part: "destination")
        }
        if source.name.isEmpty { throw BrokerChange.Refusal(.defaultExchange, part: "source") }
        do throws(BrokerError) { try source.check(binding: definition.key, definition.arguments) } catch {
            throw BrokerChange.Refusal(error, part: "arguments")
        }
    }

    /// One of the file, or one that is there; those that each virtual host begins with are in any.
    private func exchange(
        _ name: ShortString, _ binding: BindingDefinition, part: String
    ) throws(BrokerChange.Refusal) -> Exchange<any Queue> {
        if let known = core.exchange(name, in: binding.virtualHost) { return known }
        if let known = exchanges[Name(virtualHost: binding.virtualHost, name: name)] { return known }
        if let known = core.exchange(name, in: "/"), known.isPredeclared { return known }
        throw BrokerChange.Refusal(.noExchange(name, in: binding.virtualHost), part: part)
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

    fileprivate func hasQueue(_ name: ShortString, in virtualHost: String) -> Bool {
        virtualHosts[virtualHost]?.queues[name] != nil
    }
}
