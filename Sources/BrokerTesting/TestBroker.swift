import AMQPClient
import AMQPTransport
import BrokerCore
import BrokerServer
import Interceptor
import Synchronization

/// A broker for the tests of a program that uses one: in this process, with a clock that stands still until it is moved on.
///
/// ```swift
/// let broker = TestBroker()
/// let channel = try await broker.connect().openChannel()
/// let codes = try await channel.declareQueue("codes", with: .messageTTL(.seconds(30)))
/// try await channel.publishAndConfirm(Message("1234"), routingKey: "codes")
/// await broker.advance(by: .seconds(31))
/// #expect(try await codes.get() == nil)
/// ```
/// It is the broker of this package with all that it can do, under a name that only this process knows. A program under
/// test is given ``uri`` where it takes a host, and needs no other change: `Connection.open(broker.uri)`,
/// `Client(hosts: [broker.uri])`.
///
/// **Time.** What the broker times (message and queue TTLs, heartbeats, acknowledgement timeouts) and what the client times
/// (timeouts, heartbeats, the waits between attempts) goes by one clock, which only ``advance(by:)`` and
/// ``advance(by:limit:file:line:until:)`` move. The tasks of the program run in real time, so before you look at what they
/// have done, wait for it with ``wait(limit:file:line:until:)``.
///
/// Each is a broker of its own, so tests can run beside each other. It ends with its last reference, and every connection
/// to it is lost then.
public final class TestBroker: Sendable {
    /// How many messages and consumers a queue has.
    public struct QueueCounts: Sendable, Equatable {
        /// Messages that wait for a consumer.
        public var ready: Int
        /// Messages that were delivered and are not settled yet.
        public var unacknowledged: Int
        public var consumers: Int

        /// Counts to compare with.
        public init(ready: Int, unacknowledged: Int = 0, consumers: Int = 0) {
            self.ready = ready
            self.unacknowledged = unacknowledged
            self.consumers = consumers
        }
    }

    /// How a connection is lost.
    public enum Cut: Sendable, Equatable {
        /// Both sides are told at once.
        case reset
        /// Nothing passes any more, and nobody is told: both sides find out by their heartbeats.
        case halfOpen
    }

    /// The release of RabbitMQ that a broker does as, where releases differ.
    public enum Release: Sendable, CaseIterable {
        case v3_10, v4_0, v4_3

        fileprivate var dialect: Dialect {
            switch self {
            case .v3_10: .v3_10
            case .v4_0: .v4_0
            case .v4_3: .v4_3
            }
        }
    }

    private struct State: Sendable {
        var broker: Broker?
        /// False from the moment it is to stop: nobody is let in.
        var isRunning = true
        var files = MemoryFiles()
        var links: [Link] = []
    }

    private static let lastNumber = Atomic<Int>(0)

    /// Where to connect to, with user and password, such as `amqp://guest:guest@broker-1.test`.
    public let uri: String
    private let host: String
    private let settings: BrokerConfiguration
    let clock: TestClock
    private let desk = Desk()
    private let state: Mutex<State>

    /// A broker that runs, with nothing declared on it.
    ///
    /// - Parameters:
    ///   - users: names and passwords; ``uri`` has the one that comes first in alphabetical order. One at least.
    ///   - virtualHosts: their names.
    ///   - release: that of the brokers that your program meets.
    ///   - other: a broker with which it shares its clock, for a client that knows several hosts.
    public init(
        users: [String: String] = ["guest": "guest"], virtualHosts: [String] = ["/"], release: Release = .v3_10,
        sharingTimeWith other: TestBroker? = nil
    ) {
        let number = Self.lastNumber.add(1, ordering: .relaxed).newValue
        host = "broker-\(number).test"
        let first = users.min { $0.key < $1.key } ?? (key: "", value: "")
        uri = "amqp://\(PercentCoding.encode(segment: first.key)):\(PercentCoding.encode(segment: first.value))@\(host)"
        var settings = BrokerConfiguration()
        settings.users = users.map { .user($0.key, password: $0.value) }
        settings.virtualHosts = virtualHosts
        settings.dialect = release.dialect
        self.settings = settings
        clock = other?.clock ?? TestClock()
        state = Mutex(State())
        state.withLock { $0.broker = newBroker($0.files) }
        clock.add { [weak self] in self?.isAtRest }
        InProcessHost.set(
            host,
            InProcessHost(time: clock.time) { [weak self, host] configuration throws(TransportError) in
                guard let stream = self?.accept() else { throw .refused(host: host, port: configuration.port) }
                return stream
            })
    }

