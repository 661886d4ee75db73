import AMQPWire
import Testing

@testable import BrokerCore

@Suite("The end of a broker") struct ShutDownTests {
    @Test("Nothing expires or dies once it is shut down, for nobody could write it down")
    func nothingExpires() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "dead"))
        client.send(
            QueueDeclare(
                queue: "short",
                arguments: [
                    "x-message-ttl": 1000, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead",
                ]))
        client.publish(["late"], to: "short")
        rig.step(.shutDown)
        rig.advance(by: 5000)
        let dead = try #require(rig.core.listQueues().first { $0.name == "dead" })
        #expect(dead.readyCount == 0)
    }

    @Test("What was put off is done before: what was purged does not come back")
    func workIsFinished() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        for number in 0..<6000 { client.publish(["\(number)"], to: "q") }
        var writer = FrameWriter()
        writer.method(QueuePurge(queue: "q"), channel: 1)
        let purged = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        #expect(purged.hasMoreToDo, "it goes in slices")
        #expect(!rig.core.step(.shutDown, now: rig.now).hasMoreToDo)
    }
}
