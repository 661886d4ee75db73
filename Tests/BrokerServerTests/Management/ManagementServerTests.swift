import AMQPTransport
import BrokerCore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BrokerServer

/// The listing API over a stream.
@Suite(.watched) struct ManagementServerTests {
    @Test func requestsOneBehindTheOtherOverTCP() async throws {
        let broker = Broker(time: ManualTime())
        let port = try broker.listenForManagement(port: 0)
        let stream = try await TCPStream.connect(host: "localhost", port: port, timeoutMilliseconds: 20_000)
        let heard = Heard()
        stream.start(heard)
        let request = "GET /api/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"
        // Many at once, the last of which asks to be the last.
        let text = String(repeating: request + "\r\n", count: 500) + request + "Connection: close\r\n\r\n" + request
        stream.send(Array(text.utf8).span.bytes)
        let answer = await heard.untilEnd()
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count - 1 == 501)
        broker.shutDown()
    }

    @Test func garbageGetsOneRefusalAndTheEnd() async throws {
        let broker = Broker(time: ManualTime())
        let port = try broker.listenForManagement(port: 0)
        for garbage in ["\u{0}\r\n\r\n", "AMQP\u{0}\u{0}\u{9}\u{1}\r\n\r\n", String(repeating: "x", count: 100_000)] {
            let stream = try await TCPStream.connect(host: "localhost", port: port, timeoutMilliseconds: 20_000)
            let heard = Heard()
            stream.start(heard)
            stream.send(Array(garbage.utf8).span.bytes)
            #expect(await heard.untilEnd().hasPrefix("HTTP/1.1 4"))
        }
        broker.shutDown()
    }

    /// What was closed here keeps its descriptor until the client has closed its side, and some never do.
    @Test func thoseThatDoNotCloseTheirSideAreDropped() {
        let server = ManagementServer(Broker().listingAPI, time: ManualTime())
        let streams = (0..<ManagementServer.mostClosed + 10).map { _ in HalfOpenStream() }
        for stream in streams {
            server.accept(stream)
            stream.endHere()
        }
        #expect(streams.map(\.isAborted) == streams.indices.map { $0 < 10 })
    }

    @Test func whoTakesTooLongIsDropped() async throws {
        let time = ManualTime()
        let server = ManagementServer(Broker().listingAPI, time: time)
        let (client, stream) = MemoryStream.pair()
        let heard = Heard()
        client.start(heard)
        server.accept(stream)
        // A head that never ends, a little at a time.
        client.send(Array("GET / HTTP/1.1\r\n".utf8).span.bytes)
        time.advance(by: ManagementServer.patience / 2)
        client.send(Array("X: y\r\n".utf8).span.bytes)
        time.advance(by: ManagementServer.patience)
        #expect(await heard.untilEnd() == "")
    }

    @Test func theClientThatDidNothingForLongestMakesRoomForAnother() async throws {
        let time = ManualTime()
        let server = ManagementServer(Broker().listingAPI, time: time)
        let heard = (0..<3).map { _ in Heard() }
        var clients: [MemoryStream] = []
        func connect(_ receiver: Heard?) -> MemoryStream {
            let (client, stream) = MemoryStream.pair()
            if let receiver { client.start(receiver) }
            server.accept(stream)
            clients.append(client)
            return client
        }
        let slow = connect(heard[0])
        slow.send(Array("GET / HTTP/1.1\r\n".utf8).span.bytes)
        time.advance(by: 10)
        for _ in 1..<ManagementServer.mostSessions { _ = connect(nil) }
        // A little more of a request is no use.
        slow.send(Array("X: y\r\n".utf8).span.bytes)
        let late = connect(heard[1])
        #expect(await heard[0].untilEnd() == "")
        late.send(Array("GET /api/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8).span.bytes)
        #expect(await heard[1].untilEnd().hasPrefix("HTTP/1.1 401"))
        for client in clients { client.close() }
    }

    @Test func requestsOfAClientThatLeavesAreForgotten() async throws {
        let begun = Mutex(0)
        let gate = DispatchSemaphore(value: 0)
        var configuration = BrokerConfiguration()
        configuration.users = [
            BrokerConfiguration.User(name: "slow", isCostlyToCheck: true) { _ in
                begun.withLock { $0 += 1 }
                gate.wait()
                return true
            }
        ]
        let (broker, checker) = (Broker(configuration), LoginChecker())
        let server = ManagementServer(broker.listingAPI, time: ManualTime(), checker)
        defer { broker.shutDown() }
        // Both that may be checked at a time, and one that waits for them.
        var clients: [MemoryStream] = []
        let credentials = Base64.encode(Array("slow:x".utf8))
        let request = "GET /api/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic \(credentials)"
        for index in 0..<3 {
            let (client, stream) = MemoryStream.pair()
            client.start(Heard())
            server.accept(TestSource(stream, source: "\(index)"))
            client.send(Array(String(repeating: request + "\r\n\r\n", count: 500).utf8).span.bytes)
            clients.append(client)
        }
        try await until { begun.withLock { $0 } == 2 && checker.waitingCount == 1 }
        for client in clients { client.close() }
        try await until { checker.waitingCount == 0 }
        for _ in 0..<2 { gate.signal() }
        try await until { checker.runningCount == 0 }
        #expect(begun.withLock { $0 } == 2)
    }
    /// A hundred clients that nobody knows would else make it keep as many bodies of eight megabytes.
    @Test(arguments: [("guest:wrong", "401"), ("", "401"), ("some:pw", "413"), ("guest:guest", "204")])
    func aLongBodyIsReadFromAdministratorsAlone(user: String, status: String) async throws {
        var configuration = BrokerConfiguration()
        var some = BrokerConfiguration.User.user("some", password: "pw")
        some.tags = ["policymaker"]
        configuration.users.append(some)
        let broker = Broker(configuration)
        let server = ManagementServer(broker.listingAPI, time: ManualTime())
        defer { broker.shutDown() }
        let (client, stream) = MemoryStream.pair()
        let heard = Heard()
        client.start(heard)
        server.accept(stream)
        let login = user.isEmpty ? "" : "Authorization: Basic \(Base64.encode(Array(user.utf8)))\r\n"
        let body = "{\"explanation\":\"\(String(repeating: "x", count: 100_000))\"}"
        let head = "POST /api/definitions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(login)"
        client.send(Array("\(head)Content-Length: \(body.utf8.count)\r\n\r\n".utf8).span.bytes)
        // From the others nothing more is awaited.
        if status == "204" { client.send(Array(body.utf8).span.bytes) }
        #expect(await heard.untilEnd().hasPrefix("HTTP/1.1 \(status)"))
    }
}

/// A stream that says that it comes from somewhere else.
private final class TestSource: ByteStream {
    let source: String
    private let stream: MemoryStream

    init(_ stream: MemoryStream, source: String) { (self.stream, self.source) = (stream, source) }

    var name: String { stream.name }
    var isLoopback: Bool { true }
    var unsent: Int { stream.unsent }
    func start(_ receiver: any ByteStreamReceiver) { stream.start(receiver) }
    func send(_ bytes: RawSpan) -> Int { stream.send(bytes) }
    func setReading(_ on: Bool) { stream.setReading(on) }
    func close() { stream.close() }
    func abort() { stream.abort() }
}

/// What a client hears until the stream ends.
private final class Heard: ByteStreamReceiver {
    private struct State: Sendable {
        var octets: [UInt8] = []
        var isOver = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    func untilEnd() async -> String {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiter = continuation }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
        return state.withLock { String(decoding: $0.octets, as: UTF8.self) }
    }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { $0.octets += octets }
    }
    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) {
        let waiter = state.withLock { state in
            state.isOver = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

/// A stream whose peer does not close its side.
private final class HalfOpenStream: ByteStream {
    let name = "half open"
    let isLoopback = true
    let unsent = 0
    private let receiver = Mutex<(any ByteStreamReceiver)?>(nil)
    private let hasAborted = Mutex(false)

    var isAborted: Bool { hasAborted.withLock { $0 } }

    func start(_ receiver: any ByteStreamReceiver) { self.receiver.withLock { $0 = receiver } }
    func send(_ bytes: RawSpan) -> Int { 0 }
    func setReading(_ on: Bool) {}
    func close() {}
    func abort() { hasAborted.withLock { $0 = true } }

    /// The receiver hears that it was closed, which it is here only.
    func endHere() { receiver.withLock { $0 }?.streamEnded(.closedHere) }
}
