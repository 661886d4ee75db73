import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

@Suite("Who gets which message", .ownThread)
struct DispatchTests {
    @Test("Consumers with room take turns")
    func roundRobin() throws {
        let rig = Rig()
        let producer = try rig.open()
        producer.send(QueueDeclare(queue: "tasks"))
        let workers = try (0..<3).map { _ in try rig.open() }
        for worker in workers { worker.send(BasicConsume(queue: "tasks", noAck: true)) }
        for number in 0..<15 { producer.publish("\(number)", to: "tasks") }
        #expect(workers[0].takeBodies() == ["0", "3", "6", "9", "12"])
        #expect(workers[1].takeBodies() == ["1", "4", "7", "10", "13"])
        #expect(workers[2].takeBodies() == ["2", "5", "8", "11", "14"])
    }

    @Test("A full prefetch window passes a consumer over until it acknowledges")
    func fairDispatch() throws {
        let rig = Rig()
        let producer = try rig.open()
        producer.send(QueueDeclare(queue: "tasks"))
        let (busy, free) = (try rig.open(), try rig.open())
        for worker in [busy, free] {
            worker.send(BasicQos(prefetchCount: 1))
            worker.send(BasicConsume(queue: "tasks"))
            _ = worker.take()
        }
        for number in 0..<4 { producer.publish("\(number)", to: "tasks") }
        #expect(free.takeBodies() == ["1"])
        free.send(BasicAck(deliveryTag: 1))
        #expect(free.takeBodies() == ["2"])
        free.send(BasicAck(deliveryTag: 2))
        #expect(free.takeBodies() == ["3"])
        #expect(busy.takeBodies() == ["0"])
    }

