import Synchronization
import TestSupport
import Testing

@testable import AMQPTransport

@Suite(.watched)
struct ReadSizeTests {
    @Test(arguments: [PollerKind.best, .poll])
    func noMoreIsReadAtATimeThanIsSaid(kind: PollerKind) async throws {
        let loop = EventLoop(kind, patience: 180)
        defer { loop.stop() }
        let (client, server) = try await tcpPair(loop: loop)
        let sizes = Mutex<[Int]>([])
        let recorder = Recorder { octets in sizes.withLock { $0.append(octets.count) } }
        client.start(Recorder())
        loop.limitReads(to: 1000)
        client.send(String(repeating: "x", count: 20_000))
        // What was sent before it was read is there in one piece.
        server.start(recorder)
        await recorder.until { $0.bytes.count == 20_000 }
        let largest = sizes.withLock { $0.max() ?? 0 }
        #expect((1...1000).contains(largest))
        // A limit that is none, and one that would read nothing.
        for limit in [Int.max, 0] {
            loop.limitReads(to: limit)
            let count = recorder.heard.bytes.count + 10
            client.send(String(repeating: "y", count: 10))
            await recorder.until { $0.bytes.count == count }
        }
        client.close()
        _ = await recorder.untilEnd()
    }
}
