import AMQPWire

// What an operator changes from outside AMQP.

extension BrokerCore {
    /// Each takes the place of one of its name. Of those that come together each has its own.
    func add(_ users: [BrokerConfiguration.User]) {
        let names = Set(users.map(\.name))
        configuration.users.removeAll { names.contains($0.name) }
        configuration.users += users
    }

    func define(_ definitions: UserDefinitions) {
        let known = Dictionary(configuration.users.map { ($0.name, $0) }) { $1 }
        add(
            definitions.users.map { user in
                guard let old = known[user.name] else { return user }
                var user = user
                user.permissions = permissions(of: old, with: user.permissions ?? [:])
                return user
            })
        add(
            definitions.permissionsOfOthers.compactMap { name, permissions in
                known[name].map { user in
                    var user = user
                    user.permissions = self.permissions(of: user, with: permissions)
                    return user
                }
            })
    }

    /// Who may do everything has the same permissions in each virtual host that there is, once some of them are said.
    private func permissions(
        of user: BrokerConfiguration.User, with more: [String: Permissions]
    ) -> [String: Permissions]? {
        if more.isEmpty { return user.permissions }
        return (user.permissions ?? virtualHosts.mapValues { _ in .all }).merging(more) { $1 }
    }

    /// So many changes fill a turn: where there are policies, a queue that is declared asks each of them whether it acts on it.
    public var changesOfTurn: Int {
        let units = virtualHosts.values.reduce(0) { units, host in
            host.policies.isEmpty ? units : max(units, host.unitsOfPolicies(forName: 20))
        }
        return max(1, min(250, pool.work.turn / (WorkLimits.unitsOfRemoval + units)))
    }

    func carryOut(_ changes: [BrokerChange]) {
        for (place, change) in changes.enumerated() {
            spend(WorkLimits.unitsOfRemoval)
            do throws(BrokerChange.Refusal) {
                try carryOut(change)
            } catch {
                effects.refusals.append((place, error))
            }
        }
    }

    private func carryOut(_ change: BrokerChange) throws(BrokerChange.Refusal) {
        switch change {
        case .define(let thing): try define(thing)
        case .setPolicy(let policy):
            let host = try operated(policy.virtualHost)
            do throws(PolicyRefusal) { try policy.check(in: configuration.dialect) } catch {
                if !quirk(.policiesAreNotChecked) {
                    throw BrokerChange.Refusal(kind: .wrong, part: error.part, reason: error.reason)
                }
            }
            host.set(policy)
        case .clearPolicy(let name, let virtualHost):
            guard try operated(virtualHost).clearPolicy(name) else { throw .missing("Parameter does not exist") }
        case .purge(let name, let virtualHost, let user):
            let host = try operated(virtualHost)
            let queue = try queue(name, in: host, for: .read, user)
            if queue.kind == .stream { throw BrokerChange.Refusal(.notWithStreams("queue.purge", queue.label)) }
            host.doInSlices {
                if queue.catchUp() { return true }
                if !queue.isDeleted { _ = queue.purge() }
                return false
            }
        case .delete(let name, let virtualHost, let user, let ifEmpty, let ifUnused):
            let host = try operated(virtualHost)
            let queue = try queue(name, in: host, for: .configure, user)
            do throws(BrokerError) {
                try queue.kind.checkDelete(ifUnused: ifUnused, ifEmpty: ifEmpty, label: queue.label)
            } catch { throw BrokerChange.Refusal(error) }
            // A stream goes whatever the conditions are.
            if queue.kind == .classic {
                if ifEmpty, queue.counts.ready > 0 { throw .wrong("\(queue.label) not empty") }
                if ifUnused, queue.consumerCount > 0 { throw .wrong("\(queue.label) in use") }
            }
            host.end(queue)
        }
    }

    func operated(_ name: String) throws(BrokerChange.Refusal) -> VirtualHost {
        guard let host = virtualHosts[name] else { throw .missing("vhost_not_found") }
        return host
    }

    private func queue(
        _ name: String, in host: VirtualHost, for right: Right, _ user: String
    ) throws(BrokerChange.Refusal) -> any Queue {
        // What begins so is another queue.
        guard let name = try? ShortString(name) else { throw .missing("Not Found") }
        guard let user = configuration.users.first(where: { $0.name == user }) else { throw .missing("no such user") }
        if user.permissions != nil {
            guard let permissions = user.permissions(in: host.name) else { throw .forbidden("Access refused.") }
            do throws(BrokerError) {
                try AccessRights(user: user.name, virtualHost: host.name, permissions).check(right, toQueue: name)
            } catch { throw .forbidden(error.text) }
        }
        guard let queue = host.queues[name]?.queue else { throw .missing("Not Found") }
        if queue.declaration.owner != nil { throw BrokerChange.Refusal(.locked(queue.label)) }
        return queue
    }

