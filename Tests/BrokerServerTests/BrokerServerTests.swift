import AMQPClient
import AMQPTransport
import BrokerCore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BrokerServer

extension Broker {
    /// A client in memory.
    func open(user: String = "guest", virtualHost: String = "/") async throws -> Connection {
        var configuration = ConnectionConfiguration()
        configuration.user = user
        configuration.password = user == "guest" ? "guest" : "wrong-password"
        configuration.virtualHost = virtualHost
        return try await Connection.open(patientlyOver: connect(), configuration)
    }
}

@Suite(.watched) struct BrokerServerTests {
    @Test func clientsInMemoryAndOnTCPShareQueues() async throws {
        let broker = Broker.patient
        let port = try broker.listen(port: 0)
        let near = try await broker.open()
        let far = try await Connection.open(patiently: "amqp://localhost:\(port)")
        let channel = try await near.openChannel()
        try await channel.selectConfirms()
        try await channel.declareQueue("shared").publish(Message("from memory"))
        // Between connections only what was confirmed comes before what is asked then.
        try await channel.waitForConfirms()
        let delivery = try await far.openChannel().queue("shared").get(noAck: true)
        #expect(delivery?.text == "from memory")
        #expect(broker.connectionCount == 2)
        try await near.close()
        try await far.close()
    }

    /// Until then it is one of those of whom nobody knows who they are.
    @Test func aClientIsLetInWhenItsConnectionIsOpen() async throws {
        let broker = Broker.patient
        let (near, far) = MemoryStream.pair()
        let stream = WatchedStream(far)
        broker.serve(stream)
        var wrong = ConnectionConfiguration()
        wrong.password = "wrong"
        let (guess, guessed) = MemoryStream.pair()
        let refused = WatchedStream(guessed)
        broker.serve(refused)
        _ = try? await Connection.open(patientlyOver: guess, wrong)
        let connection = try await Connection.open(patientlyOver: near, ConnectionConfiguration())
        #expect(stream.admissions == 1 && refused.admissions == 0)
        try await connection.close()
    }

