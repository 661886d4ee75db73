import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// Whoever can bring an alarm up and down again can do so as often as there are steps.
@Suite("Alarms that come and go", .ownThread) struct ByTurnsTests {
    @Test("Who has left is not waited for, however many come, publish and leave while an alarm lasts")
    func whoHasLeft() throws {
        let rig = Rig()
        rig.step(.diskIsLow(true))
        for _ in 0..<500 {
            let client = try rig.open()
            client.publish("x", to: "nowhere")
            #expect(!rig.isRead(client))
            client.disconnect()
        }
        #expect(rig.core.heldBack.waiting.count < 100)
        let clients = try (0..<200).map { _ in try rig.open() }
        for client in clients { client.publish("x", to: "nowhere") }
        #expect(!clients.contains { rig.isRead($0) })
        rig.step(.diskIsLow(false))
        #expect(clients.allSatisfy { rig.isRead($0) } && rig.core.heldBack.waiting.isEmpty)
    }

    /// Makes memory full, and not full any more, a hundred times; there is too much to do about that in between.
    private func alternate(_ rig: Rig) {
        for _ in 0..<100 {
            for mark in [100_000, nil] { _ = rig.core.step(.setMemoryHighWater(mark), now: rig.now) }
        }
    }

    @Test("All connections are told once at a time that there is room")
    func connections() throws {
        let rig = Rig { $0.work.turn = 40 }
        let clients = try (0..<60).map { _ in try rig.open() }
        alternate(rig)
        #expect(rig.core.chores.count <= 1)
        rig.step(.time)
        #expect(rig.core.chores.isEmpty && !clients.contains { $0.isEnded })
    }

    @Test("So are the consumers of a channel")
    func consumers() throws {
        let rig = Rig { $0.work.turn = 40 }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        for number in 0..<2000 {
            client.send(BasicConsume(queue: "q", consumerTag: ShortString(truncating: "\(number)")))
        }
        alternate(rig)
        let count = rig.core.connections[client.id]?.rest.count
        #expect(count.map { $0 <= 1 } == true)
        rig.step(.time)
        #expect(rig.core.connections[client.id]?.rest.isEmpty == true && !client.isEnded)
    }

    @Test("What comes up during a pass makes one more, whatever comes up in that")
    func passes() {
        var pass = SinglePass()
        for _ in 0..<2 {
            let begins = [pass.begin(), pass.begin(), pass.begin()]
            #expect(begins == [true, false, false])
            let (isAnew, isNew) = (pass.end(), pass.begin())
            #expect(isAnew && !isNew)
            let ends = [pass.end(), pass.end()]
            #expect(ends == [true, false])
        }
    }
}