    // Under its name nobody answers any more; without the entry a resolver would be asked for it.
    deinit {
        for link in state.withLock({ $0.links }) { link.cut(.reset) }
    }

    private func newBroker(_ files: MemoryFiles) -> Broker {
        do {
            return try Broker(settings, time: clock.time, files: files) { fatalError("\($0)") }
        } catch {
            fatalError("A store in memory can't be opened: \(error)")
        }
    }

    // MARK: Connecting

    /// Connects and logs in: `Connection.open(broker.uri)`.
    ///
    /// - Parameter change: what is to differ from the defaults, such as the heartbeat.
    /// - Throws: `AMQPError`, as `Connection.open` does.
    public func connect(
        _ change: @Sendable (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws(AMQPError) -> Connection {
        var configuration = try ConnectionConfiguration(uri: uri)
        change(&configuration)
        return try await Connection.open(configuration)
    }

    private func accept() -> (any ByteStream)? {
        state.withLock { state in
            guard state.isRunning, let broker = state.broker else { return nil }
            let link = Link(broker.connect(), desk)
            state.links.removeAll(where: \.isOver)
            state.links.append(link)
            return link.stream
        }
    }

    /// Connections that are logged in, and not lost.
    public var connectionCount: Int { state.withLock { $0.links.count(where: \.isOpen) } }

    /// Loses a connection. Nothing happens when it is not one to this broker, or over already.
    public func cut(_ connection: Connection, _ cut: Cut = .reset) {
        state.withLock { $0.links.first { $0.stream === connection.stream } }?.cut(cut)
    }

    /// Loses every connection.
    public func cutAll(_ cut: Cut = .reset) {
        for link in state.withLock({ $0.links }) { link.cut(cut) }
    }

    private var isAtRest: Bool {
        state.withLock { state in
            (state.broker?.isAtRest ?? true) && state.links.allSatisfy(\.isAtRest)
        }
    }

    // MARK: Stopping and starting

    /// Stops as by an operator: every connection is closed with 320 (`CONNECTION_FORCED`), and nobody can connect. Durable
    /// queues, exchanges and bindings are kept, and in them persistent messages.
    nonisolated(nonsending)
        public func stop() async
    {
        let broker = state.withLock { state in
            defer { state.isRunning = false }
            return state.isRunning ? state.broker : nil
        }
        broker?.shutDown()
        await clock.settle()
        kill()
    }

    /// Ends as when its process is killed: every connection is lost, and nobody can connect. What was confirmed, and
    /// durable, is kept.
    public func kill() {
        let (links, broker) = state.withLock { state in
            defer { state.links = [] }
            state.isRunning = false
            // It may still be writing.
            state.files = state.files.copy()
            // Let go of where no lock is held.
            return (state.links, state.broker.take())
        }
        for link in links { link.cut(.reset) }
        withExtendedLifetime(broker) {}
    }

    /// Starts again, with what was kept. Nothing happens when it is running.
    public func start() {
        state.withLock { state in
            guard state.broker == nil else { return }
            state.broker = newBroker(state.files)
            state.isRunning = true
        }
    }

    // MARK: Failing

    /// Has something go wrong: the next of its kind, or until ``mend()``. Failures of one kind happen in the order in which
    /// they were asked for.
    public func fail(_ failure: Failure) {
        switch failure.kind {
        case .blocked(let reason):
            desk.block(reason)
            for link in state.withLock({ $0.links }) where link.isOpen { link.tell(blocked: reason) }
        case .noConfirms: desk.holdConfirms()
        default: desk.plan(failure)
        }
    }

    /// Takes back what has not gone wrong yet, lets publishers go on, and sends the confirms that were held back.
    public func mend() {
        let wereBlocked = desk.mend()
        for link in state.withLock({ $0.links }) where link.isOpen {
            link.release()
            if wereBlocked { link.tell(blocked: nil) }
        }
    }

    // MARK: Looking

    /// What has passed on all connections so far.
    public var recorded: Recorded { desk.recorded }

    /// The queues of a virtual host, by name.
    public func queues(in virtualHost: String = "/") -> [String: QueueCounts] {
        let snapshot = state.withLock { $0.broker }?.snapshot(of: [.queues], in: virtualHost)
        return Dictionary(
            (snapshot?.queues ?? []).map { queue in
                let counts = QueueCounts(
                    ready: queue.readyCount, unacknowledged: queue.unacknowledgedCount, consumers: queue.consumerCount)
                return (queue.name, counts)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The queues of the virtual host `/`, by name.
    public var queues: [String: QueueCounts] { queues(in: "/") }

    /// A queue of the virtual host `/`; nil: there is none of that name.
    public func queue(_ name: String) -> QueueCounts? { queues[name] }
}
