import AMQPTransport
import BrokerCore
import BrokerServer
import ConformanceReport
import Foundation
import Interceptor
import Synchronization

/// Our own broker, a new one for each case: nothing is shared, and each has its own clock.
///
/// For a case that restarts or kills it, it keeps what is durable in a temporary directory.
final class InProcessPeer: Peer {
    let label: String
    let baseline: Baseline
    let release: Release?
    let isShared = false
    let login = Login()
    private static let secondVirtualHost = "second"
    private let time = ManualTime()
    private let configuration: BrokerConfiguration
    private let overTCP: Bool
    /// What it does when its store fails, and nobody can say any more what it has kept: the whole run ends, and tells the case.
    private let stop: @Sendable (StoreError) -> Never
    private let running: Mutex<Running>
    /// What is wrong with it; nil: nothing.
    private let mind: FaultyMind?

    /// A broker that runs, and where it is reached.
    private struct Running: Sendable {
        var broker: Broker
        /// The port that it listens on; nil: in memory.
        var port: Int?
        /// Where it keeps what is durable; nil: nowhere.
        var directory: URL?
        /// Those that ran before it. They still have to end the streams of clients that answer their close.
        var former: [Broker] = []
        var hasEnded = false

        mutating func goOn(with next: Running) {
            self = Running(broker: next.broker, port: next.port, directory: next.directory, former: former + [broker])
        }

        /// A case whose time is up may still be about to restart a broker whose directory is being removed.
        func askWhetherItEnded() throws(SuiteError) {
            if hasEnded { throw SuiteError("the broker of this case has ended") }
        }
    }

    init(
        for id: String = "", overTCP: Bool, needs: Set<Need> = [], dialect: Dialect = .v3_10, mind: FaultyMind? = nil
    ) throws {
        let place = overTCP ? "over TCP" : "in memory"
        label = "Messaging Patterns, \(place)" + (dialect == .v3_10 ? "" : ", as RabbitMQ \(dialect.name)")
        release = Release(dialect.version)
        baseline = try Baseline.inForce(for: "messaging-patterns", "", .current)
        self.overTCP = overTCP
        // Its clock stands still unless a case moves it, so what it does after a while it has to do at once.
        var configuration = BrokerConfiguration()
        configuration.refusalDelay = 0
        configuration.dialect = dialect
        configuration.virtualHosts = [login.virtualHost, Self.secondVirtualHost]
        mind?.configure(&configuration)
        self.mind = mind
        self.configuration = configuration
        let isStored = needs.contains(.restart) || needs.contains(.kill)
        let directory = isStored ? Self.newDirectory() : nil
        let fault = mind.map { " with the fault \($0.fault.name)" } ?? ""
        stop = { error in
            let line = "conformance: \(id) ends the run\(fault): the broker's store has failed: \(error)\n"
            FileHandle.standardError.write(Data(line.utf8))
            exit(1)
        }
        running = Mutex(try Self.start(configuration, time, directory, overTCP: overTCP, stop))
    }

    private static func newDirectory() -> URL {
        FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
    }

    private static func start(
        _ configuration: BrokerConfiguration, _ time: ManualTime, _ directory: URL?, overTCP: Bool,
        _ stop: @escaping @Sendable (StoreError) -> Never
    ) throws -> Running {
        let broker =
            try directory.map { try Broker(configuration, time: time, data: $0.path, stop: stop) }
            ?? Broker(configuration, time: time)
        let port = overTCP ? try broker.listen(host: "127.0.0.1", port: 0) : nil
        return Running(broker: broker, port: port, directory: directory)
    }

    func connect() async throws -> any ByteStream {
        let (broker, port) = running.withLock { ($0.broker, $0.port) }
        if let mind { return Interceptor(broker.connect(), FaultHook(mind)) }
        guard let port else { return broker.connect() }
        return try await TCPStream.connect(host: "127.0.0.1", port: port)
    }

