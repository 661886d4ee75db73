import AMQPClient
import AMQPTransport
import AMQPWire
import BrokerServer
import Interceptor
import Synchronization
import TestSupport
import Testing

/// Lets everything pass, counts the frames, and cuts before one of them.
private final class Cutter: Hook {
    private let passed = Mutex(0)
    private let cutAt: Int

    init(cutAt: Int = .max) { self.cutAt = cutAt }

    var count: Int { passed.withLock { $0 } }

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        guard piece.frame != nil else { return .pass }
        return passed.withLock { passed in
            passed += 1
            return passed > cutAt ? .cut : .pass
        }
    }
}

/// Our client and our broker, with an interceptor between them: over TCP, through a relay, and in memory.
@Suite(.watched)
struct RelayTests {
    private func open(_ broker: Broker, _ hook: any Hook, overTCP: Bool) async throws -> (Connection, TCPListener?) {
        guard overTCP else {
            return (try await Connection.open(patientlyOver: Interceptor(broker.connect(), hook)), nil)
        }
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: .shared) { stream in
            Relay.join(stream, Interceptor(broker.connect(), hook))
        }
        do {
            return (try await Connection.open(patiently: "amqp://guest:guest@127.0.0.1:\(listener.port)"), listener)
        } catch {
            listener.close()
            throw error
        }
    }

    /// A message there and back, larger than a frame.
    private func converse(_ connection: Connection) async throws -> [UInt8]? {
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        try await queue.publish(Message(body: Array(repeating: 7, count: 300_000)))
        let body = try await queue.get(noAck: true)?.body
        try await connection.close()
        return body
    }

    @Test(arguments: [true, false]) func everythingPasses(overTCP: Bool) async throws {
        let broker = Broker(.patient)
        defer { broker.shutDown() }
        let hook = Cutter()
        let (connection, listener) = try await open(broker, hook, overTCP: overTCP)
        defer { listener?.close() }
        #expect(try await converse(connection)?.count == 300_000)
        #expect(hook.count > 20)
    }

    @Test(arguments: [true, false]) func aCutAtAnyFrameEndsTheClientWithAnError(overTCP: Bool) async throws {
        let broker = Broker(.patient)
        defer { broker.shutDown() }
        let whole = Cutter()
        let (connection, listener) = try await open(broker, whole, overTCP: overTCP)
        _ = try await converse(connection)
        listener?.close()
        // Of what follows connection.close, nothing has to arrive.
        for frame in 0..<whole.count - 2 {
            await #expect(throws: (any Error).self, "cut at frame \(frame)") {
                let (connection, listener) = try await open(broker, Cutter(cutAt: frame), overTCP: overTCP)
                defer { listener?.close() }
                _ = try await converse(connection)
            }
        }
    }
}
