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
/// ``advance(by:limit:until:)`` move. The tasks of the program run in real time, so before you look at what they have done,
/// wait for it with ``wait(limit:until:)``.
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
    private let clock: TestClock
    private let desk = Desk()
    private let state: Mutex<State>

    /// A broker that runs, with nothing declared on it.
    ///
    /// - Parameters:
    ///   - users: names and passwords; ``uri`` has the one that comes first in alphabetical order. One at least.
    ///   - virtualHosts: their names.
    ///   - other: a broker with which it shares its clock, for a client that knows several hosts.
    public init(
        users: [String: String] = ["guest": "guest"], virtualHosts: [String] = ["/"],
        sharingTimeWith other: TestBroker? = nil
    ) {
        let number = Self.lastNumber.add(1, ordering: .relaxed).newValue
        host = "broker-\(number).test"
        let first = users.min { $0.key < $1.key } ?? (key: "", value: "")
        uri = "amqp://\(PercentCoding.encode(segment: first.key)):\(PercentCoding.encode(segment: first.value))@\(host)"
        var settings = BrokerConfiguration()
        settings.users = users.map { .user($0.key, password: $0.value) }
        settings.virtualHosts = virtualHosts
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

    // MARK: Time

    /// How far the clock has been moved on.
    public var elapsed: Duration { clock.elapsed }

    /// Moves the clock on. All that falls due happens in its order, and what it causes on either side of the connections
    /// (a message that expires and is delivered from a dead-letter queue, a heartbeat) before the time goes on.
    ///
    /// - Parameter duration: 0 or more, in whole milliseconds.
    nonisolated(nonsending)
        public func advance(by duration: Duration) async
    { await clock.advance(by: duration) }

    /// Moves the clock on, step by step, until a condition holds: for what a program does after a wait of its own, such as
    /// connecting again.
    ///
    /// - Parameters:
    ///   - step: more than zero, in whole milliseconds.
    ///   - limit: of real time.
    ///   - condition: asked after each step.
    /// - Throws: ``Overdue`` when it does not hold in time; what the condition throws.
    nonisolated(nonsending)
        public func advance(
            by step: Duration = .milliseconds(100), limit: Duration = .seconds(300),
            until condition: () async throws -> Bool
        ) async throws
    {
        let start = ContinuousClock.now
        while true {
            await clock.settle()
            if try await condition() { return }
            guard ContinuousClock.now - start < limit else { throw Overdue(self, limit) }
            await clock.advance(by: step)
            // The program's tasks need real time.
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Waits, with the clock standing still, until a condition holds.
    ///
    /// - Parameters:
    ///   - limit: of real time.
    ///   - condition: asked again and again.
    /// - Throws: ``Overdue`` when it does not hold in time; what the condition throws.
    nonisolated(nonsending)
        public func wait(limit: Duration = .seconds(300), until condition: () async throws -> Bool) async throws
    {
        let start = ContinuousClock.now
        while true {
            await clock.settle()
            if try await condition() { return }
            guard ContinuousClock.now - start < limit else { throw Overdue(self, limit) }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// A condition did not come to hold.
    public struct Overdue: Error, CustomStringConvertible {
        /// What was waited for, and how the broker was at that time.
        public let description: String

        init(_ broker: TestBroker, _ limit: Duration) {
            let queues = broker.queues.sorted { $0.key < $1.key }.map { name, counts in
                "\(name): \(counts.ready) ready, \(counts.unacknowledged) unacknowledged, \(counts.consumers) consumers"
            }
            description =
                "The condition did not hold within \(limit). The clock was moved on by \(broker.elapsed); connections: "
                + "\(broker.connectionCount); queues: \(queues.isEmpty ? "none" : queues.joined(separator: "; "))"
        }
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
        guard case .blocked(let reason) = failure.kind else { return desk.plan(failure) }
        desk.block(reason)
        for link in state.withLock({ $0.links }) where link.isOpen { link.tell(blocked: reason) }
    }

    /// Takes back what has not gone wrong yet, and lets publishers go on.
    public func mend() {
        guard desk.mend() else { return }
        for link in state.withLock({ $0.links }) where link.isOpen { link.tell(blocked: nil) }
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