    func advance(milliseconds: Int) async throws -> Bool {
        try await running.withLock { $0.broker }.comeToRest()
        time.advance(by: Int64(mind?.advance(milliseconds: milliseconds) ?? milliseconds))
        return true
    }

    func lacks(_ need: Need) -> String? {
        switch need {
        case .slow, .quiet, .movableClock, .secondVirtualHost, .restart, .kill, .admin, .policies, .secondUser,
            .consistentHash,
            .quorumQueues, .streams:
            nil
        case .cluster: "it is a single node"
        }
    }

    func createUser(_ name: String, password: String, rights: Rights?, in virtualHost: String) async throws {
        var user = BrokerConfiguration.User.user(name, password: password)
        user.permissions = [:]
        if let rights {
            user.permissions?[virtualHost] = try Permissions(
                configure: rights.configure, write: rights.write, read: rights.read)
        }
        running.withLock { $0.broker }.add(user)
    }

    /// Of all that rabbitmqctl can do, tracing and two alarms: next to no memory, or enough of it; too little of the disk is
    /// free, or enough.
    func administer(_ words: [String]) async throws {
        let broker = running.withLock { $0.broker }
        switch (words.first, words.count) {
        case ("trace_on", 1), ("trace_off", 1):
            broker.setTracing(words.first == "trace_on", in: login.virtualHost)
        case ("set_vm_memory_high_watermark", 2): broker.setMemoryAlarm(Double(words[1]) ?? 1 < 0.01)
        case ("set_disk_free_limit", 2): broker.setDiskAlarm(words[1].hasSuffix("GB"))
        default: throw SuiteError("\(label) does not know \(words.joined(separator: " "))")
        }
    }

    func setPolicy(_ order: PolicyOrder) async throws {
        guard let target = Policy.Target(rawValue: order.target) else {
            throw SuiteError("\(label) has no policies for \(order.target)")
        }
        let policy = try Policy(
            order.name, in: login.virtualHost, pattern: order.pattern, target: target, priority: order.priority,
            definition: order.definition)
        try change(.setPolicy(policy))
    }

    func clearPolicy(_ name: String) async throws {
        try change(.clearPolicy(name, virtualHost: login.virtualHost))
    }

    private func change(_ change: BrokerChange) throws {
        if let refusal = running.withLock({ $0.broker }).change([change]).first?.refusal { throw refusal }
    }

    func restart(lasting milliseconds: Int) async throws {
        try running.withLock { running in
            try running.askWhetherItEnded()
            mind?.noteRestart()
            running.broker.shutDown()
            time.advance(by: Int64(milliseconds))
            running.goOn(with: try Self.start(configuration, time, running.directory, overTCP: overTCP, stop))
        }
    }

    /// What a broker leaves when it is killed is what its files hold at that moment: so the next one begins with a copy
    /// of them, made while the first still runs and knows of nothing. It is put away afterwards.
    func kill() async throws {
        try running.withLock { running in
            try running.askWhetherItEnded()
            guard let directory = running.directory else { return }
            mind?.noteRestart()
            let copy = Self.newDirectory()
            let killed = running.broker
            do {
                try FileManager.default.copyItem(at: directory, to: copy)
                running.goOn(with: try Self.start(configuration, time, copy, overTCP: overTCP, stop))
            } catch {
                try? FileManager.default.removeItem(at: copy)
                throw error
            }
            Self.end(killed, in: directory)
        }
    }

    /// A broker that was shut down writes and reads nothing more.
    private static func end(_ broker: Broker, in directory: URL?) {
        broker.shutDown()
        if let directory { try? FileManager.default.removeItem(at: directory) }
    }

    func createVirtualHost(_ name: String) async throws -> String { Self.secondVirtualHost }

    func end() async {
        running.withLock { running in
            running.hasEnded = true
            Self.end(running.broker, in: running.directory)
        }
    }
}
