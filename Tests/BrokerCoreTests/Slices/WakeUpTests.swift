import AMQPWire
import Testing

@testable import BrokerCore

/// What comes in one wake-up shares a turn.
@Suite("Wake-ups", .ownThread)
struct WakeUpTests {
    private let rig = Rig { $0.work.turn = 1000 }

    /// Behind a hundred busy ones its turn would come late, and until then nothing is read from it.
    @Test("Who has nothing more is not made to wait when others have used up the turn")
    func nothingMore() throws {
        let (client, other) = (try rig.open(), try rig.open())
        _ = rig.takeReadingChanges()
        var writer = FrameWriter()
        for _ in 0..<2000 {
            writer.content(BasicPublish(routingKey: "q"), BasicProperties(), body: [1], channel: 1, frameMax: 4096)
        }
        _ = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now, moreFollows: true)
        writer.method(QueueDeclare(queue: "other"), channel: 1)
        _ = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now, moreFollows: true)
        let effects = rig.core.step(.time, now: rig.now)
        #expect(effects.hasMoreToDo)
        #expect(effects.readingChanges.map(\.connection) == [client.id])
        #expect(effects.writes.contains { $0.connection == other.id })
    }

    @Test("To write to very many counts, and so do the octets that each is sent", arguments: [10, 50_000])
    func writes(size: Int) throws {
        let publisher = try rig.open()
        publisher.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<200 {
            let (client, name) = (try rig.open(), ShortString(truncating: "q\(number)"))
            client.send(QueueDeclare(queue: name))
            client.send(QueueBind(queue: name, exchange: "x"))
            client.send(BasicConsume(queue: name))
        }
        var writer = FrameWriter()
        for _ in 0..<12 {
            writer.content(
                BasicPublish(exchange: "x"), BasicProperties(), body: [UInt8](repeating: 1, count: size), channel: 1,
                frameMax: 131_072)
        }
        let octets = writer.take()
        let effects = rig.core.step(.received(octets.span.bytes, from: publisher.id), now: rig.now)
        // A step has a turn for what has come, which the first small one takes up, and a turn for what is left. Of a large one
        // each turn has room for an eighth.
        let handedOut = rig.core.listQueues().map(\.unacknowledgedCount)
        #expect(effects.hasMoreToDo && handedOut.max() == (size > 1000 ? 1 : 6), "\(handedOut)")
        #expect(handedOut.count { $0 > 0 } <= (size > 1000 ? 60 : 200))
    }
}