    #if os(Linux)
        /// The kernel says how large it has made the table.
        @Test func theTableOfDescriptorsHasItsSizeFromTheStart() throws {
            Machine.reserveDescriptorTable()
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("FDSize:") })
            let size = try #require(line.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) })
            #expect(size >= min(Machine.descriptorLimit, 65_536))
        }
    #endif

    @Test func guestMayComeOverIPv6Too() async throws {
        let broker = Broker.patient
        // A machine without IPv6 has no such address.
        guard let port = try? broker.listen(host: "::1", port: 0) else { return }
        try await Connection.open(patiently: "amqp://[::1]:\(port)").close()
    }

    @Test func atTheLimitNewClientsWaitAndThoseThatAreInGoOn() async throws {
        let lines = Mutex<[String]>([])
        var configuration = BrokerConfiguration.patient
        configuration.logLevel = .warning
        let time = SystemTime()
        let broker = Broker(
            BrokerCore(configuration, now: time.now), store: nil, time: time,
            log: { event in lines.withLock { $0.append(event.text) } }, mostConnections: 2)
        let port = try broker.listen(port: 0)
        let uri = "amqp://localhost:\(port)"
        let (first, second) = (
            try await Connection.open(patiently: uri), try await Connection.open(patiently: uri)
        )
        // Each makes place for the next, in whatever order they get in.
        let waiting = (0..<3).map { _ in Task { try await Connection.open(patiently: uri).close() } }
        try await until { lines.withLock { !$0.isEmpty } }
        #expect(broker.connectionCount == 2)
        _ = try await second.openChannel().declareQueue(exclusive: true)
        #expect(broker.connectionCount == 2)
        for connection in [first, second] { try await connection.close() }
        for client in waiting { try await client.value }
        // Said again only where one of the three came when nobody was waiting any more.
        #expect(lines.withLock { Set($0) } == ["2 clients are connected: others wait until one has gone"])
    }

    @Test func aPortInUseIsSaidToBeSo() throws {
        let broker = Broker.patient
        let port = try broker.listen(port: 0)
        #expect(throws: TransportError.addressInUse(host: "localhost", port: port)) {
            try Broker().listen(port: port)
        }
    }

    @Test func shutDownTellsEveryClientAndThenTheCaller() async throws {
        let broker = Broker.patient
        let port = try broker.listen(port: 0)
        let near = try await broker.open()
        let far = try await Connection.open(patiently: "amqp://localhost:\(port)")
        await withCheckedContinuation { finished in broker.shutDown { finished.resume() } }
        #expect(broker.connectionCount == 0)
        for connection in [near, far] {
            await connection.waitUntilClosed()
            #expect(connection.closeReason?.code == .connectionForced)
        }
        // Nobody gets in any more, by whichever way.
        await #expect(throws: (any Error).self) { try await broker.open() }
        await #expect(throws: (any Error).self) { try await Connection.open(patiently: "amqp://localhost:\(port)") }
    }

    @Test func shutDownOfABrokerWithoutClientsIsOverAtOnce() async {
        let broker = Broker.patient
        await withCheckedContinuation { finished in broker.shutDown { finished.resume() } }
        #expect(broker.connectionCount == 0)
    }

    @Test func whoHasNotSaidAnythingDoesNotHoldUpAShutDown() async throws {
        let broker = Broker.patient
        let port = try broker.listen(port: 0)
        let silent = try await TCPStream.connect(host: "localhost", port: port, timeoutMilliseconds: 20_000)
        let end = Ending()
        silent.start(end)
        try await until { broker.connectionCount > 0 }
        await withCheckedContinuation { finished in broker.shutDown { finished.resume() } }
        #expect(await end.wait() == .finished)
    }

    @Test func eachVirtualHostHasItsOwn() async throws {
        var configuration = BrokerConfiguration()
        configuration.virtualHosts.append("other")
        let broker = Broker(configuration)
        let here = try await broker.open()
        let there = try await broker.open(virtualHost: "other")
        let channel = try await here.openChannel()
        try await channel.selectConfirms()
        try await channel.declareQueue("q").publish(Message("here"))
        try await channel.waitForConfirms()
        #expect(try await there.openChannel().declareQueue("q").get(noAck: true) == nil)
        await #expect(throws: (any Error).self) { try await broker.open(virtualHost: "none") }
    }
}

/// Waits for a stream's end.
private final class Ending: ByteStreamReceiver {
    private let state = Mutex<(end: StreamEnd?, waiter: CheckedContinuation<StreamEnd, Never>?)>((nil, nil))

    func wait() async -> StreamEnd {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state in
                if state.end == nil { state.waiter = continuation }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    func streamReceived(_ bytes: RawSpan) {}
    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) {
        let waiter = state.withLock { state in
            state.end = end
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: end)
    }
}

extension Broker {
    /// In real time, but with patience for logins: a client's task may come to its turn only after a thousand others.
    static var patient: Broker { Broker(.patient) }
}

/// A stream that knows whether its peer was let in.
private final class WatchedStream: ByteStream {
    private let inner: any ByteStream
    private let count = Mutex(0)

    init(_ inner: any ByteStream) { self.inner = inner }

    var admissions: Int { count.withLock(\.self) }
    func admit() { count.withLock { $0 += 1 } }

    var name: String { inner.name }
    var isLoopback: Bool { inner.isLoopback }
    var unsent: Int { inner.unsent }
    func start(_ receiver: any ByteStreamReceiver) { inner.start(receiver) }
    func send(_ bytes: RawSpan) -> Int { inner.send(bytes) }
    func setReading(_ on: Bool) { inner.setReading(on) }
    func close() { inner.close() }
    func abort() { inner.abort() }
}
