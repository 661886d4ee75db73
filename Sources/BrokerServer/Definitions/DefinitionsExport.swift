import BrokerCore

/// What a broker has, as RabbitMQ exports it and both take it again. What ends with a connection is left out, and what is there
/// anyway.
struct DefinitionsExport {
    let broker: BrokerSnapshot
    /// The only one whose things are wanted; nil: all, with the users.
    var virtualHost: String?

    var json: JSON {
        let version: JSON = .string(BrokerProduct.version)
        let things: [(String, [JSON])] = [
            ("parameters", []), ("policies", broker.policies.filter { isWanted($0.virtualHost) }.map(policy)),
            ("queues", queues), ("exchanges", exchanges), ("bindings", bindings),
        ]
        let all: [(String, [JSON])] = [
            ("users", broker.users.map(user)), ("vhosts", broker.virtualHosts.map(host)), ("permissions", permissions),
            ("topic_permissions", []), ("global_parameters", []),
        ]
        let format: JSON = virtualHost == nil ? "cluster" : "single_virtual_host"
        let head: [(String, JSON)] = [
            ("rabbit_version", version), ("rabbitmq_version", version),
            ("product_name", .string(BrokerProduct.name)), ("product_version", version),
            ("rabbitmq_definition_format", format),
        ]
        let lists = ((virtualHost == nil ? all : []) + things).map { ($0.0, JSON.array($0.1)) }
        return .object((head + lists).map { JSON.Member($0.0, $0.1) })
    }

    private func isWanted(_ name: String) -> Bool { virtualHost == nil || virtualHost == name }

    /// The member that says whose a thing is; the export of one virtual host has none.
    private func named(_ host: String, _ members: [(String, JSON)]) -> JSON {
        .object(((virtualHost == nil ? [("vhost", .string(host))] : []) + members).map { JSON.Member($0.0, $0.1) })
    }

    private var ownQueues: [QueueInfo] { broker.queues.filter { isWanted($0.virtualHost) && $0.owner == nil } }

    private var queues: [JSON] {
        ownQueues.map { queue in
            named(
                queue.virtualHost,
                [
                    ("name", .string(queue.name)), ("durable", .bool(queue.isDurable)),
                    ("auto_delete", .bool(queue.autoDelete)), ("type", .string(queue.type)),
                    ("arguments", JSON(queue.arguments)),
                ])
        }
    }

    private var exchanges: [JSON] {
        broker.exchanges.filter { isWanted($0.virtualHost) && !$0.name.isEmpty && !$0.name.hasPrefix("amq.") }.map {
            named(
                $0.virtualHost,
                [
                    ("name", .string($0.name)), ("type", .string($0.type)), ("durable", .bool($0.isDurable)),
                    ("auto_delete", .bool($0.autoDelete)), ("internal", .bool($0.isInternal)),
                    ("arguments", JSON($0.arguments)),
                ])
        }
    }

    private var bindings: [JSON] {
        let known = Set(ownQueues.map { [$0.virtualHost, $0.name] })
        return broker.bindings.filter { binding in
            isWanted(binding.virtualHost) && !binding.source.isEmpty
                && (binding.destinationKind != "queue" || known.contains([binding.virtualHost, binding.destination]))
        }.map {
            named(
                $0.virtualHost,
                [
                    ("source", .string($0.source)), ("destination", .string($0.destination)),
                    ("destination_type", .string($0.destinationKind)), ("routing_key", .string($0.routingKey)),
                    ("arguments", JSON($0.arguments)),
                ])
        }
    }

    private func policy(_ policy: Policy) -> JSON {
        named(policy.virtualHost, Self.members(of: policy).map { ($0.name, $0.value) })
    }

    /// A policy without its virtual host.
    static func members(of policy: Policy) -> [JSON.Member] {
        [
            JSON.Member("name", .string(policy.name)), JSON.Member("pattern", .string(policy.pattern)),
            JSON.Member("apply-to", .string(policy.target.rawValue)),
            JSON.Member("definition", JSON(policy.definition)), JSON.Member("priority", .integer(policy.priority)),
        ]
    }

    private func host(_ name: String) -> JSON {
        let type = broker.defaultQueueTypes[name].map { [JSON.Member("default_queue_type", .string($0))] } ?? []
        return .object(
            [JSON.Member("name", .string(name))] + type
                + [JSON.Member("metadata", .object([JSON.Member("description", "")] + type))])
    }

    /// Without a hash that RabbitMQ knows, nobody logs in by a password there.
    private func user(_ user: BrokerConfiguration.User) -> JSON {
        let hash = user.exportedHash ?? Self.wellKnown(user)
        return [
            "name": .string(user.name), "password_hash": .string(hash?.hash ?? ""),
            "hashing_algorithm": .string(hash?.algorithm ?? RabbitMQPassword.Scheme.sha256.rawValue),
            "tags": .array(user.listedTags.map(JSON.string)), "limits": .object([]),
        ]
    }

    /// Everybody knows the password that guest begins with.
    private static func wellKnown(_ user: BrokerConfiguration.User) -> (hash: String, algorithm: String)? {
        let password = Array("guest".utf8)
        guard user.name == "guest", !user.isCostlyToCheck, user.accepts(password) else { return nil }
        return RabbitMQPassword.exported(password)
    }

    private var permissions: [JSON] {
        broker.users.flatMap { user in
            broker.virtualHosts.compactMap { host in
                user.permissions(in: host).map {
                    [
                        "user": .string(user.name), "vhost": .string(host), "configure": .string($0.configure),
                        "write": .string($0.write), "read": .string($0.read),
                    ]
                }
            }
        }
    }
}

extension BrokerConfiguration.User {
    /// As RabbitMQ would have them.
    var listedTags: [String] { tags?.sorted() ?? [isAdministrator ? "administrator" : "management"] }
}
