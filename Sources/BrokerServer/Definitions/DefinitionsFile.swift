import AMQPWire
import BrokerCore

/// Definitions as RabbitMQ exports them (`rabbitmqctl export_definitions`, or `/api/definitions` of its management plugin),
/// read and checked as far as that can be done without a broker.
public struct DefinitionsFile: Sendable {
    public private(set) var definitions = Definitions()
    /// With their permissions.
    public var users: [BrokerConfiguration.User] { userDefinitions.users }
    private(set) var userDefinitions = UserDefinitions()
    /// What the file has and this broker hasn't got: a sentence each.
    public private(set) var warnings: [String] = []
    /// Of so many things each.
    public private(set) var summary = ""

    /// What is wrong with a file, and where: `line 3, column 7`, or the way to the member, `queues[3].arguments`.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public let place: String
        public let reason: String
        public var description: String { place.isEmpty ? reason : "\(place): \(reason)" }

        public init(place: String, reason: String) {
            self.place = place
            self.reason = reason
        }
    }

    /// - Parameter virtualHost: whose the things are that don't name one, as in the export of one virtual host; nil: each has
    ///   to name it
    public init(_ octets: [UInt8], virtualHost: String? = nil) throws(Malformed) {
        let json: JSON
        do throws(JSON.Malformed) { json = try JSON(octets) } catch {
            let before = octets.prefix(error.offset)
            let line = before.count { $0 == 0x0A } + 1
            let column = error.offset - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
            throw Malformed(place: "line \(line), column \(column)", reason: "not JSON: \(error.reason)")
        }
        guard case .object = json else {
            throw Malformed(
                place: "",
                reason: "it is not an object with queues, exchanges and so on: rabbitmqctl "
                    + "export_definitions FILE writes one")
        }
        do throws(JSONPlace.Malformed) {
            try read(JSONPlace("", json), virtualHost)
        } catch { throw Malformed(place: error.place, reason: error.reason) }
    }

    private mutating func read(_ root: JSONPlace, _ virtualHost: String?) throws(JSONPlace.Malformed) {
        var names = Names()
        for place in try root.list("vhosts") { try readVirtualHost(place) }
        try readUsers(root)
        for place in try root.list("policies") { try readPolicy(place, virtualHost) }
        for place in try root.list("exchanges") { try readExchange(place, virtualHost, &names) }
        for place in try root.list("queues") { try readQueue(place, virtualHost, &names) }
        for place in try root.list("bindings") { try readBinding(place, virtualHost) }
        try warn(root)
        summary =
            Self.nouns.map { part, noun in
                let count = root.value[part]?.elements?.count ?? 0
                return "\(count) \(count == 1 ? noun : part == "vhosts" ? noun + "s" : part)"
            }.joined(separator: ", ")
    }

    private static let nouns: KeyValuePairs = [
        "vhosts": "virtual host", "users": "user", "policies": "policy", "exchanges": "exchange", "queues": "queue",
        "bindings": "binding",
    ]

    /// What has been named, for nothing may be there twice.
    private struct Names {
        /// By their octets: two texts that look alike, as letters with accents do, are two names.
        private var known: Set<[[UInt8]]> = []

        mutating func add(_ parts: [String], at place: JSONPlace) throws(JSONPlace.Malformed) {
            guard known.insert(parts.map { Array($0.utf8) }).inserted else {
                throw place.malformed("the file has it twice: \(LogEvent.quoted(parts[2]))")
            }
        }
    }

    private static func host(_ place: JSONPlace, _ standard: String?) throws(JSONPlace.Malformed) -> String {
        if let name = try place.optionalText("vhost") { return name }
        if let standard { return standard }
        throw place.malformed("it is missing", at: "vhost")
    }

    private mutating func add(_ place: JSONPlace, _ thing: Definitions.Thing) {
        definitions.items.append(.init(place.path, thing))
    }

    private mutating func readVirtualHost(_ place: JSONPlace) throws(JSONPlace.Malformed) {
        let name = try place.name("name").text
        if name.isEmpty { throw place.malformed("it is empty", at: "name") }
        var type = try place.optionalText("default_queue_type")
        if type == nil, let metadata = place.value["metadata"] {
            type = try JSONPlace("\(place.path).metadata", metadata).optionalText("default_queue_type")
        }
        // The text that some releases write for none.
        if type == "undefined" { type = nil }
        add(place, .virtualHost(VirtualHostDefinition(name, defaultQueueType: type)))
    }

    private mutating func readPolicy(_ place: JSONPlace, _ host: String?) throws(JSONPlace.Malformed) {
        let policy = try Self.policy(
            place, name: place.text("name"), in: Self.host(place, host), definition: place.table("definition"))
        // It stays where it is: where it acts, no other policy does.
        for name in policy.keysOfOthers {
            warnings.append("\(place.path).definition.\(name) has no effect in a broker alone")
        }
        add(place, .policy(policy))
    }

    /// A policy as it stands in a file, and in a request to set one.
    /// - Parameter dialect: the release whose words are used
    static func policy(
        _ place: JSONPlace, name: String, in host: String, definition: FieldTable, in dialect: Dialect = .v4_3
    ) throws(JSONPlace.Malformed) -> Policy {
        let applyTo = try place.optionalText("apply-to") ?? "all"
        guard let target = Policy.Target(rawValue: applyTo) else {
            throw place.malformed(dialect.unrecognised(target: applyTo), at: "apply-to")
        }
        let (pattern, priority) = (try place.text("pattern"), try place.integer("priority", else: 0))
        do throws(PolicyRefusal) {
            return try Policy(
                name, in: host, pattern: pattern, target: target, priority: priority, definition: definition)
        } catch { throw place.malformed(error.reason, at: error.part) }
    }

    private mutating func readExchange(
        _ place: JSONPlace, _ host: String?, _ names: inout Names
    ) throws(JSONPlace.Malformed) {
        let (name, host) = (try place.name("name"), try Self.host(place, host))
        try names.add(["exchange", host, name.text], at: place)
        add(
            place,
            .exchange(
                ExchangeDefinition(
                    name, in: host, type: try place.text("type"),
                    isDurable: try place.bool("durable", else: true),
                    autoDelete: try place.bool("auto_delete", else: false),
                    isInternal: try place.bool("internal", else: false), arguments: try place.table("arguments"))))
    }

    private mutating func readQueue(
        _ place: JSONPlace, _ host: String?, _ names: inout Names
    ) throws(JSONPlace.Malformed) {
        let (name, host) = (try place.name("name"), try Self.host(place, host))
        try names.add(["queue", host, name.text], at: place)
        var arguments = try place.table("arguments")
        // The type stands beside the arguments too, and in some exports there alone.
        if let type = try place.optionalText("type"), type != "classic", arguments["x-queue-type"] == nil {
            arguments["x-queue-type"] = .string(type)
        }
        add(
            place,
            .queue(
                QueueDefinition(
                    name, in: host, isDurable: try place.bool("durable", else: true),
                    autoDelete: try place.bool("auto_delete", else: false), arguments: arguments)))
    }

    private mutating func readBinding(_ place: JSONPlace, _ host: String?) throws(JSONPlace.Malformed) {
        let kind = try place.optionalText("destination_type") ?? "queue"
        guard kind == "queue" || kind == "exchange" else {
            throw place.malformed("it is neither queue nor exchange", at: "destination_type")
        }
        let source = try place.name("source")
        // Every queue is bound to the default exchange anyway.
        if source.isEmpty { return }
        add(
            place,
            .binding(
                BindingDefinition(
                    source, to: try place.name("destination"), in: try Self.host(place, host),
                    leadsToQueue: kind == "queue", key: try place.name("routing_key"),
                    arguments: try place.table("arguments"))))
    }
}

