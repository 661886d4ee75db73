import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPTLS

/// What may happen to the octets between the two. What a stream promises otherwise, `ByteStreamTests` tests for all kinds.
@Suite(.watched, .enabled(if: Certificates.missing == nil, "needs the system's OpenSSL and the openssl command"))
struct RecordTests {
    private func meet(client: Meddler.Change? = nil, server: Meddler.Change? = nil) async throws -> Ends {
        let certificates = try await Certificates.made()
        let (one, two) = MemoryStream.pair()
        return try await Ends.meet(
            certificates.client, certificates.server(),
            over: (Meddler(one, client ?? { $1 }), Meddler(two, server ?? { $1 })))
    }

    @Test func oneOctetAtATime() async throws {
        let ends = try await meet().open()
        let message = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        ends.client.0.send(message.span.bytes)
        ends.server.0.send(message.span.bytes)
        await ends.server.1.until(message.count)
        await ends.client.1.until(message.count)
        #expect(ends.server.1.octets == message)
        #expect(ends.client.1.octets == message)
        ends.client.0.close()
        #expect(await ends.server.1.end.value == .finished)
        #expect(await ends.client.1.end.value == .closedHere)
    }

    /// At any octet of the handshake: both sides hear of it, and nobody waits.
    @Test(arguments: [0, 1, 4, 5, 6, 60, 200])
    func cutInTheHandshake(after count: Int) async throws {
        for isServer in [true, false] {
            let cut: Meddler.Change = { $0 < count ? $1 : nil }
            let ends = try await meet(client: isServer ? nil : cut, server: isServer ? cut : nil)
            let error = #expect(throws: TLSError.self) { _ = try (isServer ? ends.server : ends.client).get() }
            #expect(error?.kind == .lost)
            #expect(error?.text.hasPrefix("The stream ended during the TLS handshake: ") == true)
        }
    }

    @Test func cutInTheMiddleOfARecord() async throws {
        let certificates = try await Certificates.made()
        let (one, two) = MemoryStream.pair()
        let ends = try await Ends.meet(certificates.client, certificates.server(), over: (one, two)).open()
        ends.client.0.send("whole")
        await ends.server.1.until(5)
        // The stream below ends properly, and TLS does not: somebody on the way may have done that.
        one.close()
        #expect(
            await ends.server.1.end.value
                == .reset("the peer's stream was cut off: it ended without close_notify"))
        #expect(ends.server.1.text == "whole")
        #expect(await ends.client.1.end.value == .closedHere)
    }

    @Test func aSpoiltOctet() async throws {
        // The tenth from when it is set, which is within a record and not in its header.
        let spoils = Mutex(0)
        let ends = try await meet(server: { _, octet in
            spoils.withLock { left in
                left -= 1
                return left == 0 ? octet ^ 1 : octet
            }
        }).open()
        ends.client.0.send("whole")
        await ends.server.1.until(5)
        spoils.withLock { $0 = 10 }
        ends.client.0.send("spoilt")
        guard case .reset(let reason) = await ends.server.1.end.value else {
            return #expect(Bool(false), "no reset")
        }
        #expect(reason.hasPrefix("The other side does not speak TLS as it should ("))
        #expect(ends.server.1.text == "whole")
        // It is told why, by an alert.
        guard case .reset(let told) = await ends.client.1.end.value else { return #expect(Bool(false), "no reset") }
        #expect(told.hasPrefix("The broker ended TLS ("), "\(told)")
    }

    @Test func whatComesAfterTheEndIsDropped() async throws {
        let ends = try await meet().open()
        ends.server.0.close()
        #expect(await ends.client.1.end.value == .finished)
        ends.client.0.send("late")
        #expect(ends.client.0.unsent == 0)
        ends.client.0.close()
        ends.client.0.abort()
        #expect(ends.client.0.failure == nil)
    }

    /// A goodbye that waits because reading is off, and a side that does not wait for it.
    @Test(arguments: [true, false]) func closedHereWhileTheEndWaits(aborts: Bool) async throws {
        let certificates = try await Certificates.made()
        let ends = try await Ends.meet(certificates.client, certificates.server())
        let (client, server) = (try ends.client.get(), try ends.server.get())
        let (heard, other) = (Heard { client.setReading(false) }, Heard())
        client.start(heard)
        server.start(other)
        client.setReading(false)
        server.send("last")
        server.close()
        // Both in one delivery, in the middle of which reading is switched off.
        client.setReading(true)
        await heard.until(4)
        if aborts { client.abort() } else { client.close() }
        #expect(await heard.end.value == .closedHere)
        #expect(await other.end.value == .closedHere)
    }
}