    // MARK: Definitions

    private func define(_ thing: Definitions.Thing) throws(BrokerChange.Refusal) {
        switch thing {
        case .virtualHost(let definition):
            let host = virtualHosts[definition.name] ?? addVirtualHost(definition.name)
            host.follow(definition)
            if let told = host.definition { journal?.declare(.virtualHostDefined(told)) }
        case .policy(let policy): try operated(policy.virtualHost).set(policy)
        case .exchange(let definition):
            let host = try operated(definition.virtualHost)
            if host.exchanges[definition.name] != nil { return }
            do throws(BrokerError) {
                try host.declareExchange(definition.name, definition.declaration)
            } catch { throw BrokerChange.Refusal(error) }
        case .queue(let definition):
            let host = try operated(definition.virtualHost)
            if host.queues[definition.name] != nil { return }
            let (declaration, arguments) = try host.checked(definition)
            _ = host.declareQueue(definition.name, declaration, arguments)
        case .binding(let definition): try bind(definition)
        }
    }

    private func bind(_ definition: BindingDefinition) throws(BrokerChange.Refusal) {
        let host = try operated(definition.virtualHost)
        guard let source = host.exchanges[definition.source] else {
            throw BrokerChange.Refusal(.noExchange(definition.source, in: host.name), part: "source")
        }
        let end: BindingEnd
        if definition.leadsToQueue {
            guard let queue = host.queue(definition.destination) else {
                throw BrokerChange.Refusal(.noQueue(definition.destination, in: host.name), part: "destination")
            }
            end = .queue(queue)
        } else {
            guard let exchange = host.exchange(definition.destination) else {
                throw BrokerChange.Refusal(.noExchange(definition.destination, in: host.name), part: "destination")
            }
            end = .exchange(exchange)
        }
        do throws(BrokerError) { try source.check(binding: definition.key, definition.arguments, to: end) } catch {
            throw BrokerChange.Refusal(error)
        }
        host.bind(source, to: end, key: definition.key, arguments: definition.arguments)
    }
}

extension ExchangeDefinition {
    var declaration: ExchangeDeclaration {
        ExchangeDeclaration(
            type: type, durable: isDurable, autoDelete: autoDelete, isInternal: isInternal, arguments: arguments)
    }
}

extension VirtualHost {
    /// What a queue of a file comes to.
    func checked(
        _ definition: QueueDefinition
    ) throws(BrokerChange.Refusal) -> (QueueDeclaration, QueueArguments) {
        try Self.checked(definition, in: core.configuration.dialect, defaultType: defaultQueueType)
    }

    static func checked(
        _ definition: QueueDefinition, in dialect: Dialect, defaultType: String?
    ) throws(BrokerChange.Refusal) -> (QueueDeclaration, QueueArguments) {
        let label = "queue '\(definition.name)' in vhost '\(definition.virtualHost)'"
        var definition = definition
        if dialect.givesImportsTheDefaultType {
            let lasts = definition.isDurable && !definition.autoDelete
            definition.arguments = definition.arguments.naming(defaultType, lasts: lasts)
        }
        do throws(BrokerError) {
            let arguments = try QueueArguments(definition.arguments, label: label, in: dialect)
            try arguments.kind.check(
                QueueDeclare(
                    queue: definition.name, durable: definition.isDurable, autoDelete: definition.autoDelete),
                label: label)
            let declaration = QueueDeclaration(
                durable: definition.isDurable, autoDelete: definition.autoDelete, arguments: definition.arguments)
            return (declaration, arguments)
        } catch {
            let wrong = definition.arguments.names.first { error.text.contains("arg '\($0)'") }
            throw BrokerChange.Refusal(error, part: wrong.map { "arguments.\($0)" } ?? "")
        }
    }
}

extension BrokerChange.Refusal {
    /// As AMQP would have refused it.
    init(_ error: BrokerError, part: String = "") {
        self.init(kind: error.code == .notFound ? .missing : .wrong, part: part, reason: error.text)
    }

    static func missing(_ reason: String) -> Self { Self(kind: .missing, reason: reason) }
    static func forbidden(_ reason: String) -> Self { Self(kind: .forbidden, reason: reason) }
    static func wrong(_ reason: String) -> Self { Self(kind: .wrong, reason: reason) }
}
