import AMQPTransport
import BrokerCore
import Synchronization

/// A running broker: one core, and the streams of its clients, in memory and on TCP ports.
///
/// All clients of a broker share what is declared on it, whichever way they came.
public final class Broker: Sendable {
    let state: Mutex<State>
    let time: any TimeSource
    let store: Store?
    let loop = EventLoop()
    let loginChecker = LoginChecker()
    private let log: (@Sendable (LogEvent) -> Void)?
    /// Of its ports together. Those in memory need no descriptor.
    private let connectionLimit: ConnectionLimit
    /// What threads of its own were given to do, and have not done yet.
    let undone = Atomic<Int>(0)

    struct State {
        let core: BrokerCore
        fileprivate var sessions: [ConnectionID: Session] = [:]
        var listeners: [TCPListener] = []
        var addresses: [ListingView.Listener] = []
        var management: ManagementServer?
        var isShutDown = false
        var memoryStreamCount = 0
        /// Who wants to know when the last client has gone.
        var awaitingLast: [@Sendable () -> Void] = []
        var wakeUp = WakeUp()
        var connectionCount: UInt64 = 0
        /// Those that are being taken, by the numbers in which they were asked for.
        var snapshots: [UInt64: SnapshotInSlices] = [:]
        var snapshotCount: UInt64 = 0
        /// Definitions that are being looked at, by numbers of the same row.
        var checks: [UInt64: DefinitionsCheck] = [:]
        /// Another step is to follow.
        var hasMoreToDo = false
    }

