import AMQPTransport
import AMQPWire
import Testing

/// How a probe introduces itself: as an ordinary client, unless a case says otherwise.
struct Handshake: Sendable {
    var login: Login
    /// What the client announces that it understands.
    var capabilities: FieldTable = [
        "authentication_failure_close": true, "consumer_cancel_notify": true, "connection.blocked": true,
        "publisher_confirms": true, "basic.nack": true,
    ]
    var clientProperties: FieldTable = ["product": "conformance suite"]
    var mechanism: ShortString = "PLAIN"
    /// The SASL response; nil: PLAIN's, made of the login.
    var response: [UInt8]?
    /// What tune-ok says, or less where the broker offers less; nil: what it has offered.
    var channelMax: UInt16?
    var frameMax: UInt32?
    /// Seconds. 0, no heartbeats, unless the case is about them: a probe answers only what it is told to.
    var heartbeat: UInt16 = 0

    init(_ login: Login) { self.login = login }

    var startOk: ConnectionStartOk {
        var properties = clientProperties
        if !capabilities.isEmpty { properties["capabilities"] = .table(capabilities) }
        let plain = [0] + Array(login.user.utf8) + [0] + Array(login.password.utf8)
        return ConnectionStartOk(clientProperties: properties, mechanism: mechanism, response: response ?? plain)
    }

    func tuneOk(_ tune: ConnectionTune) -> ConnectionTuneOk {
        ConnectionTuneOk(
            channelMax: Self.limit(channelMax, within: tune.channelMax),
            frameMax: Self.limit(frameMax, within: tune.frameMax), heartbeat: heartbeat)
    }

    /// A case that asks for less than most brokers offer must not ask for more than this one does: that is another case's
    /// subject. Zero offers any number.
    private static func limit<Number: FixedWidthInteger>(_ wanted: Number?, within offered: Number) -> Number {
        guard let wanted else { return offered }
        return offered == 0 ? wanted : min(wanted, offered)
    }
}

extension Probe {
    /// Steps of the handshake, for cases that stop in the middle of it.
    func greet() async throws -> ConnectionStart {
        send(octets: ProtocolHeader.amqp091)
        return try await receive(ConnectionStart.self)
    }

    /// Up to the broker's tune.
    func authenticate(_ handshake: Handshake) async throws -> ConnectionTune {
        _ = try await greet()
        send(handshake.startOk)
        return try await receive(ConnectionTune.self)
    }

    /// The whole handshake, up to open-ok.
    func logIn(_ handshake: Handshake) async throws {
        let tuneOk = handshake.tuneOk(try await authenticate(handshake))
        send(tuneOk)
        send(ConnectionOpen(virtualHost: try ShortString(handshake.login.virtualHost)))
        _ = try await receive(ConnectionOpenOk.self)
        (frameMax, channelMax) = (tuneOk.frameMax, tuneOk.channelMax)
    }

    /// The handshake of an ordinary client of this run.
    static func handshake() throws -> Handshake { Handshake(try CaseRun.active().peer.login) }
}
