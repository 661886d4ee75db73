import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// A connection's part of the account.
@Suite("The account of a connection", .ownThread) struct ConnectionAccountTests {
    /// A table that takes up many times what it is on the wire.
    private static let wide: FieldTable = ["a": .array(Array(repeating: .bool(true), count: 1000))]
    private static let ofWide = 1000 * MemoryLayout<FieldValue>.stride

    @Test("What a connection holds of its own is in its own account too")
    func byConnection() throws {
        let rig = Rig()
        let (client, other) = (try rig.open(), try rig.open())
        func held(_ client: RigClient) -> Int { rig.core.connections[client.id]?.load.total ?? 0 }
        let before = (held(client), held(other), rig.core.memoryInUse)
        #expect(before.0 == before.1 && before.2 == before.0 + before.1)
        for channel in 2...101 as ClosedRange<UInt16> { client.send(ChannelOpen(), channel: channel) }
        client.send(QueueDeclare(queue: "q"))
        let ofQueue = rig.core.memoryInUse - before.2 - (held(client) - before.0)
        client.send(BasicConsume(queue: "q", arguments: Self.wide))
        #expect(held(client) - before.0 > 100 * Load.ofChannel + Self.ofWide && held(other) == before.1)
        #expect(rig.core.memoryInUse == held(client) + held(other) + ofQueue)
    }

    @Test("What a client says of itself counts, before it is logged in as well, and goes with it")
    func clientProperties() throws {
        let rig = Rig()
        for isOpened in [false, true] {
            let client = rig.connect()
            client.send(octets: ProtocolHeader.amqp091)
            client.send(
                ConnectionStartOk(
                    clientProperties: Self.wide, mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0
            )
            if isOpened {
                client.send(ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 0), channel: 0)
                client.send(ConnectionOpen(), channel: 0)
            }
            #expect(rig.core.memoryInUse > Load.ofConnection + Self.ofWide)
            client.disconnect()
            #expect(rig.core.memoryInUse == 0)
        }
    }

    @Test("What is to be read of each at a time is an eighth of the memory for all, or little of each")
    func readSizes() throws {
        let rig = Rig { $0.memoryHighWater = 8 << 20 }
        for _ in 0..<4 { _ = rig.connect() }
        #expect(rig.core.mostInRead == 1 << 18)
        for _ in 0..<12 { _ = rig.connect() }
        #expect(rig.core.mostInRead == 1 << 16)
        for _ in 0..<1000 { _ = rig.connect() }
        #expect(rig.core.mostInRead == 1 << 12)
        rig.step(.setMemoryHighWater(nil))
        #expect(rig.core.mostInRead == 1 << 18)
    }

    @Test("What is remembered of a user's rights, of names that need not be there")
    func rights() throws {
        let rights = try Permissions(configure: "", write: ".*", read: "")
        let rig = Rig { $0.users[0].permissions = ["/": rights] }
        let before = rig.core.memoryInUse
        let client = try rig.open()
        let opened = rig.core.memoryInUse
        for number in 1...600 {
            let name = ShortString(truncating: String(repeating: "x", count: 200) + "\(number)")
            client.publish("x", to: "", exchange: name)
            #expect(client.takeClose()?.code == .notFound)
            client.send(ChannelCloseOk())
            client.send(ChannelOpen())
            if number == 200 { #expect(rig.core.memoryInUse >= opened + 200 * (Load.ofRight + 200)) }
        }
        #expect(rig.core.memoryInUse < opened + 256 * 310)
        client.disconnect()
        #expect(rig.core.memoryInUse == before)
    }
}
