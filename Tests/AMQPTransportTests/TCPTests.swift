import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AMQPTransport

/// What only TCP has: addresses, refusals, descriptors, foreign peers.
@Suite(.watched)
struct TCPTests {
    static let loops = [Kind.tcp, .tcpOnPoll]

    /// A blocking socket of an arbitrary program, connected to the port.
    func foreignSocket(to port: Int) throws -> Int32 {
        let fd = try Socket.open(family: AF_INET).get()
        _ = fcntl(fd, F_SETFL, 0)
        let address = try SocketAddress.resolve(host: "127.0.0.1", port: port, numericOnly: true)[0]
        try #require(Socket.connect(fd, to: address) == 0)
        return fd
    }

    @Test func anUnusedPortRefuses() async throws {
        let unused = try UnusedPort()
        await #expect(throws: TransportError.refused(host: "127.0.0.1", port: unused.number)) {
            try await TCPStream.connect(host: "127.0.0.1", port: unused.number, timeoutMilliseconds: 20_000)
        }
        await #expect(throws: TransportError.refused(host: "localhost", port: unused.number)) {
            try await TCPStream.connect(host: "localhost", port: unused.number, timeoutMilliseconds: 20_000)
        }
    }

    /// A caller may find out only later that an address is not what it wants, and goes on with the others.
    @Test func addressesThatWereNotTriedAreLeft() async throws {
        let loop = EventLoop()
        defer { loop.stop() }
        let unused = try UnusedPort()
        // Kept: one that is reset at once may count as refused.
        let accepted = Box<TCPStream>()
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { accepted.put($0) }
        defer { listener.close() }
        var addresses = HostAddresses(host: "a.name", port: 1)
        #expect(addresses.count == 0)
        addresses.left = try [unused.number, listener.port, unused.number].map {
            try SocketAddress.resolve(host: "127.0.0.1", port: $0, numericOnly: true)[0]
        }[...]
        let stream = try await TCPStream.connect(to: &addresses, timeoutMilliseconds: 900_000, loop: loop)
        stream.abort()
        #expect(addresses.count == 1)
        do throws(TransportError) {
            _ = try await TCPStream.connect(to: &addresses, timeoutMilliseconds: 900_000, loop: loop)
            Issue.record("nobody listens there")
        } catch {
            #expect(error == .refused(host: "a.name", port: 1))
        }
        #expect(addresses.count == 0)
    }

    @Test func aPortInUseIsSaidSo() throws {
        let loop = EventLoop()
        defer { loop.stop() }
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { _ in }
        let port = listener.port
        #expect(throws: TransportError.addressInUse(host: "127.0.0.1", port: port)) {
            try TCPListener(host: "127.0.0.1", port: port, loop: loop) { _ in }
        }
        listener.close()
    }

    @Test func aClosedPortIsFreeAtOnce() throws {
        let loop = EventLoop()
        defer { loop.stop() }
        // Between the two, a connection of somebody else's may be given the port: then it is tried again with another.
        let isFree = try (0..<5).contains { _ in
            let first = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { _ in }
            first.close()
            let second = try? TCPListener(host: "127.0.0.1", port: first.port, loop: loop) { _ in }
            second?.close()
            return second != nil
        }
        #expect(isFree)
    }

    @Test(arguments: [("127.0.0.1", 0), ("127.0.0.1", -1), ("127.0.0.1", 70_000), ("no\0host", 5672), ("", 99_999)])
    func impossibleEndpointsAreErrors(host: String, port: Int) async {
        await #expect(throws: TransportError.self) {
            try await TCPStream.connect(host: host, port: port, timeoutMilliseconds: 1)
        }
    }

    @Test func anUnresolvableNameIsSaidSo() async {
        await #expect {
            try await TCPStream.connect(host: "no host has blanks", port: 5672, timeoutMilliseconds: 20_000)
        } throws: { error in
            guard case .unknownHost("no host has blanks", 5672, _) = error as? TransportError else { return false }
            return "\(error)".contains("no host has blanks:5672")
        }
    }

    /// A listener whose backlog is full answers nobody: the kernel drops the packets of newcomers.
    func withSilentPort(_ body: (Int) async throws -> Void) async throws {
        let fd = try Socket.open(family: AF_INET).get()
        let address = try SocketAddress.resolve(host: "127.0.0.1", port: 0, toListen: true)[0]
        #expect(Socket.bindAndListen(fd, at: address, backlog: 0) == 0)
        let full = try #require(SocketAddress.ofThisEnd(fd))
        var fillers: [Int32] = [fd]
        for _ in 0..<4 {
            let filler = try Socket.open(family: AF_INET).get()
            _ = Socket.connect(filler, to: full)
            fillers.append(filler)
        }
        defer { fillers.forEach(Socket.close) }
        try await body(full.port)
    }

    #if os(Linux)
        @Test func noAnswerIsATimeOut() async throws {
            try await withSilentPort { port in
                let expected = TransportError.timedOut(host: "127.0.0.1", port: port, milliseconds: 50)
                await #expect(throws: expected) {
                    try await TCPStream.connect(host: "127.0.0.1", port: port, timeoutMilliseconds: 50)
                }
            }
        }

        @Test func aCancelledTaskStopsConnecting() async throws {
            try await withSilentPort { port in
                let task = Task {
                    try await TCPStream.connect(host: "127.0.0.1", port: port, timeoutMilliseconds: 3_600_000)
                }
                task.cancel()
                await #expect(throws: TransportError.cancelled(host: "127.0.0.1", port: port)) {
                    try await task.value
                }
            }
        }
    #endif

    @Test func localhostIsEveryLoopbackAddress() async throws {
        let loop = EventLoop()
        defer { loop.stop() }
        let accepted = Box<TCPStream>()
        let listener = try TCPListener(host: "localhost", port: 0, loop: loop) { accepted.put($0) }
        for address in try SocketAddress.resolve(host: "localhost", port: listener.port) {
            let host = address.isIPv6 ? "::1" : "127.0.0.1"
            guard let fd = try? Socket.open(family: address.family).get() else { continue }
            Socket.close(fd)
            do {
                let stream = try await TCPStream.connect(host: host, port: listener.port, loop: loop)
                #expect(stream.isLoopback)
                stream.abort()
            } catch {
                // Only a machine without IPv6 may lack ::1.
                #expect(address.isIPv6)
                guard case .other = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        listener.close()
    }

    @Test(arguments: loops)
    func aHalfClosedPeerStillGetsItsAnswer(kind: Kind) async throws {
        let accepted = Box<TCPStream>()
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: kind.loop) { accepted.put($0) }
        let fd = try foreignSocket(to: listener.port)
        let stream = await accepted.take()
        listener.close()
        // More than the kernel takes: the rest is still queued when the peer's end of stream arrives.
        let answer = pattern(8_000_000)
        let receiver = Recorder { _ in stream.send(answer.span.bytes) }
        stream.start(receiver)
        #expect(write(fd, "question", 8) == 8)
        Socket.finishSending(fd)
        let heard = await receiver.untilEnd()
        #expect(heard.text == "question")
        #expect(heard.ends == [.finished])
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(fd, &buffer, buffer.count, 0)
            if count <= 0 { break }
            received += buffer[..<count]
        }
        let isWhole = areSame(received, answer)
        #expect(isWhole, "\(received.count) of \(answer.count) octets")
        Socket.close(fd)
    }

    @Test(arguments: loops)
    func lastWordsReachAPeerThatIsStillSending(kind: Kind) async throws {
        let (one, two) = try await tcpPair(loop: kind.loop)
        let first = Recorder()
        let second = Recorder()
        two.setReading(false)
        two.start(second)
        one.start(first)
        // What `two` sends is never received by `one`; a careless close would answer it with a reset.
        two.send(pattern(4_000_000).span.bytes)
        one.setReading(false)
        one.send("last words")
        one.close()
        two.send("too late")
        two.setReading(true)
        let heard = await second.untilEnd()
        #expect(heard.text == "last words")
        #expect(heard.ends == [.finished])
        #expect(await first.untilEnd().ends == [.closedHere])
    }

    @Test(arguments: loops)
    func twoHundredConnectionsEchoOnOneLoop(kind: Kind) async throws {
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: kind.loop) { stream in
            stream.start(Recorder { stream.send($0.span.bytes) })
        }
        defer { listener.close() }
        let port = listener.port
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let stream = try await TCPStream.connect(
                        host: "127.0.0.1", port: port, timeoutMilliseconds: 50_000, loop: kind.loop)
                    let receiver = Recorder()
                    stream.start(receiver)
                    for round in 1...5 {
                        let text = "\(number)/\(round);"
                        let length = receiver.heard.bytes.count + text.utf8.count
                        stream.send(text)
                        await receiver.until { $0.bytes.count == length }
                    }
                    #expect(receiver.heard.text == (1...5).map { "\(number)/\($0);" }.joined())
                    stream.close()
                    #expect(await receiver.untilEnd().ends == [.closedHere])
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func aStoppedLoopEndsItsStreams() async throws {
        let loop = EventLoop()
        let (one, two) = try await tcpPair(loop: loop)
        let (first, second) = (Recorder(), Recorder())
        one.start(first)
        two.start(second)
        loop.stop()
        #expect(await first.untilEnd().ends.count == 1)
        #expect(await second.untilEnd().ends.count == 1)
        await #expect(throws: TransportError.self) {
            try await TCPStream.connect(host: "127.0.0.1", port: 1, loop: loop)
        }
    }
}

@Suite(.watched)
struct EventLoopTests {
    @Test(arguments: [PollerKind.best, .poll])
    func workRunsInOrderThenTheHook(kind: PollerKind) async {
        let loop = EventLoop(kind)
        defer { loop.stop() }
        let log = Box<String>()
        loop.execute {
            // The same wake-up takes what is there; the hook follows.
            loop.afterWakeUp = { log.put("hook") }
            loop.execute { log.put("inner") }
            log.put("outer")
        }
        #expect(await log.take() == "outer")
        #expect(await log.take() == "inner")
        #expect(await log.take() == "hook")
    }
}
