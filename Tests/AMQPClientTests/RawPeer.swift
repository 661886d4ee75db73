import TestSupport
import AMQPTransport
import Synchronization
import Testing

@testable import AMQPClient

/// The other end of a connection, written by hand: it speaks when the test says so, and says what the test wants, right
/// or wrong.
final class RawPeer: ByteStreamReceiver {
    private let stream: any ByteStream
    private let reader = Mutex(FrameReader(frameMax: 0))
    private let greeting = Mailbox<[UInt8]>()
    private let frames = Mailbox<Frame>()
    private let hasGreeted = Mutex(false)

    init(_ stream: any ByteStream) {
        self.stream = stream
        stream.start(self)
    }

    // MARK: What arrives

    func streamReceived(_ bytes: RawSpan) {
        let wakeups = bytes.withUnsafeBytes { octets in
            reader.withLock { reader -> [Wakeup?] in
                reader.append(octets)
                var wakeups: [Wakeup?] = []
                hasGreeted.withLock { hasGreeted in
                    if !hasGreeted, let header = reader.take(ProtocolHeader.count) {
                        hasGreeted = true
                        wakeups.append(greeting.put(header))
                    }
                    guard hasGreeted else { return }
                    do {
                        while let frame = try reader.next() {
                            // A copy: the payload is a part of the reader's buffer.
                            wakeups.append(
                                frames.put(
                                    Frame(frame.kind, channel: frame.channel, payload: Array(frame.payload)[...])))
                        }
                    } catch {
                        Issue.record("the client sent a malformed frame: \(error)")
                    }
                }
                return wakeups
            }
        }
        for wakeup in wakeups { wakeup?() }
    }

    func streamDrained() {}

    func streamEnded(_ end: StreamEnd) {
        greeting.finish(nil)?()
        frames.finish(nil)?()
    }

    /// The next frame that is no heartbeat; nil when the client has hung up.
    func frame() async throws -> Frame? {
        while let frame = try await frames.next() {
            if frame.kind != .heartbeat { return frame }
        }
        return nil
    }

    /// The next frame of any kind.
    func anyFrame() async throws -> Frame? { try await frames.next() }

    /// The next method; content frames are passed over.
    func method() async throws -> Method {
        while let frame = try await frame() {
            if frame.kind == .method { return try Method(frame.payload) }
        }
        throw Missing("a method, but the client has hung up")
    }

    /// The next method has to be of this type.
    func expect<Fields: MethodFields>(_ type: Fields.Type, _ location: SourceLocation = #_sourceLocation) async throws
        -> Fields
    {
        let method = try await method()
        guard let fields = method.fields as? Fields else {
            throw Missing("\(Fields.id) at line \(location.line), but \(method.id) came")
        }
        return fields
    }

    /// Passes over everything until the client hangs up.
    func expectHangUp() async throws { while try await anyFrame() != nil {} }

    // MARK: What is said

    func send(_ octets: [UInt8]) { stream.send(octets.span.bytes) }

    /// All in one write, so the client reads it at once.
    func send(_ write: (inout FrameWriter) -> Void) {
        var writer = FrameWriter()
        write(&writer)
        send(writer.octets)
    }

    func send(_ method: some MethodFields, channel: UInt16 = 0) { send { $0.method(method, channel: channel) } }

    func hangUp() { stream.close() }

    func reset() { stream.abort() }

    // MARK: The usual steps

    /// As RabbitMQ does it.
    func handshake(
        _ tune: ConnectionTune = ConnectionTune(channelMax: 2047, frameMax: 131_072, heartbeat: 0)
    ) async throws {
        try await login()
        send(tune)
        _ = try await expect(ConnectionTuneOk.self)
        _ = try await expect(ConnectionOpen.self)
        send(ConnectionOpenOk())
    }

    /// The client's protocol header.
    func greeted() async throws -> [UInt8]? { try await greeting.next() }

    /// Up to the client's login, which is returned.
    @discardableResult
    func login() async throws -> ConnectionStartOk {
        #expect(try await greeted() == ProtocolHeader.amqp091)
        let properties: FieldTable = ["product": "raw peer", "capabilities": ["basic.nack": true]]
        send(ConnectionStart(serverProperties: properties, mechanisms: plain, locales: english))
        return try await expect(ConnectionStartOk.self)
    }

    func openChannel(_ number: UInt16 = 1) async throws {
        _ = try await expect(ChannelOpen.self)
        send(ChannelOpenOk(), channel: number)
    }

    /// A connection to a peer, both ready.
    static func connect(
        _ tune: ConnectionTune = ConnectionTune(channelMax: 2047, frameMax: 131_072, heartbeat: 0),
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws -> (Connection, RawPeer) {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        // Time stands still unless a test moves it: nothing times out because the machine is busy.
        configuration.time = ManualTime()
        change(&configuration)
        async let connection = Connection.open(over: ours, configuration)
        try await peer.handshake(tune)
        return (try await connection, peer)
    }

    /// With channel 1 open.
    static func connectWithChannel(
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws -> (Connection, Channel, RawPeer) {
        let (connection, peer) = try await connect(
            ConnectionTune(channelMax: 2047, frameMax: 131_072, heartbeat: 0), change)
        async let channel = connection.openChannel()
        try await peer.openChannel()
        return (connection, try await channel, peer)
    }
}

let plain = Array("PLAIN AMQPLAIN".utf8)
let english = Array("en_US".utf8)

struct Missing: Error, CustomStringConvertible {
    let description: String
    init(_ what: String) { description = "the peer expected \(what)" }
}

extension BasicDeliver {
    init(_ consumerTag: ShortString, _ deliveryTag: UInt64) {
        self.init(consumerTag: consumerTag, deliveryTag: deliveryTag, exchange: "", routingKey: "q")
    }
}

extension FrameWriter {
    mutating func deliver(_ consumerTag: ShortString, _ deliveryTag: UInt64, _ text: String, channel: UInt16 = 1) {
        content(
            BasicDeliver(consumerTag, deliveryTag), BasicProperties(), body: Array(text.utf8), channel: channel,
            frameMax: 131_072)
    }
}