// MARK: - Users, and what is left out

extension DefinitionsFile {
    private mutating func readUsers(_ root: JSONPlace) throws(JSONPlace.Malformed) {
        var permissions: [String: [String: Permissions]] = [:]
        for place in try root.list("permissions") {
            let (name, host) = (try place.text("user"), try Self.host(place, nil))
            let patterns = (try place.text("configure"), try place.text("write"), try place.text("read"))
            do throws(Permissions.Malformed) {
                permissions[name, default: [:]][host] = try Permissions(
                    configure: patterns.0, write: patterns.1, read: patterns.2)
            } catch {
                throw place.malformed(
                    "the expression \(LogEvent.quoted(error.pattern)) can't be used: \(error.reason)")
            }
        }
        var names: Set<String> = []
        for place in try root.list("users") {
            let name = try place.text("name")
            if !names.insert(name).inserted {
                throw place.malformed("the file has it twice: \(LogEvent.quoted(name))")
            }
            var user = try Self.user(name, place)
            if user.exportedHash == nil {
                warnings.append("\(place.path): user \(LogEvent.quoted(name)) has no password, and can't log in")
            }
            user.permissions = permissions.removeValue(forKey: name) ?? [:]
            user.tags = try Self.tags(place)
            userDefinitions.users.append(user)
        }
        userDefinitions.permissionsOfOthers = permissions
    }

