import AMQPClient
import AMQPTransport
import AMQPWire
import BrokerCore
import Testing
import Foundation

/// Any broker, at `AMQP_URL`. What it is, it says itself when somebody connects.
struct RemotePeer: Peer {
    let label: String
    let baseline: Baseline
    let release: Release?
    let isShared = true
    let login: Login
    private let target: Target
    private let hasConsistentHash: Bool
    private let hasQuorumQueues: Bool
    private let hasStreams: Bool
    private let environment: Environment

    init(_ environment: Environment) async throws {
        self.environment = environment
        target = try Target(environment.amqpURL ?? "")
        login = target.login
        let properties = try await Self.greeting(target)
        // Our own broker may announce itself as another.
        let isOurs = properties["information"]?.text?.hasPrefix("Messaging Patterns in Swift ") == true
        let product = properties["product"]?.text ?? environment.brokerName ?? "unknown"
        let announced = properties["version"]?.text ?? environment.brokerVersion ?? ""
        let versionOf = environment.versionOf
        let name = isOurs ? "messaging-patterns" : versionOf == nil ? product : "RabbitMQ"
        let version = isOurs ? "" : versionOf?.description ?? announced
        baseline = try Baseline.inForce(for: name, version, environment)
        let told = version.isEmpty ? name : "\(name) \(version)"
        label =
            baseline.version == version || baseline.version.isEmpty
            ? told : "\(told), by the record of \(baseline.version)"
        release =
            versionOf ?? (product == "RabbitMQ" ? Release(announced) : isOurs ? Release(Dialect.v3_10.version) : nil)
        hasConsistentHash = await Self.takes(target) { channel in
            let exchange = try await channel.declareExchange("x-consistent-hash")
            _ = try await channel.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        }
        hasQuorumQueues = await Self.has("quorum", target)
        hasStreams = await Self.has("stream", target)
    }

    /// Whether the broker has queues of a type that are always durable: one that passes the argument over has none.
    private static func has(_ type: FieldValue, _ target: Target) async -> Bool {
        func declare(durable: Bool) -> QueueDeclare {
            QueueDeclare(
                queue: unique("type"), durable: durable, exclusive: !durable, arguments: ["x-queue-type": type])
        }
        let takesAny = await takes(target) { channel in
            _ = try await channel.call(declare(durable: false), QueueDeclareOk.self)
        }
        let takesDurable = await takes(target) { channel in
            let queue = try await channel.call(declare(durable: true), QueueDeclareOk.self).queue
            _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        }
        return takesDurable && !takesAny
    }

    /// Whether the broker takes something. Tried, because no broker lists what it knows to its clients.
    private static func takes(
        _ target: Target, _ attempt: (ProbeChannel) async throws -> Void
    ) async -> Bool {
        guard let stream = try? await Connection.stream(to: target.configuration) else { return false }
        let probe = Probe(Tap(stream, name: "?"))
        defer { probe.abort() }
        do {
            try await probe.logIn(Handshake(target.login))
            try await attempt(probe.openChannel())
            return true
        } catch {
            return false
        }
    }

    /// What the broker says about itself in connection.start.
    private static func greeting(_ target: Target) async throws -> FieldTable {
        let probe = Probe(Tap(try await Connection.stream(to: target.configuration), name: "?"))
        defer { probe.abort() }
        probe.send(octets: ProtocolHeader.amqp091)
        return try await probe.receive(ConnectionStart.self).serverProperties
    }

    func connect() async throws -> any ByteStream { try await Connection.stream(to: target.configuration) }

    func advance(milliseconds: Int) async throws -> Bool { false }

    func lacks(_ need: Need) -> String? {
        switch need {
        case .restart: environment.restart == nil ? "BROKER_RESTART names no command that restarts the broker" : nil
        case .kill: environment.kill == nil ? "BROKER_KILL names no command that kills and starts the broker" : nil
        case .cluster:
            environment.nodeURLs.count < 3 || environment.killNode == nil || environment.startNode == nil
                ? "AMQP_URLS, BROKER_KILL_NODE and BROKER_START_NODE name no three nodes and what kills and starts them"
                : nil
        case .policies:
            environment.policy == nil ? "BROKER_POLICY names no command that sets and clears policies" : nil
        case .admin, .secondVirtualHost, .secondUser:
            environment.administrator == nil ? "RABBITMQCTL names no command that administers the broker" : nil
        case .consistentHash: hasConsistentHash ? nil : "it has no exchange type x-consistent-hash"
        case .quorumQueues: hasQuorumQueues ? nil : "it has no quorum queues"
        case .streams: hasStreams ? nil : "it has no streams"
        case .slow, .quiet: nil
        case .movableClock: "its clock cannot be moved, and nobody waits that long"
        }
    }

    /// It takes the time that it takes: some seconds.
    func restart(lasting milliseconds: Int) async throws { try await Shell.run(environment.restart ?? "false") }
    func kill() async throws { try await Shell.run(environment.kill ?? "false") }

    func connect(node: Int) async throws -> any ByteStream {
        try await Connection.stream(to: Target(environment.nodeURLs[node - 1]).configuration)
    }

    func kill(nodes: [Int]) async throws { try await of(nodes, environment.killNode) }
    func start(nodes: [Int]) async throws { try await of(nodes, environment.startNode) }

    private func of(_ nodes: [Int], _ command: String?) async throws {
        try await Shell.run(([command ?? "false"] + nodes.map { "\($0)" }).joined(separator: " "))
    }

    func startAnew() async throws {
        guard let command = environment.fresh else {
            throw SuiteError("CONFORMANCE_FRESH=1 needs a command in BROKER_FRESH or BROKER_KILL")
        }
        try await Shell.run(command)
    }

    func administer(_ words: [String]) async throws {
        try await Shell.run(([environment.administrator ?? "false"] + words.map(shellQuoted)).joined(separator: " "))
    }

    func setPolicy(_ policy: PolicyOrder) async throws {
        try await operate(
            "set", policy.name, policy.pattern, Self.json(policy.definition), policy.target, "\(policy.priority)")
    }

    func clearPolicy(_ name: String) async throws { try await operate("clear", name) }

    private func operate(_ what: String, _ words: String...) async throws {
        let command = [environment.policy ?? "false", what] + ([login.virtualHost] + words).map(shellQuoted)
        try await Shell.run(command.joined(separator: " "))
    }

    /// Policies have numbers and texts.
    private static func json(_ definition: FieldTable) -> String {
        let members = definition.fields.map { field in
            let value = field.value.integer.map { "\($0)" } ?? "\"\(field.value.text ?? "")\""
            return "\"\(field.name)\":\(value)"
        }
        return "{\(members.joined(separator: ","))}"
    }

    func createVirtualHost(_ name: String) async throws -> String {
        try await administer(["add_vhost", name])
        try await administer(["set_permissions", "-p", name, login.user, ".*", ".*", ".*"])
        return name
    }

    func deleteVirtualHost(_ name: String) async throws { try await administer(["delete_vhost", name]) }

    func createUser(_ name: String, password: String, rights: Rights?, in virtualHost: String) async throws {
        try await administer(["add_user", name, password])
        guard let rights else { return }
        try await administer(["set_permissions", "-p", virtualHost, name, rights.configure, rights.write, rights.read])
    }

    func deleteUser(_ name: String) async throws { try await administer(["delete_user", name]) }
}
