import AMQPTransport
import AMQPWire
import ConformanceReport

/// The broker that a case is run against.
protocol Peer: Sendable {
    /// For people: name, version, and how it is reached.
    var label: String { get }
    /// The record of what is known to deviate.
    var baseline: Baseline { get }
    /// The release of RabbitMQ whose truths count: its own, or the one that our own broker does as. Nil for any other
    /// broker, which may keep to either truth wherever there are two.
    var release: Release? { get }
    /// True when other cases use the same broker at the same time, so that what a case leaves there has to be deleted.
    var isShared: Bool { get }
    var login: Login { get }

    func connect() async throws -> any ByteStream
    /// Moves the broker's clock. Returns false when it has a clock of its own, which has to be waited for.
    func advance(milliseconds: Int) async throws -> Bool
    /// Nil when the broker offers what is needed, else why it doesn't.
    func lacks(_ need: Need) -> String?

    /// Stops the broker, and starts it again after so long at least. Every connection is lost.
    func restart(lasting milliseconds: Int) async throws
    /// Kills the broker without warning and starts it again.
    func kill() async throws
    /// A stream to one node of a cluster; 1 is the first.
    func connect(node: Int) async throws -> any ByteStream
    /// Kills nodes of a cluster without warning.
    func kill(nodes: [Int]) async throws
    /// Starts nodes, all at once; those that run go on.
    func start(nodes: [Int]) async throws
    /// Starts the broker anew, with nothing in it if that can be had.
    func startAnew() async throws
    /// Makes a virtual host that the suite's user may use, and returns its name: the one given if it can be chosen.
    func createVirtualHost(_ name: String) async throws -> String
    func deleteVirtualHost(_ name: String) async throws
    /// A user with the given rights, three regular expressions, in a virtual host; none at all when `rights` is nil.
    func createUser(_ name: String, password: String, rights: Rights?, in virtualHost: String) async throws
    func deleteUser(_ name: String) async throws
    /// Sets a policy in the virtual host of ``login``, in place of one of its name.
    func setPolicy(_ policy: PolicyOrder) async throws
    func clearPolicy(_ name: String) async throws
    /// One administrative command of RabbitMQ's, as words: `set_vm_memory_high_watermark 0.00001`.
    func administer(_ words: [String]) async throws

    /// The case is over.
    func end() async
}

/// Who the suite logs in as, and where.
struct Login: Sendable, Equatable {
    var user = "guest"
    var password = "guest"
    var virtualHost = "/"
}

/// What a user may do, as regular expressions on names (RabbitMQ: "Access Control").
struct Rights: Sendable {
    var configure = ".*"
    var write = ".*"
    var read = ".*"
}

/// A policy as an operator orders it (RabbitMQ: "Policies").
struct PolicyOrder: Sendable {
    var name: String
    /// A regular expression.
    var pattern: String
    var definition: FieldTable
    /// `queues`, `exchanges`, `all`, or a type of queue: `classic_queues`.
    var target = "all"
    var priority: Int64 = 0
}

extension Peer {
    var followsRabbitMQ: Bool { release != nil }

    func recorded(_ case: Proves) -> Baseline.Entry {
        if let entry = baseline.entries[`case`.id] { return entry }
        if let rabbitmq = `case`.rabbitmq?.sentence(for: release) {
            return Baseline.Entry(verdict: .conformsAsRabbitMQ, reason: rabbitmq)
        }
        return Baseline.Entry(verdict: .conforms, reason: "")
    }

    func restart(lasting milliseconds: Int) async throws { throw unsupported("be restarted") }
    func kill() async throws { throw unsupported("be killed") }
    func connect(node: Int) async throws -> any ByteStream { throw unsupported("be reached node by node") }
    func kill(nodes: [Int]) async throws { throw unsupported("lose nodes") }
    func start(nodes: [Int]) async throws { throw unsupported("have nodes started") }
    func startAnew() async throws { throw unsupported("be started again without data") }
    func createVirtualHost(_ name: String) async throws -> String { throw unsupported("create a virtual host") }
    func deleteVirtualHost(_ name: String) async throws {}
    func createUser(_ name: String, password: String, rights: Rights?, in virtualHost: String) async throws {
        throw unsupported("create a user")
    }
    func deleteUser(_ name: String) async throws {}
    func setPolicy(_ policy: PolicyOrder) async throws { throw unsupported("set policies") }
    func clearPolicy(_ name: String) async throws { throw unsupported("clear policies") }
    func administer(_ words: [String]) async throws { throw unsupported("be administered") }
    func end() async {}

    private func unsupported(_ what: String) -> SuiteError { SuiteError("\(label) cannot \(what)") }
}

/// Chooses the peer: `AMQP_URL`, or our own broker, in memory or over TCP.
enum Peers {
    private static let remote = Task { try await RemotePeer(Environment.current) }

    static func makePeer(for id: String, needs: Set<Need>) async throws -> any Peer {
        if Environment.current.amqpURL != nil { return try await remote.value }
        return try InProcessPeer(
            for: id, overTCP: Environment.current.wantsTCP, needs: needs,
            dialect: Environment.current.versionOf?.dialect ?? .v3_10)
    }
}
