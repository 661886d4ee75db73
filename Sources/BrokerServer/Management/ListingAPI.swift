import BrokerCore

/// Answers requests for lists, at the paths and in the words of RabbitMQ's management plugin. GET and HEAD only:
/// nothing can be changed from here.
///
/// It holds no state, and asks the broker for one snapshot a request.
struct ListingAPI: Sendable {
    let source: Source
    private static let node = BrokerProduct.node

    /// - Parameter user: whose request it is; nil: nobody's who may log in.
    func answer(_ request: HTTPRequest, by user: BrokerConfiguration.User?) -> HTTPResponse {
        guard let user else {
            var response = HTTPResponse.failure(401, "not_authorized", "Login failed")
            response.headers.append(("www-authenticate", "Basic realm=\"\(BrokerProduct.name)\""))
            return response
        }
        guard request.path.first == "api" else { return .notFound }
        guard request.method == "GET" || request.method == "HEAD" else {
            var response = HTTPResponse.failure(405, "method_not_allowed", "this broker's API only lists: GET or HEAD")
            response.headers.append(("allow", "GET, HEAD"))
            return response
        }
        do throws(ListingQuery.Invalid) {
            let query = try ListingQuery(request)
            switch found(Array(request.path.dropFirst()), by: user) {
            case .none: return .notFound
            case .refused(let reason): return .failure(401, "not_authorised", reason)
            case .object(let object): return HTTPResponse(200, query.answer(object))
            case .list(let items): return HTTPResponse(200, try query.answer(items))
            }
        } catch {
            return .failure(400, error.error, error.reason)
        }
    }

    private enum Found {
        case none
        /// It may be there, and the user may not see it.
        case refused(String)
        case object(JSON)
        case list([JSON])

        init(_ object: JSON?) { self = object.map(Found.object) ?? .none }
    }

    private func found(_ path: [String], by user: BrokerConfiguration.User) -> Found {
        // The virtual host, where a path names one: what is listed of one that is not there is not found either.
        let isInVirtualHost = ["queues", "exchanges", "bindings", "consumers"].contains(path.first)
        if isInVirtualHost, path.count > 1 {
            guard source.virtualHosts().contains(path[1]) else { return .none }
            guard user.mayOpen(path[1]) else { return .refused("User not authorised to access virtual host") }
        }
        if !user.isAdministrator {
            switch (path.first, path.count) {
            case ("vhosts", 2), ("users", _), ("permissions", _): return .refused("Not administrator user")
            case ("nodes", _): return .refused("Not monitor user")
            default: break
            }
        }
        return ListingAPI(source: source.seen(by: user)).found(path, user: user)
    }

    private func found(_ path: [String], user: BrokerConfiguration.User) -> Found {
        let node = Self.node
        switch (path.first, path.count) {
        case ("overview", 1): return .object(overview())
        case ("whoami", 1): return .object(userObject(user))
        case ("cluster-name", 1): return .object(["name": .string(node)])
        case ("extensions", 1): return .list([])
        case ("health", 3) where path[1] == "checks" && ["alarms", "local-alarms"].contains(path[2]):
            return .object(["status": "ok"])
        case ("nodes", 1): return .list([nodeObject()])
        case ("nodes", 2) where path[1] == node: return .object(nodeObject())
        case ("vhosts", 1): return .list(source.virtualHosts().map(virtualHost))
        case ("vhosts", 2): return Found(source.virtualHosts().first { $0 == path[1] }.map(virtualHost))
        case ("users", 1): return .list(source.users().map(userObject))
        case ("users", 2): return Found(source.users().first { $0.name == path[1] }.map(userObject))
        case ("permissions", 1): return .list(permissions())
        case ("queues", 1...2): return .list(source.queues(path.dropFirst().first).map { $0.json(node: node) })
        case ("queues", 3): return Found(source.queues(path[1]).first { $0.name == path[2] }.map(detailed))
        case ("queues", 4) where path[3] == "bindings":
            guard source.queues(path[1]).contains(where: { $0.name == path[2] }) else { return .none }
            return bindings(in: path[1]) { $0.destinationKind == "queue" && $0.destination == path[2] }
        case ("exchanges", 1...2): return .list(source.exchanges(path.dropFirst().first).map { $0.json() })
        case ("exchanges", 3...): return exchange(path)
        case ("bindings", 1...2): return bindings(in: path.dropFirst().first) { _ in true }
        case ("consumers", 1...2): return .list(source.consumers(path.dropFirst().first).map { $0.json(node: node) })
        case ("connections", 1): return .list(source.connections().map { $0.json(node: node) })
        case ("connections", 2):
            return Found(source.connections().first { $0.name == path[1] }?.json(node: node))
        case ("connections", 3) where path[2] == "channels":
            guard source.connections().contains(where: { $0.name == path[1] }) else { return .none }
            return .list(source.channels().filter { $0.connection == path[1] }.map { $0.json(node: node) })
        case ("channels", 1): return .list(source.channels().map { $0.json(node: node) })
        case ("channels", 2):
            return Found(
                source.channels().first { "\($0.connection) (\($0.number))" == path[1] }?.json(node: node))
        default: return .none
        }
    }

