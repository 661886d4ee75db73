import AMQPWire
import DataStructures
import Testing

@testable import BrokerCore

/// A core with its clients, all in one thread: what a client sends is answered before the call returns.
final class Rig {
    let core: BrokerCore
    private(set) var now: Int64 = 1_000_000_000_000
    private var clients: [ConnectionID: RigClient] = [:]
    private var connectionCount: UInt64 = 0
    // What has come of the steps beside octets for clients, until a test takes it.
    private var readingChanges: [(connection: ConnectionID, isReading: Bool)] = []
    private var loginChecks: [LoginCheck] = []
    private var awaitingDrain: [ConnectionID] = []
    private var silenced: Set<ConnectionID> = []
    private var log: [LogEvent] = []
    private var refusals: [BrokerChange.Refusal] = []
    private var batch: StoreBatch?
    /// Those that have just been sent something, and take nothing.
    private var backlogs = Ring<RigClient>()
    private(set) var nextDeadline: Int64?

    init(_ configure: (inout BrokerConfiguration) -> Void = { _ in }) {
        var configuration = BrokerConfiguration()
        configuration.refusalDelay = 0
        configure(&configuration)
        core = BrokerCore(configuration, now: now)
    }

    /// With a core that there is already.
    init(_ core: BrokerCore, now: Int64) {
        self.core = core
        self.now = now
    }

    /// A client that has said nothing yet.
    func connect(isLoopback: Bool = true) -> RigClient {
        connectionCount += 1
        let id = ConnectionID(number: connectionCount)
        let client = RigClient(id: id, rig: self)
        clients[id] = client
        step(.connected(id, peer: "test", isLoopback: isLoopback))
        return client
    }

    /// A client with its connection open, and channel 1 too.
    func open(capabilities: [ShortString] = ["consumer_cancel_notify", "authentication_failure_close"]) throws
        -> RigClient
    {
        let client = connect()
        client.send(octets: ProtocolHeader.amqp091)
        client.send(
            ConnectionStartOk(
                clientProperties: ["capabilities": .table(FieldTable(capabilities.map { .init($0, true) }))],
                mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0)
        client.send(ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 0), channel: 0)
        client.send(ConnectionOpen(), channel: 0)
        client.send(ChannelOpen(), channel: 1)
        let last = client.received.last?.method
        try #require(last == .channelOpenOk(ChannelOpenOk()))
        client.received = []
        return client
    }

    /// Lets time pass that nobody has told the broker of yet.
    func pass(_ milliseconds: Int64) { now += milliseconds }

    func advance(by milliseconds: Int64) {
        now += milliseconds
        step(.time)
    }

    /// Lets something happen, and hands what comes of it to the clients.
    func step(_ input: BrokerInput) {
        var effects = core.step(input, now: now)
        carryOut(effects)
        while true {
            if let client = backlogs.popFirst() {
                effects = core.step(.unsent(client.unsent, of: client.id), now: now)
            } else if effects.hasMoreToDo {
                effects = goOn()
            } else {
                return
            }
            carryOut(effects)
        }
    }

    /// What each of the steps took that were to follow another; nil: nobody wants to know.
    var laterSteps: [Int]?

    private func goOn() -> BrokerEffects {
        #if DEBUG
            if laterSteps != nil {
                var effects = BrokerEffects()
                laterSteps?.append(Steps.counted { effects = core.step(.time, now: now) })
                return effects
            }
        #endif
        return core.step(.time, now: now)
    }

    /// Says that all that clients were sent has left them, until nothing more comes.
    func drain() {
        while !awaitingDrain.isEmpty { for id in take(&awaitingDrain) { step(.unsent(0, of: id)) } }
    }

    /// Whether the broker reads what this client sends.
    func isRead(_ client: RigClient) -> Bool { !silenced.contains(client.id) }