    /// `time` is what the broker goes by: a test that puts a ``ManualTime`` here decides when heartbeats are due and
    /// messages expire. `log` is called with everything that is at least of the configuration's level, one call at a
    /// time, with the broker waiting: it must not block, nor call the broker.
    public convenience init(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), time: any TimeSource = SystemTime(),
        log: (@Sendable (LogEvent) -> Void)? = nil
    ) {
        self.init(
            BrokerCore(Self.completed(configuration, log), now: time.now), store: nil, time: time, log: log)
    }

    init(
        _ core: sending BrokerCore, store: Store?, time: any TimeSource, log: (@Sendable (LogEvent) -> Void)?,
        mostConnections: Int = Machine.mostConnections
    ) {
        self.time = time
        self.log = log
        self.store = store
        connectionLimit = ConnectionLimit(most: mostConnections)
        state = Mutex(State(core: core))
        loop.afterWakeUp = { [weak self] in self?.step(.time) }
        connectionLimit.whenFull { [weak self] in self?.warnThatItIsFull() }
    }

    /// The configuration with what the machine and the reader of the log decide. Without a reader nothing is to be put
    /// together, let alone kept; memory is limited to 40 % of what there is, as in RabbitMQ.
    static func completed(
        _ configuration: BrokerConfiguration, _ log: (@Sendable (LogEvent) -> Void)?
    ) -> BrokerConfiguration {
        var configuration = configuration
        configuration.memoryHighWater = configuration.memoryHighWater ?? Machine.memory.map { $0 / 5 * 2 }
        if log == nil { configuration.logLevel = nil }
        return configuration
    }

    deinit { loop.stop() }

    /// Connects a client in memory: what is written to the stream reaches the broker.
    public func connect() -> any ByteStream {
        let (client, server) = MemoryStream.pair()
        accept(server, isInMemory: true)
        return client
    }

    /// Opens a port; 0 takes a free one. Returns the port. Throws when it can't be had, and says why.
    @discardableResult
    public func listen(host: String = "localhost", port: Int) throws(TransportError) -> Int {
        try listen(host: host, port: port, isTLS: false) { [weak self] in self?.accept($0, isInMemory: false) }
    }

    func listen(
        host: String, port: Int, isTLS: Bool, onAccept: @escaping @Sendable (TCPStream) -> Void
    ) throws(TransportError) -> Int {
        let listener = try TCPListener(
            host: host, port: port, loop: loop, limit: connectionLimit, awaitsAdmission: true, onAccept: onAccept)
        state.withLock { state in
            state.listeners.append(listener)
            state.addresses.append(.init(host: host, port: listener.port, isTLS: isTLS))
        }
        return listener.port
    }

    /// Closes the ports, and every connection with 320 (`CONNECTION_FORCED`); from now on nobody can connect.
    ///
    /// `finished` is called once, on any thread, when the store is closed and the last client has answered and gone. A
    /// client that never answers is not waited for here: the caller sets a limit of its own.
    public func shutDown(finished: (@Sendable () -> Void)? = nil) {
        let (listeners, management) = state.withLock { state in
            state.isShutDown = true
            step(.shutDown, &state)
            defer { (state.listeners, state.management) = ([], nil) }
            return (state.listeners, state.management)
        }
        for listener in listeners { listener.close() }
        management?.close()
        // Before anybody is told: a program that ends then would end with what is not written yet.
        closeStore()
        if let finished { state.withLock { $0.awaitingLast.append(finished) } }
        tellIfEmpty()
    }

    private func tellIfEmpty() {
        let waiting = state.withLock { state in
            guard state.sessions.isEmpty, state.isShutDown else { return [] as [@Sendable () -> Void] }
            defer { state.awaitingLast = [] }
            return state.awaitingLast
        }
        for finished in waiting { finished() }
    }

    /// Lets one more user log in, from now on; one of the same name is replaced. Connections that are open stay as they
    /// are.
    public func add(_ user: BrokerConfiguration.User) { step(.add([user])) }

    func define(_ users: UserDefinitions) { step(.defineUsers(users)) }

    /// The time that the broker goes by, in milliseconds since the Unix epoch.
    public var now: Int64 { time.now }

    /// How many clients may be connected over TCP at a time. Further ones wait until one has gone.
    public var mostConnections: Int { connectionLimit.most }

    /// How many clients are connected.
    public var connectionCount: Int { state.withLock { $0.sessions.count } }

    var streams: [any ByteStream] { state.withLock { $0.sessions.values.map(\.stream) } }

    private func warnThatItIsFull() { warn("\(mostConnections) clients are connected: others wait until one has gone") }

    func warn(_ text: String) {
        state.withLock { state in
            guard let log, state.core.configuration.logLevel.map({ $0 <= .warning }) ?? false else { return }
            log(LogEvent(.warning, at: now, text))
        }
    }

    /// - Parameter isInMemory: it delivers on threads of its own, not in a wake-up of the loop.
    func accept(_ stream: any ByteStream, isInMemory: Bool) {
        let session = Session(stream, isInMemory: isInMemory, broker: self)
        let isTooLate = state.withLock { state in
            if state.isShutDown { return true }
            // Those in memory all have the same name.
            if isInMemory { state.memoryStreamCount += 1 }
            let peer = isInMemory ? "\(stream.name) \(state.memoryStreamCount)" : stream.name
            state.connectionCount += 1
            let id = ConnectionID(number: state.connectionCount)
            step(.connected(id, peer: peer, isLoopback: stream.isLoopback), &state)
            session.id.withLock { $0 = id }
            state.sessions[id] = session
            // Started before anybody else can close it; what it brings waits for the lock.
            stream.start(session)
            return false
        }
        if isTooLate {
            stream.start(session)
            stream.close()
        }
    }

    // MARK: Running the core

    /// Lets something happen, and carries out what comes of it.
    func step(_ input: BrokerInput) {
        state.withLock { step(input, &$0) }
    }

    func step(_ input: BrokerInput, _ state: inout State) {
        carryOut(state.core.step(input, now: time.now), &state)
    }

    fileprivate func take(_ octets: RawSpan, from id: ConnectionID, isInWakeUp: Bool) {
        octets.withUnsafeBytes { buffer in
            state.withLock { state in
                carryOut(
                    state.core.step(.received(buffer.bytes, from: id), now: time.now, moreFollows: isInWakeUp), &state)
            }
        }
    }

    fileprivate func noteDrained(_ id: ConnectionID) { step(.unsent(0, of: id)) }

    fileprivate func noteEnded(_ id: ConnectionID) {
        loginChecker.drop(.connection(id))
        state.withLock { state in
            state.sessions[id] = nil
            step(.disconnected(id), &state)
        }
        tellIfEmpty()
    }

    /// Carries out what a step came to. What streams have not taken, the core is told, and what comes of that is carried out
    /// behind it: one inside the other would use up the stack.
    func carryOut(_ effects: BrokerEffects, _ state: inout State) {
        var unsent = carryOutWrites(of: effects, &state)
        var next = 0
        while next < unsent.count {
            let (id, octets) = unsent[next]
            next += 1
            unsent += carryOutWrites(of: state.core.step(.unsent(octets, of: id), now: time.now), &state)
        }
        loop.limitReads(to: state.core.mostInRead)
        // The loop does not sleep, and its next wake-up ends with a step. A step of its own here would be one more in
        // each wake-up, and each of these would ask for another.
        if state.hasMoreToDo { loop.execute {} }
    }

    /// Returns how much of what was written was not taken by the streams.
    private func carryOutWrites(of effects: BrokerEffects, _ state: inout State) -> [(ConnectionID, Int)] {
        // Before anybody can answer what is written: who moves the time on then (tests do) finds the timers set.
        setTimer(effects.nextDeadline, &state)
        // And who has been answered finds in the log what was answered.
        if let log { for event in effects.log { log(event) } }
        for id in effects.opened { state.sessions[id]?.stream.admit() }
        let unsent = write(effects.writes, state)
        for check in effects.loginChecks { start(check, state) }
        for change in effects.readingChanges {
            state.sessions[change.connection]?.stream.setReading(change.isReading)
        }
        if let batch = effects.batch { startStoring(batch) }
        state.hasMoreToDo = effects.hasMoreToDo
        return unsent
    }

    private func start(_ check: LoginCheck, _ state: borrowing State) {
        let id = check.connection
        guard let session = state.sessions[id] else { return }
        loginChecker.check(
            LoginQueue.Check(
                ticket: .connection(id), source: session.source, name: check.name, run: { check.run() },
                finished: { [weak self] isRight in self?.step(.loginChecked(id, isRight: isRight)) }))
    }

    /// Writes, and returns how much of it was not taken by the streams.
    private func write(_ writes: [BrokerEffects.Write], _ state: borrowing State) -> [(ConnectionID, Int)] {
        var backlogs: [(ConnectionID, Int)] = []
        for write in writes {
            let id = write.connection
            guard let stream = state.sessions[id]?.stream else { continue }
            if write.count > 0 {
                let unsent = write.withOctets { stream.send($0) }
                if unsent > 0 {
                    backlogs.append((id, unsent))
                } else if write.awaitsDrain {
                    // The stream took all of it: on it goes, after the others' turn.
                    undone.add(1, ordering: .relaxed)
                    loop.execute { [weak self] in
                        self?.noteDrained(id)
                        self?.undone.subtract(1, ordering: .releasing)
                    }
                }
            }
            if write.isGivenUp { stream.abort() } else if write.isLast { stream.close() }
        }
        return backlogs
    }
}

/// One client's stream, and the connection in the core that it belongs to.
private final class Session: ByteStreamReceiver {
    let stream: any ByteStream
    let id = Mutex<ConnectionID?>(nil)
    private let isInMemory: Bool
    /// In memory there are no addresses, and nobody who floods: each is one of its own.
    var source: String { isInMemory ? "memory \(id.withLock { $0?.number ?? 0 })" : stream.source }
    private weak let broker: Broker?

    init(_ stream: any ByteStream, isInMemory: Bool, broker: Broker) {
        self.stream = stream
        self.isInMemory = isInMemory
        self.broker = broker
    }

    func streamReceived(_ bytes: RawSpan) {
        guard let id = id.withLock({ $0 }) else { return }
        broker?.take(bytes, from: id, isInWakeUp: !isInMemory)
    }

    func streamDrained() {
        if let id = id.withLock({ $0 }) { broker?.noteDrained(id) }
    }

    func streamEnded(_ end: StreamEnd) {
        if let id = id.withLock({ $0 }) { broker?.noteEnded(id) }
    }
}