    private func bindings(in virtualHost: String?, where isWanted: (BindingInfo) -> Bool) -> Found {
        .list(source.bindings(virtualHost).filter(isWanted).map { $0.json() })
    }

    /// A queue with its consumers, as only its own path shows it.
    private func detailed(_ queue: QueueInfo) -> JSON {
        guard case .object(let members) = queue.json(node: Self.node) else { return nil }
        let consumers = source.consumers(queue.virtualHost).filter { $0.queue == queue.name }
        return .object(
            [JSON.Member("consumer_details", .array(consumers.map { $0.json(node: Self.node) }))] + members)
    }

    /// `exchanges/VHOST/NAME`, and its bindings as source or destination. In paths the default exchange, which has no
    /// name, is `amq.default`.
    private func exchange(_ path: [String]) -> Found {
        let name = path[2] == "amq.default" ? "" : path[2]
        guard let exchange = source.exchanges(path[1]).first(where: { $0.name == name }) else { return .none }
        switch path.dropFirst(3) {
        case []: return .object(exchange.json())
        case ["bindings", "source"]: return bindings(in: path[1]) { $0.source == name }
        case ["bindings", "destination"]:
            return bindings(in: path[1]) { $0.destinationKind == "exchange" && $0.destination == name }
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
        let queues = source.queues(nil)
        return [
            "product_name": .string(BrokerProduct.name), "product_version": .string(BrokerProduct.version),
            // Where tools look for a version; it is this broker's own.
            "rabbitmq_version": .string(BrokerProduct.version), "management_version": .string(BrokerProduct.version),
            "cluster_name": .string(Self.node), "node": .string(Self.node),
            "exchange_types": .array(
                ["direct", "fanout", "headers", "topic"].map { ["name": .string($0), "enabled": true] }),
            "queue_totals": totals(queues),
            "object_totals": [
                "channels": JSON(source.channels().count), "connections": JSON(source.connections().count),
                "consumers": JSON(source.consumers(nil).count), "exchanges": JSON(source.exchanges(nil).count),
                "queues": JSON(queues.count),
            ],
            "listeners": .array(
                source.listeners().map { listener in
                    [
                        "node": .string(Self.node), "protocol": "amqp", "ip_address": .string(listener.host),
                        "port": JSON(listener.port),
                    ]
                }),
        ]
    }

    private func nodeObject() -> JSON {
        ["name": .string(Self.node), "type": "disc", "running": true, "mem_alarm": false, "disk_free_alarm": false]
    }

    private func virtualHost(_ name: String) -> JSON {
        guard case .object(let members) = totals(source.queues(name)) else { return nil }
        return .object(
            [
                JSON.Member("name", .string(name)),
                JSON.Member("tracing", .bool(source.tracedVirtualHosts().contains(name))),
            ] + members)
    }

    /// Nothing of a password, not even its hash.
    private func userObject(_ user: BrokerConfiguration.User) -> JSON {
        ["name": .string(user.name), "tags": [user.isAdministrator ? "administrator" : "management"]]
    }

    private func permissions() -> [JSON] {
        source.users().flatMap { user in
            source.virtualHosts().compactMap { virtualHost in
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