    private func carryOut(_ effects: BrokerEffects) {
        for change in effects.readingChanges {
            if change.isReading { silenced.remove(change.connection) } else { silenced.insert(change.connection) }
        }
        for write in effects.writes {
            let client = clients[write.connection]
            if write.isLast { client?.isEnded = true }
            if write.isGivenUp { client?.isGivenUp = true }
            if let client, client.isDeaf {
                client.unsent += write.count
                backlogs.append(client)
                continue
            }
            write.withOctets { client?.receive($0) }
            if write.awaitsDrain { awaitingDrain.append(write.connection) }
        }
        readingChanges += effects.readingChanges
        loginChecks += effects.loginChecks
        log += effects.log
        refusals += effects.refusals.map(\.refusal)
        if let next = effects.batch { batch = next }
        nextDeadline = effects.nextDeadline
    }

    func takeReadingChanges() -> [(connection: ConnectionID, isReading: Bool)] { take(&readingChanges) }
    func takeLoginChecks() -> [LoginCheck] { take(&loginChecks) }
    func takeRefusals() -> [BrokerChange.Refusal] { take(&refusals) }
    func takeLog() -> [LogEvent] { take(&log) }
    func takeBatch() -> StoreBatch? { batch.take() }

    private func take<Element>(_ list: inout [Element]) -> [Element] {
        defer { list = [] }
        return list
    }
}

/// What a client was sent: a method, with its message if it has one.
struct Received: Equatable {
    var channel: UInt16
    var method: Method
    var properties: BasicProperties?
    var body: String?
}

final class RigClient {
    let id: ConnectionID
    private unowned let rig: Rig
    private var reader = FrameReader(frameMax: 0)
    private var methods = MethodReader()
    var received: [Received] = []
    var heartbeats = 0
    var isEnded = false
    /// It reads nothing: all that it is sent stays unsent.
    var isDeaf = false
    var unsent = 0
    /// Its stream was dropped.
    var isGivenUp = false
    /// Octets that came before `connection.start`, when they are a protocol header.
    var header: [UInt8]?

    init(id: ConnectionID, rig: Rig) {
        self.id = id
        self.rig = rig
    }

    func send(octets: [UInt8]) {
        rig.step(.received(octets.span.bytes, from: id))
    }

    func send(_ method: some MethodFields, channel: UInt16 = 1) {
        var writer = FrameWriter()
        writer.method(method, channel: channel)
        send(octets: writer.take())
    }

    func publish(
        _ body: String, to key: ShortString, exchange: ShortString = "", mandatory: Bool = false,
        properties: BasicProperties = .init(), channel: UInt16 = 1
    ) {
        var writer = FrameWriter()
        writer.content(
            BasicPublish(exchange: exchange, routingKey: key, mandatory: mandatory), properties,
            body: Array(body.utf8), channel: channel, frameMax: 4096)
        send(octets: writer.take())
    }

    /// Several messages at once, so that the broker deals with them in one step.
    func publish(_ bodies: [String], to key: ShortString, properties: BasicProperties = .init()) {
        var writer = FrameWriter()
        for body in bodies {
            writer.content(
                BasicPublish(routingKey: key), properties, body: Array(body.utf8), channel: 1, frameMax: 4096)
        }
        send(octets: writer.take())
    }

    func disconnect() {
        rig.step(.disconnected(id))
    }

    func receive(_ octets: RawSpan) {
        reader.append(octets)
        if reader.peek.starts(with: Array("AMQP".utf8)) { header = reader.take(8) }
        while let frame = try? reader.next() {
            switch methods.read(frame) {
            case .method(let method, let content, let channel):
                received.append(
                    Received(
                        channel: channel, method: method, properties: content?.properties,
                        body: content.map { String(decoding: $0.body, as: UTF8.self) }))
            case .heartbeat: heartbeats += 1
            case .stray, nil: break
            }
        }
    }

    /// What has been received since the last call.
    func take() -> [Received] {
        defer { received = [] }
        return received
    }

    /// The bodies delivered to consumers since the last call, in order.
    func takeBodies() -> [String] {
        take().compactMap { received in
            if case .basicDeliver = received.method { received.body } else { nil }
        }
    }

    /// The reply code of the close that was received since the last call.
    func takeClose() -> (code: ReplyCode, text: String, isChannel: Bool)? {
        for received in take() {
            switch received.method {
            case .channelClose(let close): return (close.replyCode, close.replyText.text, true)
            case .connectionClose(let close): return (close.replyCode, close.replyText.text, false)
            default: continue
            }
        }
        return nil
    }
}
