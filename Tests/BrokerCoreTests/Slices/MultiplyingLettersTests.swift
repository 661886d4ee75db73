import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// Queues that are always full, and hand each message on to all the others: it takes every way through them. With a dozen
/// there are more than a billion, and what waits must not grow with them.
@Suite("Dead letters that multiply", .ownThread)
struct MultiplyingLettersTests {
    private static func rig(letters: Int = 50, turn: Int = 200, mark: Int? = nil) -> Rig {
        Rig {
            $0.work.turn = turn
            $0.work.letters = letters
            $0.memoryHighWater = mark
            $0.logLevel = .warning
        }
    }

    private static func declareQueues(_ client: RigClient, _ count: Int) {
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<count {
            let name = ShortString(truncating: "q\(number)")
            client.send(
                QueueDeclare(queue: name, arguments: ["x-max-length": 0, "x-dead-letter-exchange": "x"]))
            client.send(QueueBind(queue: name, exchange: "x"))
        }
    }

    private static func message(_ size: Int = 1) -> [UInt8] {
        var writer = FrameWriter()
        writer.content(
            BasicPublish(exchange: "x"), .init(), body: Array(repeating: 1, count: size), channel: 1, frameMax: 4096)
        return writer.take()
    }

    private static func begin(_ rig: Rig, _ client: RigClient, size: Int = 1) {
        #expect(rig.core.step(.received(message(size).span.bytes, from: client.id), now: rig.now).hasMoreToDo)
    }

    @Test("Every way is taken to its end, however few letters may wait beside each other", arguments: [10, 4000])
    func everyWay(letters: Int) throws {
        let rig = Self.rig(letters: letters)
        let client = try rig.open()
        Self.declareQueues(client, 5)
        let before = rig.core.load.total
        client.send(QueueDeclare(queue: "all"))
        client.send(QueueBind(queue: "all", exchange: "x"))
        client.send(octets: Self.message())
        // 5 ways of one queue, 5 * 4 of two, 60, 120 and 120; and the message itself.
        #expect(rig.core.listQueues().map(\.readyCount).reduce(0, +) == 326)
        client.send(QueueDelete(queue: "all"))
        // The channel remembers its last route, and with that a queue that is gone.
        client.publish("", to: "nowhere")
        #expect(rig.core.load.total == before)
    }

    @Test("What waits is counted, and does not multiply")
    func bounds() throws {
        let rig = Self.rig()
        let client = try rig.open()
        Self.declareQueues(client, 12)
        let (before, othersBefore) = (rig.core.load.total, rig.core.load.otherOctets)
        Self.begin(rig, client)
        var (most, mostOthers) = (0, 0)
        for _ in 0..<200 {
            #expect(rig.core.step(.time, now: rig.now).hasMoreToDo)
            most = max(most, rig.core.load.total - before)
            mostOthers = max(mostOthers, rig.core.load.otherOctets - othersBefore)
        }
        #expect(mostOthers > 50 * Load.ofLetter, "\(mostOthers)")
        // 50 wait beside each other, and at most 11 at each of 12 queues of one way.
        #expect(most < 200 * 4000, "\(most)")
    }

    @Test("Of large messages few letters wait beside each other")
    func largeMessages() throws {
        let rig = Self.rig(letters: 4000, turn: 1000, mark: 4_000_000)
        let client = try rig.open()
        Self.declareQueues(client, 12)
        let before = rig.core.load.total
        Self.begin(rig, client, size: 20_000)
        var most = 0
        for _ in 0..<200 {
            #expect(rig.core.step(.time, now: rig.now).hasMoreToDo)
            most = max(most, rig.core.load.total - before)
        }
        #expect(most < 2_000_000, "\(most)")
    }

    @Test("Who causes nothing is served as ever")
    func others() throws {
        let rig = Self.rig()
        let (client, other) = (try rig.open(), try rig.open())
        Self.declareQueues(client, 12)
        Self.begin(rig, client)
        var writer = FrameWriter()
        for _ in 0..<50 { writer.method(BasicQos(prefetchCount: 1), channel: 1) }
        let effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(effects.hasMoreToDo)
        for write in effects.writes where write.connection == other.id { write.withOctets { other.receive($0) } }
        #expect(other.take().count == 50)
    }

    @Test("Dead letters of others arrive meanwhile")
    func lettersOfOthers() throws {
        let rig = Self.rig()
        let (client, other) = (try rig.open(), try rig.open())
        other.send(QueueDeclare(queue: "dead"))
        other.send(
            QueueDeclare(
                queue: "other",
                arguments: [
                    "x-max-length": 0, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead",
                ]))
        Self.declareQueues(client, 12)
        Self.begin(rig, client)
        for _ in 0..<50 { _ = rig.core.step(.time, now: rig.now) }
        var writer = FrameWriter()
        writer.content(BasicPublish(routingKey: "other"), .init(), body: [1], channel: 1, frameMax: 4096)
        _ = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        for _ in 0..<10 { _ = rig.core.step(.time, now: rig.now) }
        #expect(rig.core.listQueues().first { $0.name == "dead" }?.readyCount == 1)
    }

    @Test("When memory is low, what multiplies is given up, and the log says so once")
    func mark() throws {
        let rig = Self.rig(turn: 1000, mark: 400_000)
        let client = try rig.open()
        Self.declareQueues(client, 60)
        try #require(rig.core.load.total < 250_000)
        Self.begin(rig, client)
        var (most, log) = (0, [LogEvent]())
        for _ in 0..<60 {
            log += rig.core.step(.time, now: rig.now).log
            most = max(most, rig.core.load.total)
        }
        #expect(most < 500_000, "\(most)")
        #expect(log.count { $0.text.contains("dead letters of queue 'q") && $0.text.contains("are lost") } == 1)
    }

    @Test("A broker can be shut down in the middle of it")
    func shutDown() throws {
        let rig = Self.rig(turn: 20)
        let client = try rig.open()
        Self.declareQueues(client, 12)
        let before = rig.core.load.total
        Self.begin(rig, client)
        #expect(!rig.core.step(.shutDown, now: rig.now).hasMoreToDo)
        #expect(rig.core.load.total <= before)
    }
}
