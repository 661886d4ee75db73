import TestSupport
import Testing

@testable import AMQPTransport

/// However many come and go whom nobody has let in, those that are in are served first.
@Suite(.watched)
struct NewcomerTests {
    #if os(Linux)
        @Test func aFewAreFoundAtATimeBehindThoseThatAreIn() throws {
            let poller = try EpollPoller.make().get()
            let pipes = try (0...100).map { _ in WakeUpPipe(try Socket.wakeUpPipe().get()) }
            for (place, pipe) in pipes.enumerated() {
                let isLast = place == 100
                let code = poller.add(
                    pipe.readEnd, token: UInt64(place + 1), for: .readable, isNewcomer: !isLast)
                #expect(code == 0)
                pipe.signal()
            }
            var events: [PollEvent] = []
            poller.wait(block: true, into: &events)
            #expect(events.count == 1 + EpollPoller.maxNewcomers && events.first?.token == 101)
            // All have their turn.
            var seen = Set(events.map(\.token))
            for _ in 0..<3 {
                poller.wait(block: true, into: &events)
                seen.formUnion(events.map(\.token))
            }
            #expect(seen.count == 101)

            #expect(poller.admit(pipes[49].readEnd, token: 50, for: .readable) == 0)
            poller.wait(block: true, into: &events)
            #expect(Set(events.prefix(2).map(\.token)) == [50, 101])
            // What is changed and forgotten, of either kind.
            for place in [49, 0] {
                #expect(poller.change(pipes[place].readEnd, token: UInt64(place + 1), for: []) == 0)
            }
            for place in 1..<49 { poller.forget(pipes[place].readEnd) }
            for place in 50...100 { poller.forget(pipes[place].readEnd) }
            poller.wait(block: false, into: &events)
            #expect(events.isEmpty)
            #expect(poller.change(pipes[0].readEnd, token: 1, for: .readable) == 0)
            poller.wait(block: true, into: &events)
            #expect(events.map(\.token) == [1])
        }
    #endif

    @Test(arguments: TCPTests.loops)
    func oneIsServedBeforeItIsLetInAndAfter(kind: Kind) async throws {
        let accepted = Box<TCPStream>()
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: kind.loop, awaitsAdmission: true) {
            accepted.put($0)
        }
        defer { listener.close() }
        let stream = try await TCPStream.connect(
            host: "127.0.0.1", port: listener.port, timeoutMilliseconds: 900_000, loop: kind.loop)
        let (receiver, server) = (Recorder(), await accepted.take())
        stream.start(receiver)
        server.start(Recorder { server.send($0.span.bytes) })
        stream.send("one ")
        await receiver.until { $0.text == "one " }
        server.setReading(false)
        stream.send("two ")
        server.setReading(true)
        await receiver.until { $0.text == "one two " }
        server.admit()
        stream.send("three ")
        await receiver.until { $0.text == "one two three " }
        server.setReading(false)
        stream.send("four")
        server.admit()
        server.setReading(true)
        await receiver.until { $0.text == "one two three four" }
        stream.close()
        #expect(await receiver.untilEnd().ends == [.closedHere])
    }
}
