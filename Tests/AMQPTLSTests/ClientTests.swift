import AMQPClient
import AMQPTransport
import BrokerCore
import BrokerServer
import Synchronization
import TestSupport
import Testing

@testable import AMQPTLS

/// The client against the broker, encrypted.
@Suite(.watched, .enabled(if: Certificates.missing == nil, "needs the system's OpenSSL and the openssl command"))
struct ClientTests {
    /// What the broker has written to its log.
    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ event: LogEvent) { lines.withLock { $0.append(event.text) } }
        func has(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
        var count: Int { lines.withLock { $0.count { $0.hasPrefix("no TLS with ") } } }
    }

    private func broker(
        ca: String? = nil, certificate: String = "server", log: Log = Log()
    ) async throws -> (Broker, port: Int) {
        let certificates = try await Certificates.made()
        var configuration = BrokerConfiguration.patient
        configuration.logLevel = .warning
        let broker = Broker(configuration, log: { log.add($0) })
        let port = try broker.listen(host: "127.0.0.1", port: 0, tls: certificates.server(certificate, ca: ca))
        return (broker, port)
    }

    private func uri(_ port: Int, _ parameters: String = "", user: String = "guest:guest@") async throws -> String {
        let certificates = try await Certificates.made()
        return
            "amqps://\(user)127.0.0.1:\(port)/?connection_timeout=900000&heartbeat=0&cacertfile=\(certificates.path("ca.pem"))"
            + (parameters.isEmpty ? "" : "&\(parameters)")
    }

    private func failure(_ uri: String) async -> AMQPError? {
        await outcome { try await Connection.open(uri).close() }.failure as? AMQPError
    }

    @Test func overTCP() async throws {
        let (broker, port) = try await broker()
        let connection = try await Connection.open(uri(port))
        try await exchange(over: connection)
        try await connection.close()
        withExtendedLifetime(broker) {}
    }

    @Test func inMemory() async throws {
        let certificates = try await Certificates.made()
        let broker = Broker(.patient)
        let ends = try await Ends.meet(certificates.client, certificates.server())
        broker.serve(try ends.server.get())
        let connection = try await Connection.open(patientlyOver: try ends.client.get())
        try await exchange(over: connection)
        try await connection.close()
    }

    /// A name with two addresses, by streams in memory: what is there, the test says.
    private final class Addresses: Sendable {
        let time = ManualTime()
        let ends: [MemoryStream]
        private let streams: Mutex<[MemoryStream]>

        init() {
            let pairs = (0..<2).map { _ in MemoryStream.pair() }
            ends = pairs.map(\.1)
            streams = Mutex(pairs.reversed().map(\.0))
        }

        var untried: Int { streams.withLock { $0.count } }

        func open() async throws -> Connection {
            var configuration = ConnectionConfiguration.unhurried
            (configuration.tls, configuration.heartbeat) = (try await Certificates.made().client, 0)
            configuration.time = time
            return try await Connection.open(configuration) { _ throws(AMQPError) in
                streams.withLock { streams in (streams.removeLast(), streams.count) }
            }
        }

        func accept(_ place: Int, certificate: String = "server", _ broker: Broker) async throws {
            let context = try TLSContext(server: try await Certificates.made().server(certificate))
            TLSStream.accept(over: ends[place], context, milliseconds: 900_000, time: SystemTime()) { result in
                if case .success(let stream) = result { broker.serve(stream) }
            }
        }
    }

    enum Silence: CaseIterable, Sendable { case nothing, end, reset }

    @Test(arguments: Silence.allCases) func theNextAddressShakesHands(silence: Silence) async throws {
        let (addresses, broker, heard) = (Addresses(), Broker(.patient), Heard())
        addresses.ends[0].start(heard)
        try await addresses.accept(1, broker)
        async let opening = addresses.open()
        await heard.until(100)
        switch silence {
        case .nothing: addresses.time.advance(by: 450_000)
        case .end: addresses.ends[0].close()
        case .reset: addresses.ends[0].abort()
        }
        let connection = try await opening
        try await exchange(over: connection)
        try await connection.close()
    }

    @Test func aWrongCertificateIsFinal() async throws {
        let (addresses, broker) = (Addresses(), Broker(.patient))
        try await addresses.accept(0, certificate: "other-name", broker)
        try await addresses.accept(1, broker)
        let error = await outcome { try await addresses.open() }.failure as? AMQPError
        #expect(error?.kind == .tlsFailed)
        #expect(addresses.untried == 1)
    }

    @Test(arguments: [
        ("expired", "The broker's certificate has expired"),
        ("other-name", "The broker's certificate is not for '127.0.0.1'"),
        ("stranger", "The broker's certificate comes from a CA"), ("self", "The broker's certificate is self-signed"),
    ])
    func wrongCertificates(name: String, reason: String) async throws {
        let log = Log()
        let (broker, port) = try await broker(certificate: name, log: log)
        let error = try await failure(uri(port))
        #expect(error?.kind == .tlsFailed)
        #expect(error?.text.hasPrefix(reason) == true, "\(String(describing: error))")
        #expect(error?.nextStep != "")
        let unchecked = try await failure(uri(port, "verify=verify_none"))
        #expect(unchecked == nil)
        try await until { log.has("The client does not trust this broker's certificate") }
        try await until { broker.connectionCount == 0 }
    }

    @Test func aClientsCertificate() async throws {
        let certificates = try await Certificates.made()
        let (broker, port) = try await broker(ca: "ca")
        let missing = try await failure(uri(port))
        #expect(missing?.kind == .tlsFailed)
        #expect(missing?.text == "The broker wants a client certificate")
        let own =
            "certfile=\(certificates.path("client.pem"))&keyfile=\(certificates.path("locked.key"))&password=secret"
        let given = try await failure(uri(port, own))
        #expect(given == nil)
        withExtendedLifetime(broker) {}
    }

    @Test func portsForTheOther() async throws {
        let log = Log()
        let (broker, port) = try await broker(log: log)
        let plain = try broker.listen(host: "127.0.0.1", port: 0)
        let wrong = try await failure(uri(plain))
        #expect(wrong?.text == "The broker speaks AMQP without TLS at this port")
        let other = await failure("amqp://127.0.0.1:\(port)/?connection_timeout=900000&heartbeat=0")
        #expect([.connectionLost, .protocolViolation].contains(other?.kind))
        try await until { log.has("It speaks AMQP without TLS") }
    }

    /// Whatever comes to the port for TLS, others are served, and the log has a line for each.
    @Test func nobodyIsHurt() async throws {
        let log = Log()
        let (broker, port) = try await broker(log: log)
        let connection = try await Connection.open(uri(port))
        for text in ["GET / HTTP/1.1\r\n\r\n", "AMQP\0\0\u{9}\u{1}", "\u{16}\u{3}\u{1}\u{1}\0\u{1}\0\0\u{FC}", ""] {
            let stream = try await TCPStream.connect(host: "127.0.0.1", port: port, timeoutMilliseconds: 900_000)
            stream.start(Heard())
            stream.send(text)
            stream.close()
        }
        try await until { log.count == 4 }
        try await exchange(over: connection)
        #expect(broker.connectionCount == 1)
        try await connection.close()
    }

    @Test func aBrokerThatIsGoneInTheMiddle() async throws {
        let (broker, port) = try await broker()
        let connection = try await Connection.open(uri(port))
        broker.shutDown()
        await connection.waitUntilClosed()
        #expect(connection.closeReason?.code == .connectionForced)
    }

    @Test func filesThatAreNotThere() async throws {
        let error = await failure("amqps://127.0.0.1:1/?cacertfile=/no")
        // Nobody listens there, which is found out first.
        #expect(error?.kind == .unreachable)
        let (broker, port) = try await broker()
        let file = await failure("amqps://127.0.0.1:\(port)/?cacertfile=/no")
        #expect(file?.kind == .badArgument)
        #expect(file?.text == "The CA's certificate '/no' can't be read: No such file or directory")
        withExtendedLifetime(broker) {}
    }
}

/// There and back: 6 MB, and small ones around it.
func exchange(over connection: Connection) async throws {
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue(exclusive: true)
    var big: [UInt8] = Array(0...255) + [0]
    while big.count < 6_000_000 { big += big }
    big.removeLast(big.count - 6_000_000)
    let bodies = [Array("first".utf8), big, Array("last".utf8)]
    for body in bodies { try await channel.publishAndConfirm(Message(body: body), routingKey: queue.name) }
    var arrived: [[UInt8]] = []
    for try await delivery in try await queue.consume(noAck: true) {
        arrived.append(delivery.body)
        if arrived.count == bodies.count { break }
    }
    let isWhole = arrived == bodies
    #expect(isWhole)
}
