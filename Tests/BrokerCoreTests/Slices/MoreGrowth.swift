#if DEBUG
    import AMQPWire
    import DataStructures
    import Testing

    @testable import BrokerCore

    extension GrowthTests {
        static var moreOperations: [(name: String, prepare: (Rig, Int) throws -> () throws -> Void)] {
            [
                ("a stream is read", readStream), ("a stream is read by many", readByMany),
                ("a stream gives up a segment", endedSegment), ("queue.delete, stream", deletedStream),
                ("basic.qos", raisedWindow), ("a shared window, and its queue is empty", emptiedQueue),
                ("a queue is emptied", emptied), ("consumers of as many priorities", priorities),
                ("basic.publish, headers", manyHeaders), ("basic.publish, copies", copies),
                ("a dead letter that died often", foreignDeaths),
                ("queue.delete, auto-delete exchanges", autoDeleteRow),
                ("a channel ends, auto-delete queues", autoDeleteQueues),
                ("basic.publish, topic, many #", hashes), ("basic.get", gets),
            ]
        }

        // MARK: Streams

        static func stream(_ rig: Rig, _ count: Int, _ more: FieldTable = [:]) throws -> RigClient {
            let client = try rig.open()
            client.send(
                QueueDeclare(
                    queue: "q", durable: true,
                    arguments: FieldTable([.init("x-queue-type", "stream")] + more.fields)))
            client.publish(Array(repeating: "x", count: count), to: "q")
            client.send(BasicQos(prefetchCount: 50_000))
            return client
        }

        static func read(_ client: RigClient, as tag: ShortString) {
            client.send(BasicConsume(queue: "q", consumerTag: tag, arguments: ["x-stream-offset": "first"]))
        }

        static func readStream(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try stream(rig, count)
            return { read(client, as: "c") }
        }

        static func readByMany(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try stream(rig, 1)
            for number in 0..<count { read(client, as: name("c", number)) }
            return { client.publish("x", to: "q") }
        }

        static func endedSegment(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let octets = Int64(count * 51)
            let client = try stream(
                rig, count, ["x-max-length-bytes": 1, "x-stream-max-segment-size-bytes": .int64(octets)])
            return { client.publish("x", to: "q") }
        }

        static func deletedStream(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try stream(rig, count)
            return { client.send(QueueDelete(queue: "q")) }
        }

        // MARK: Consumers

        /// So many consumers that share a window of one, and what it takes has been handed out. The others have no room.
        private static func sharers(_ rig: Rig, _ count: Int) throws -> RigClient {
            let client = try client(rig)
            client.send(BasicQos(prefetchCount: 1, global: true))
            consume(client, count)
            client.publish(["1", "2"], to: "q")
            return client
        }

        private static func raisedWindow(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try sharers(rig, count)
            return { client.send(BasicQos(prefetchCount: 0, global: true)) }
        }

        /// All line up, and go back to the queue, which has nothing for them.
        private static func emptiedQueue(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try sharers(rig, count)
            for tag in 1...2 as ClosedRange<UInt64> { client.send(BasicAck(deliveryTag: tag)) }
            return {
                client.publish(["3", "4"], to: "q")
                for tag in 3...4 as ClosedRange<UInt64> { client.send(BasicAck(deliveryTag: tag)) }
            }
        }

        private static func emptied(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.publish(Array(repeating: "x", count: count), to: "q")
            return { client.send(BasicConsume(queue: "q", consumerTag: "c")) }
        }

        /// Each takes one message, and has no room for another.
        private static func priorities(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.send(BasicQos(prefetchCount: 1))
            for number in 0..<count {
                client.send(
                    BasicConsume(
                        queue: "q", consumerTag: name("c", number),
                        arguments: ["x-priority": .int32(Int32(number * 7919 % count))]))
            }
            return { client.publish(Array(repeating: "x", count: count + 1), to: "q") }
        }

        /// From a queue whose consumers hold all that they may.
        private static func gets(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.send(BasicQos(prefetchCount: 1))
            consume(client, count)
            client.publish(Array(repeating: "x", count: 2 * count), to: "q")
            return {
                for _ in 0..<count { client.send(BasicGet(queue: "q")) }
                #expect(rig.core.listQueues().map(\.unacknowledgedCount) == [2 * count])
            }
        }

        private static func autoDeleteQueues(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            for number in 0..<count {
                client.send(QueueDeclare(queue: name("q", number), autoDelete: true))
                client.send(QueueBind(queue: name("q", number), exchange: "amq.fanout"))
                client.send(BasicConsume(queue: name("q", number), consumerTag: name("c", number)))
            }
            return { client.send(ChannelClose(replyCode: .replySuccess)) }
        }

        // MARK: Exchanges

        /// Each goes with its last binding, which leads to the one before it.
        private static func autoDeleteRow(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.declareRow(count)
            return {
                client.send(QueueDelete(queue: "q"))
                #expect(!rig.core.listExchanges().contains { $0.name.hasPrefix("x") })
            }
        }

        /// Patterns that may each take a key in very many ways.
        private static func hashes(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.send(ExchangeDeclare(exchange: "x", type: "topic"))
            for number in 0..<count {
                let pattern = (0..<10).map { number >> $0 & 1 == 1 ? "#.*" : "#.a" }.joined(separator: ".")
                client.send(QueueBind(queue: "q", exchange: "x", routingKey: ShortString(truncating: pattern)))
            }
            let key = ShortString(truncating: Array(repeating: "a", count: 20).joined(separator: "."))
            return {
                client.publish("x", to: key, exchange: "x")
                #expect(rig.core.listQueues().map(\.readyCount) == [1])
            }
        }

        // MARK: Publishes

        private static func manyHeaders(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.send(ExchangeDeclare(exchange: "x", type: "headers"))
            let headers = FieldTable((0..<count).map { .init(name("h", $0), .void) })
            client.send(QueueBind(queue: "q", exchange: "x", arguments: headers))
            return {
                client.publish("x", to: "", exchange: "x", properties: BasicProperties(headers: headers))
                #expect(rig.core.listQueues().map(\.readyCount) == [1])
            }
        }

        private static func copies(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.send(ExchangeDeclare(exchange: "x", type: "topic"))
            client.send(QueueBind(queue: "q", exchange: "x", routingKey: "#"))
            let keys = (0..<count).map { FieldValue.string("\($0)") }
            return {
                client.publish(
                    "x", to: "", exchange: "x", properties: BasicProperties(headers: ["CC": .array(keys)]))
            }
        }

        private static func foreignDeaths(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
            for number in 0..<count {
                client.send(QueueDeclare(queue: name("q", number)))
                client.send(QueueBind(queue: name("q", number), exchange: "x"))
            }
            client.send(
                QueueDeclare(queue: "source", arguments: ["x-max-length": 0, "x-dead-letter-exchange": "x"]))
            let deaths = (0..<count).map { number in
                FieldValue.table(["queue": .string("other\(number)"), "reason": "expired"])
            }
            return {
                client.publish("x", to: "source", properties: BasicProperties(headers: ["x-death": .array(deaths)]))
                #expect(rig.core.listQueues().count { $0.readyCount == 1 } == count)
            }
        }
    }
#endif
