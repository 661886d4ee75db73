import AMQPWire

/// Names a connection for as long as the broker runs.
public struct ConnectionID: Hashable, Sendable {
    let number: UInt64
}

/// Everything a broker decides, and nothing else: octets and the time go in, octets come out.
///
/// It has no socket, thread, clock or file, and is not safe to use from several threads at a time: whoever runs it
/// (BrokerServer, a simulation, a test) calls one method after the other, and after each call takes ``takeEffects()``.
/// Times are milliseconds since the Unix epoch and must not go backwards.
public final class BrokerCore {
    public let configuration: BrokerConfiguration
    var virtualHosts: [String: VirtualHost] = [:]
    private var connections: [ConnectionID: BrokerConnection] = [:]
    private var nextConnectionNumber: UInt64 = 1
    var timers = Timers()
    /// The time of the current call.
    private(set) var now: Int64
    /// Dead letters of the current method; see ``DeadLetter``.
    var deadLetters = Ring<DeadLetter>()
    private var random: any RandomNumberGenerator & Sendable
    private var effects: [ConnectionID] = []
    private var logEvents: [LogEvent] = []
    /// The log of the store; nil: there is none.
    let journal: Journal?
    /// Connections with answers that wait for the store.
    var waitingForStore: [ConnectionID] = []
    let load = Load()
    var alarms = Alarms()
    /// Connections of which nothing is read because of an alarm.
    var heldBack: [ConnectionID] = []
    var readingChanges = Ring<(ConnectionID, Bool)>()

    /// A broker that keeps everything in memory.
    public convenience init(_ configuration: BrokerConfiguration = BrokerConfiguration(), now: Int64) {
        self.init(configuration, now: now, journal: nil)
    }

    init(_ configuration: BrokerConfiguration, now: Int64, journal: Journal?) {
        self.journal = journal
        self.configuration = configuration
        self.now = now
        random = configuration.random
        for name in configuration.virtualHosts { virtualHosts[name] = VirtualHost(name: name, core: self) }
        timers.set(now + Self.consumerTimeoutInterval, for: .consumerTimeouts)
    }

    deinit {
        // What holds each other would outlive it.
        for virtualHost in virtualHosts.values { virtualHost.dissolve() }
        journal?.dissolve()
    }

    /// How often deliveries are checked for having been out too long, in milliseconds: as in RabbitMQ.
    private static let consumerTimeoutInterval: Int64 = 60_000

    // MARK: What goes in

    /// A client has connected. `peer` is its address, for listings; `isLoopback` says whether it is on this machine.
    public func connect(peer: String, isLoopback: Bool, now: Int64) -> ConnectionID {
        advance(to: now)
        let id = ConnectionID(number: nextConnectionNumber)
        nextConnectionNumber += 1
        connections[id] = BrokerConnection(id: id, peer: peer, isLoopback: isLoopback, core: self)
        return id
    }

    /// Octets have come from a client, in any slicing.
    public func receive(_ octets: RawSpan, from id: ConnectionID, now: Int64) {
        advance(to: now)
        connections[id]?.receive(octets)
    }

    /// A client's stream has ended, however it did.
    public func disconnected(_ id: ConnectionID, now: Int64) {
        advance(to: now)
        guard let connection = connections.removeValue(forKey: id) else { return }
        connection.streamEnded()
        settleDeadLetters()
    }

    /// How many octets of a connection's output have not left yet. Above the configured mark its consumers pause, and
    /// they go on when this says that it has left: to be called, with 0, after every output beyond the mark too.
    public func unsent(_ octets: Int, of id: ConnectionID, now: Int64) {
        advance(to: now)
        connections[id]?.outputBacklog = octets
        settleDeadLetters()
    }

    /// Lets time pass: expiries, heartbeats and deadlines up to `now` happen.
    public func advance(to now: Int64) {
        while let due = timers.popDue(at: now) {
            // Each happens at its own time, so that one long step gives the same as many short ones.
            self.now = max(self.now, due.time)
            switch due.owner {
            case .queue(let queue): queue.timerFired()
            case .connection(let id): connections[id]?.timerFired()
            case .consumerTimeouts:
                for connection in connections.values { connection.closeTimedOutChannels() }
                timers.set(self.now + Self.consumerTimeoutInterval, for: .consumerTimeouts)
            }
            settleDeadLetters()
        }
        self.now = max(self.now, now)
    }

    /// When ``advance(to:)`` should be called at the latest; nil: nothing is due.
    public var nextDeadline: Int64? { timers.next }

    /// Closes every connection with 320, as an operator's stop does.
    public func shutDown(now: Int64) {
        advance(to: now)
        for connection in allConnections { connection.shutDown() }
    }

    // MARK: What comes out

    /// What is to be done with a connection's stream once its output is written.
    public enum Disposition: Sendable {
        case keepOpen
        /// Write what there is, then end the stream.
        case close
    }

    /// Hands the output of every connection that has some, or is to be closed, to `write`, and forgets it.
    public func takeEffects(_ write: (ConnectionID, RawSpan, Disposition) -> Void) {
        checkAlarms()
        while let id = effects.popLast() {
            guard let connection = connections[id] else { continue }
            connection.takeOutput { octets, disposition in write(id, octets, disposition) }
        }
    }

    /// What is to be written to the log, oldest first; it is forgotten here.
    public func takeLog() -> [LogEvent] {
        if logEvents.isEmpty { return [] }
        defer { logEvents.removeAll(keepingCapacity: true) }
        return logEvents
    }

    // MARK: For the parts of the core

    func log(_ level: LogEvent.Level, _ text: @autoclosure () -> String) {
        guard let least = configuration.logLevel, level >= least else { return }
        logEvents.append(LogEvent(level, at: now, text()))
    }

    func hasOutput(_ id: ConnectionID) { effects.append(id) }

    func connection(_ id: ConnectionID) -> BrokerConnection? { connections[id] }

    var allConnections: [BrokerConnection] { connections.values.sorted { $0.id.number < $1.id.number } }

    func settleDeadLetters() {
        while let letter = deadLetters.popFirst() { letter.publish() }
    }

    func randomBits() -> UInt64 { random.next() }

    /// 128 random bits in 22 letters, digits, hyphens and underscores.
    func randomName() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var name: [UInt8] = []
        for count in [11, 11] {
            var bits = random.next()
            for _ in 0..<count {
                name.append(alphabet[Int(bits & 63)])
                bits >>= 6
            }
        }
        return String(decoding: name, as: UTF8.self)
    }
}
