import BrokerCore

/// The answer to one request, out of one view of the broker.
struct ListingAnswer {
    let view: ListingView
    let user: BrokerConfiguration.User
    private let node = BrokerProduct.node

    init(view: ListingView, user: BrokerConfiguration.User) {
        self.view = view
        self.user = user
    }

    private var broker: BrokerSnapshot { view.broker }

    /// - Parameter path: the path's segments behind `api`
    func response(_ path: [String], _ request: HTTPRequest) -> HTTPResponse {
        if path == ["metrics"] {
            var response = HTTPResponse(200)
            response.plain = (Metrics(view: view, node: node).text, Metrics.type)
            return response
        }
        do throws(ListingQuery.Invalid) {
            let query = try ListingQuery(request)
            switch found(path) {
            case .none: return .notFound
            case .response(let response): return response
            case .object(let object): return HTTPResponse(200, query.answer(object))
            case .list(let items): return HTTPResponse(200, try query.answer(items))
            }
        } catch {
            return .failure(400, error.error, error.reason)
        }
    }

    private enum Found {
        case none
        /// It has a status of its own.
        case response(HTTPResponse)
        case object(JSON)
        case list([JSON])

        init(_ object: JSON?) { self = object.map(Found.object) ?? .none }
    }

    private func found(_ path: [String]) -> Found {
        switch (path.first, path.count) {
        case ("overview", 1): return .object(overview())
        case ("whoami", 1): return .object(userObject(user))
        case ("cluster-name", 1): return .object(["name": .string(node)])
        case ("extensions", 1): return .list([])
        case ("health", 3...) where path[1] == "checks":
            return HealthChecks(view: view, node: node).answer(path[2...]).map(Found.response) ?? .none
        // That the answer comes shows that the core is alive. RabbitMQ sends a message through a queue of that name;
        // nothing is declared or published from here.
        case ("aliveness-test", 2): return .object(["status": "ok"])
        // What came before the checks above, and old monitors ask for.
        case ("healthchecks", 2...3) where path[1] == "node" && (path.count == 2 || path[2] == node):
            return .object(["status": "ok"])
        case ("nodes", 1): return .list([nodeObject()])
        case ("nodes", 2) where path[1] == node: return .object(nodeObject())
        case ("vhosts", 1): return .list(virtualHosts(broker.virtualHosts))
        case ("vhosts", 2): return Found(virtualHosts(broker.virtualHosts.filter { $0 == path[1] }).first)
        case ("users", 1): return .list(broker.users.map(userObject))
        case ("users", 2): return Found(broker.users.first { $0.name == path[1] }.map(userObject))
        case ("permissions", 1): return .list(permissions())
        case ("policies", 1...3): return policies(path)
        case ("definitions", 1...2): return definitions(path)
        case ("queues", 1...2): return .list(broker.queues.map { $0.json(node: node) })
        case ("queues", 3): return Found(broker.queues.first { $0.name == path[2] }.map(detailed))
        case ("queues", 4) where path[3] == "bindings":
            guard broker.queues.contains(where: { $0.name == path[2] }) else { return .none }
            return bindings { $0.destinationKind == "queue" && $0.destination == path[2] }
        case ("exchanges", 1...2): return .list(broker.exchanges.map { $0.json() })
        case ("exchanges", 3...): return exchange(path)
        case ("bindings", 1...2): return bindings { _ in true }
        case ("consumers", 1...2): return .list(broker.consumers.map { $0.json(node: node) })
        case ("connections", 1): return .list(broker.connections.map { $0.json(node: node) })
        case ("connections", 2):
            return Found(broker.connections.first { $0.name == path[1] }?.json(node: node))
        case ("connections", 3) where path[2] == "channels":
            guard broker.connections.contains(where: { $0.name == path[1] }) else { return .none }
            return .list(broker.channels.filter { $0.connection == path[1] }.map { $0.json(node: node) })
        case ("channels", 1): return .list(broker.channels.map { $0.json(node: node) })
        case ("channels", 2):
            return Found(
                broker.channels.first { "\($0.connection) (\($0.number))" == path[1] }?.json(node: node))
        default: return .none
        }
    }

    private func bindings(where isWanted: (BindingInfo) -> Bool) -> Found {
        .list(broker.bindings.filter(isWanted).map { $0.json() })
    }

    /// A queue with its consumers, as only its own path shows it.
    private func detailed(_ queue: QueueInfo) -> JSON {
        guard case .object(let members) = queue.json(node: node) else { return nil }
        let consumers = broker.consumers.filter { $0.queue == queue.name }
        return .object(
            [JSON.Member("consumer_details", .array(consumers.map { $0.json(node: node) }))] + members)
    }