    private static func user(
        _ name: String, _ place: JSONPlace
    ) throws(JSONPlace.Malformed) -> BrokerConfiguration.User {
        let isLocal = name == "guest"
        if let password = try place.optionalText("password") {
            var user = BrokerConfiguration.User.user(name, password: password, loopbackOnly: isLocal)
            user.exportedHash = RabbitMQPassword.exported(Array(password.utf8))
            return user
        }
        let text = try place.optionalText("password_hash") ?? ""
        if text.isEmpty { return BrokerConfiguration.User(name: name, loopbackOnly: isLocal) { _ in false } }
        // Before 3.6 there was MD5 only, and no word for it; later SHA-256 goes without saying. Their hashes tell them apart.
        let algorithm = try place.optionalText("hashing_algorithm")
        let schemes = RabbitMQPassword.Scheme.allCases.filter { algorithm == nil || $0.rawValue == algorithm }
        if let algorithm, schemes.isEmpty {
            let known = RabbitMQPassword.Scheme.allCases.map(\.rawValue).joined(separator: ", ")
            throw place.malformed(
                "there is no \(LogEvent.quoted(algorithm)) here, only \(known)", at: "hashing_algorithm")
        }
        for scheme in schemes {
            guard let password = RabbitMQPassword(text, scheme) else { continue }
            var user = BrokerConfiguration.User(name: name, loopbackOnly: isLocal) { password.matches($0) }
            user.exportedHash = (text, scheme.rawValue)
            return user
        }
        throw place.malformed("it is not the Base64 of a salt and a hash", at: "password_hash")
    }

    /// A list, or a text with commas as 3.8 wrote it.
    private static func tags(_ place: JSONPlace) throws(JSONPlace.Malformed) -> Set<String> {
        switch place.value["tags"] {
        case nil, .null?: return []
        case .string(let text)?:
            return Set(text.split(separator: ",").map { $0.filter { $0 != " " } })
        case .array(let elements)?: return Set(elements.compactMap(\.string))
        default: throw place.malformed("it is not a list of texts", at: "tags")
        }
    }

    private mutating func warn(_ root: JSONPlace) throws(JSONPlace.Malformed) {
        for place in try root.list("parameters") {
            let (component, name) = (try place.text("component"), try place.text("name"))
            let what = component == "operator_policy" ? "operator policies" : "\(LogEvent.quoted(component))"
            warnings.append("\(place.path), \(LogEvent.quoted(name)): there are no \(what) here, and it is left out")
        }
        for place in try root.list("global_parameters") {
            let name = try place.text("name")
            // What every cluster has of itself.
            if ["cluster_name", "cluster_tags", "internal_cluster_id"].contains(name) { continue }
            warnings.append("\(place.path), \(LogEvent.quoted(name)): it has no use here, and it is left out")
        }
        let topics = try root.list("topic_permissions").count
        if topics > 0 {
            warnings.append(
                "topic_permissions: there are none here, so the file's (\(topics)) restrict nobody")
        }
        for place in try root.list("vhosts") {
            switch place.value["limits"] {
            case nil, .null?, .array([])?, .object([])?: break
            default: warnings.append("\(place.path).limits: virtual hosts have no limits here")
            }
        }
        guard case .object(let members) = root.value else { return }
        for member in members where !Self.knownMembers.contains(member.name) {
            warnings.append("\(LogEvent.quoted(member.name)) means nothing here, and is left out")
        }
    }

    private static let knownMembers: Set = [
        "rabbit_version", "rabbitmq_version", "product_name", "product_version", "rabbitmq_definition_format",
        "original_cluster_name", "original_vhost_name", "explanation", "metadata", "description", "default_queue_type",
        "limits", "tags", "users", "vhosts", "permissions", "topic_permissions", "parameters", "global_parameters",
        "policies", "exchanges", "queues", "bindings",
    ]
}