    @Test("Queues that share a window take turns, and a consumer without acks waits beside it")
    func sharedWindow() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(BasicQos(prefetchCount: 1, global: true))
        for queue in ["a", "b", "c"] as [ShortString] {
            client.send(QueueDeclare(queue: queue))
            for number in 1...4 { client.publish("\(queue)\(number)", to: queue) }
            client.send(BasicConsume(queue: queue, noAck: queue == "c"))
        }
        var bodies = client.takeBodies()
        for tag in [1, 2, 3] as [UInt64] {
            client.send(BasicAck(deliveryTag: tag))
            bodies += client.takeBodies()
        }
        // What needs no ack leaves the window as it is: all of it goes when the turn comes.
        #expect(bodies == ["a1", "a2", "b1", "c1", "c2", "c3", "c4", "a3"])
    }

    @Test("After a single active consumer comes the one with the highest priority, and of those the first")
    func nextActive() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "tasks", arguments: ["x-single-active-consumer": true]))
        for (tag, priority) in [("a", 0), ("b", 0), ("c", 5), ("d", 5), ("e", 1)] as [(ShortString, Int32)] {
            client.send(
                BasicConsume(
                    queue: "tasks", consumerTag: tag, noAck: true, arguments: ["x-priority": .int32(priority)]))
        }
        client.send(BasicCancel(consumerTag: "d"))
        var served: [ShortString] = []
        for _ in 0..<4 {
            _ = client.take()
            client.publish("job", to: "tasks")
            for case .basicDeliver(let deliver) in client.take().map(\.method) {
                served.append(deliver.consumerTag)
                client.send(BasicCancel(consumerTag: deliver.consumerTag))
            }
        }
        #expect(served == ["a", "c", "e", "b"])
    }

    @Test("An expired message waits behind a live one with a higher priority")
    func expiredBehindHigherPriority() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "jobs", arguments: ["x-max-priority": 3]))
        func count() -> UInt32? {
            _ = client.take()
            client.send(QueueDeclare(queue: "jobs", passive: true))
            for case .queueDeclareOk(let ok) in client.take().map(\.method) { return ok.messageCount }
            return nil
        }
        client.publish("live", to: "jobs", properties: .init(priority: 3))
        client.publish("expires", to: "jobs", properties: .init(priority: 1, expiration: "100"))
        rig.advance(by: 1000)
        #expect(count() == 2)
        client.send(BasicGet(queue: "jobs", noAck: true))
        #expect(client.take().map(\.body) == ["live"])
        #expect(count() == 0)
    }

    @Test("What a lost connection held goes back to its place, marked as redelivered")
    func connectionLoss() throws {
        let rig = Rig()
        let producer = try rig.open()
        producer.send(QueueDeclare(queue: "tasks"))
        let worker = try rig.open()
        worker.send(BasicQos(prefetchCount: 2))
        worker.send(BasicConsume(queue: "tasks"))
        for number in 0..<4 { producer.publish("\(number)", to: "tasks") }
        #expect(worker.takeBodies() == ["0", "1"])
        worker.disconnect()
        let heir = try rig.open()
        heir.send(BasicConsume(queue: "tasks"))
        let deliveries = heir.take().compactMap { received -> String? in
            guard case .basicDeliver(let deliver) = received.method else { return nil }
            return "\(received.body ?? "") \(deliver.redelivered)"
        }
        #expect(deliveries == ["0 true", "1 true", "2 false", "3 false"])
    }

    @Test("A channel-wide window counts all its consumers, and a later one of its own does not reach back")
    func channelPrefetch() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "a"))
        client.send(QueueDeclare(queue: "b"))
        client.send(BasicQos(prefetchCount: 1, global: true))
        client.send(BasicConsume(queue: "a", consumerTag: "a"))
        client.send(BasicConsume(queue: "b", consumerTag: "b"))
        _ = client.take()
        client.publish("1", to: "a")
        client.publish("2", to: "b")
        #expect(client.takeBodies() == ["1"])
        client.send(BasicAck(deliveryTag: 1))
        #expect(client.takeBodies() == ["2"])
    }

    @Test("A higher consumer priority is served first, and the next while it is full")
    func consumerPriority() throws {
        let rig = Rig()
        let producer = try rig.open()
        producer.send(QueueDeclare(queue: "q"))
        let (low, high) = (try rig.open(), try rig.open())
        low.send(BasicConsume(queue: "q", arguments: ["x-priority": -1]))
        high.send(BasicQos(prefetchCount: 2))
        high.send(BasicConsume(queue: "q", arguments: ["x-priority": 10]))
        for number in 0..<3 { producer.publish("\(number)", to: "q") }
        #expect(high.takeBodies() == ["0", "1"])
        #expect(low.takeBodies() == ["2"])
        high.send(BasicAck(deliveryTag: 2, multiple: true))
        producer.publish("3", to: "q")
        #expect(high.takeBodies() == ["3"])
    }

    @Test("Of a single active consumer's queue only the first is served, then the next in line")
    func singleActiveConsumer() throws {
        let rig = Rig()
        let producer = try rig.open()
        producer.send(QueueDeclare(queue: "q", arguments: ["x-single-active-consumer": true]))
        let (first, second) = (try rig.open(), try rig.open())
        for consumer in [first, second] {
            consumer.send(BasicQos(prefetchCount: 1))
            consumer.send(BasicConsume(queue: "q", consumerTag: "c"))
        }
        for number in 0..<3 { producer.publish("\(number)", to: "q") }
        #expect(first.takeBodies() == ["0"])
        #expect(second.takeBodies() == [])
        first.send(BasicAck(deliveryTag: 1))
        #expect(first.takeBodies() == ["1"])
        first.disconnect()
        #expect(second.takeBodies() == ["1"])
        second.send(BasicAck(deliveryTag: 1))
        #expect(second.takeBodies() == ["2"])
    }

    @Test("A congested connection is handed nothing until its output has left")
    func congestion() throws {
        let rig = Rig { $0.outputHighWater = 1000 }
        let producer = try rig.open()
        producer.send(QueueDeclare(queue: "q"))
        let consumer = try rig.open()
        consumer.send(BasicConsume(queue: "q", noAck: true))
        _ = consumer.take()
        rig.step(.unsent(2000, of: consumer.id))
        producer.publish("1", to: "q")
        #expect(consumer.takeBodies() == [])
        rig.step(.unsent(0, of: consumer.id))
        #expect(consumer.takeBodies() == ["1"])
    }

    @Test("A backlog of more than the high-water mark goes on when the first part has left at once")
    func pauseWithinOneBatch() throws {
        let rig = Rig { $0.outputHighWater = 1000 }
        let producer = try rig.open()
        producer.send(QueueDeclare(queue: "q"))
        for number in 0..<100 { producer.publish("\(number)", to: "q") }
        let consumer = try rig.open()
        consumer.send(BasicConsume(queue: "q", noAck: true))
        let first = consumer.takeBodies()
        #expect(!first.isEmpty && first.count < 100)
        rig.step(.unsent(0, of: consumer.id))
        #expect(!consumer.takeBodies().isEmpty)
    }
}