    /// `exchanges/VHOST/NAME`, and its bindings as source or destination. In paths the default exchange, which has no
    /// name, is `amq.default`.
    private func exchange(_ path: [String]) -> Found {
        let name = path[2] == "amq.default" ? "" : path[2]
        guard let exchange = broker.exchanges.first(where: { $0.name == name }) else { return .none }
        switch path.dropFirst(3) {
        case []: return .object(exchange.json())
        case ["bindings", "source"]: return bindings { $0.source == name }
        case ["bindings", "destination"]:
            return bindings { $0.destinationKind == "exchange" && $0.destination == name }
        default: return .none
        }
    }

    // MARK: Objects that are not lists

    private func totals(_ queues: [QueueInfo]) -> JSON {
        let ready = queues.reduce(0) { $0 + $1.readyCount }
        let unacknowledged = queues.reduce(0) { $0 + $1.unacknowledgedCount }
        return [
            "messages": JSON(ready + unacknowledged), "messages_ready": JSON(ready),
            "messages_unacknowledged": JSON(unacknowledged),
        ]
    }

    private func overview() -> JSON {
        let queues = broker.queues
        return [
            "product_name": .string(BrokerProduct.name), "product_version": .string(BrokerProduct.version),
            // Where tools look for a version; it is this broker's own.
            "rabbitmq_version": .string(BrokerProduct.version), "management_version": .string(BrokerProduct.version),
            "cluster_name": .string(node), "node": .string(node),
            "exchange_types": .array(
                broker.exchangeTypes.sorted().map { ["name": .string($0), "enabled": true] }),
            "queue_totals": totals(queues),
            "object_totals": [
                "channels": JSON(broker.channels.count), "connections": JSON(broker.connections.count),
                "consumers": JSON(broker.consumers.count), "exchanges": JSON(broker.exchanges.count),
                "queues": JSON(queues.count),
            ],
            "listeners": .array(
                view.listeners.map { listener in
                    [
                        "node": .string(node), "protocol": .string(listener.protocolName),
                        "ip_address": .string(listener.host), "port": JSON(listener.port),
                    ]
                }),
        ]
    }

    private func nodeObject() -> JSON {
        [
            "name": .string(node), "type": "disc", "running": true, "mem_alarm": .bool(broker.memoryAlarm),
            "disk_free_alarm": .bool(broker.diskAlarm), "mem_used": JSON(broker.memoryInUse),
            "mem_limit": broker.memoryHighWater.map(JSON.init) ?? nil, "disk_free_limit": JSON(broker.diskFreeLimit),
            "fd_total": JSON(view.mostDescriptors), "sockets_total": JSON(view.mostConnections),
        ]
    }

    private func policies(_ path: [String]) -> Found {
        let wanted = broker.policies.filter {
            (path.count < 2 || $0.virtualHost == path[1]) && (path.count < 3 || $0.name == path[2])
        }.map(policy)
        return path.count < 3 ? .list(wanted) : Found(wanted.first)
    }

    private func definitions(_ path: [String]) -> Found {
        guard path.count > 1 else { return .object(DefinitionsExport(broker: broker).json) }
        guard broker.virtualHosts.contains(path[1]) else { return .none }
        return .object(DefinitionsExport(broker: broker, virtualHost: path[1]).json)
    }

    private func policy(_ policy: Policy) -> JSON {
        .object([JSON.Member("vhost", .string(policy.virtualHost))] + DefinitionsExport.members(of: policy))
    }

    private func virtualHosts(_ names: [String]) -> [JSON] {
        let queues = Dictionary(grouping: broker.queues, by: \.virtualHost)
        return names.map { virtualHost($0, queues[$0] ?? []) }
    }

    private func virtualHost(_ name: String, _ queues: [QueueInfo]) -> JSON {
        guard case .object(let members) = totals(queues) else { return nil }
        return .object(
            [
                JSON.Member("name", .string(name)),
                JSON.Member("tracing", .bool(broker.tracedVirtualHosts.contains(name))),
            ] + (broker.defaultQueueTypes[name].map { [JSON.Member("default_queue_type", .string($0))] } ?? [])
                + members)
    }

    /// Nothing of a password, not even its hash.
    private func userObject(_ user: BrokerConfiguration.User) -> JSON {
        ["name": .string(user.name), "tags": .array(user.listedTags.map(JSON.string))]
    }

    private func permissions() -> [JSON] {
        broker.users.flatMap { user in
            broker.virtualHosts.compactMap { virtualHost in
                user.permissions(in: virtualHost).map { permissions in
                    [
                        "user": .string(user.name), "vhost": .string(virtualHost),
                        "configure": .string(permissions.configure), "write": .string(permissions.write),
                        "read": .string(permissions.read),
                    ]
                }
            }
        }
    }
}
