import DataStructures

#if DEBUG
    import AMQPWire
    import Foundation
    import TestSupport
    import Testing

    @testable import BrokerCore

    /// Nothing that one client can make grows faster than n log n: the table in Sources/README.md, counted in steps.
    @Suite("Growth", .ownThread)
    struct GrowthTests {
        static var operations: [(name: String, prepare: (Rig, Int) throws -> () throws -> Void)] {
            moreOperations + [
                ("exchange.delete", deletedExchange), ("exchange.delete, headers", deletedHeadersExchange),
                ("queue.bind", bindings), ("queue.bind, other arguments", headersBindings),
                ("queue.bind, x-consistent-hash", hashBindings),
                ("queue.delete", deletedQueue), ("a queue expires", expiredQueue), ("queue.purge", purge),
                ("messages expire", expiry), ("a message takes the place of many", overflow),
                ("a connection ends", exclusiveQueues), ("a channel ends", consumers), ("basic.cancel", cancels),
                ("basic.ack, nack, reject", nacks), ("basic.ack, multiple", multipleAck), ("basic.recover", recover),
                ("tx.commit", commit), ("messages failed too often", { try $0.failedTooOften($1) }),
                ("tx.rollback", rollback), ("a shared window", sharedWindow),
                ("dead letters, from queue to queue", deadLetters),
                ("basic.publish, fanout", publish), ("basic.publish, topic", patterns),
            ]
        }

        @Test("Four times the size is not more than about four times the steps", arguments: operations.map(\.name))
        func growth(_ name: String) throws {
            let prepare = try #require(Self.operations.first { $0.name == name }?.prepare)
            func steps(_ size: Int) throws -> Int {
                let rig = Rig()
                return try withExtendedLifetime(rig) { try Steps.counted(try prepare(rig, size)) }
            }
            let (small, large) = (try steps(200), try steps(800))
            #expect(small >= 100, "what grows is counted")
            // n log n: 4 * log 800 / log 200 = 5.0.
            #expect(Double(large) <= 5.5 * Double(small), "\(small) steps, then \(large)")
        }

        @Test(
            "What is done in slices is never done at once",
            arguments: [
                "exchange.delete", "exchange.delete, headers", "queue.delete", "a queue expires", "queue.purge",
                "messages expire", "a message takes the place of many", "basic.publish, fanout", "a connection ends",
                "a channel ends", "basic.ack, multiple", "basic.recover", "tx.commit", "tx.rollback",
                "a stream is read", "a stream gives up a segment", "queue.delete, stream", "messages failed too often",
                "basic.qos", "a shared window, and its queue is empty", "a queue is emptied",
            ])
        func slices(_ name: String) throws {
            let prepare = try #require(Self.operations.first { $0.name == name }?.prepare)
            // Consumers are met a thousand at a time, however short a turn is.
            let meetsConsumers = ["basic.qos", "a shared window, and its queue is empty", "a queue is emptied"]
                .contains(name)
            // And a stream is read by blocks.
            let size = meetsConsumers ? 16_000 : name.contains("a stream") ? 4000 : 2000
            let rig = Rig { $0.work.turn = 500 }
            let work = try prepare(rig, size)
            rig.laterSteps = []
            let first = try withExtendedLifetime(rig) { try Steps.counted(work) }
            let all = [first] + (rig.laterSteps ?? [])
            #expect(4 * (all.max() ?? 0) < 3 * all.reduce(0, +), "\(all)")
        }

        @Test("The table names each operation")
        func table() throws {
            let text = try String(
                contentsOf: SourceFile.repository.appending(path: "Sources/README.md"), encoding: .utf8)
            for (name, _) in Self.operations { #expect(text.contains("| \(name) |"), "\(name)") }
        }

        // MARK: What is made ready, and the work

        static func client(_ rig: Rig, queue: ShortString = "q") throws -> RigClient {
            let client = try rig.open()
            client.send(QueueDeclare(queue: queue))
            return client
        }

        static func name(_ prefix: String, _ number: Int) -> ShortString {
            ShortString(truncating: "\(prefix)\(number)")
        }

        private static func bind(_ client: RigClient, _ type: ShortString, _ count: Int) {
            client.send(ExchangeDeclare(exchange: "x", type: type))
            for number in 0..<count {
                client.send(
                    QueueBind(
                        queue: "q", exchange: "x", routingKey: type == "headers" ? "" : name("a.", number),
                        arguments: type == "headers" ? ["n": .int32(Int32(number))] : [:]))
            }
        }

        private static func bindings(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            return { bind(client, "topic", count) }
        }

        private static func headersBindings(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            return { bind(client, "headers", count) }
        }

        private static func hashBindings(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            client.send(ExchangeDeclare(exchange: "x", type: "x-consistent-hash"))
            for number in 0..<count { client.send(QueueDeclare(queue: name("q", number))) }
            return {
                for number in 0..<count {
                    client.send(QueueBind(queue: name("q", number), exchange: "x", routingKey: "1"))
                }
            }
        }

        private static func deletedExchange(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            bind(client, "fanout", count)
            return { client.send(ExchangeDelete(exchange: "x")) }
        }

        private static func deletedHeadersExchange(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            bind(client, "headers", count)
            return { client.send(ExchangeDelete(exchange: "x")) }
        }

        private static func backlog(_ rig: Rig, _ count: Int) throws -> RigClient {
            let client = try client(rig)
            client.publish(Array(repeating: "x", count: count), to: "q")
            return client
        }

        private static func deletedQueue(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try backlog(rig, count)
            bind(client, "topic", count)
            return { client.send(QueueDelete(queue: "q")) }
        }

        private static func expiredQueue(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            client.send(QueueDeclare(queue: "q", arguments: ["x-expires": 1000]))
            bind(client, "topic", count)
            return { rig.advance(by: 1000) }
        }

        private static func purge(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try backlog(rig, count)
            return { client.send(QueuePurge(queue: "q")) }
        }

        private static func expiry(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            client.send(QueueDeclare(queue: "q", arguments: ["x-message-ttl": 1000]))
            client.publish(Array(repeating: "x", count: count), to: "q")
            return { rig.advance(by: 1000) }
        }

        private static func overflow(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            client.send(QueueDeclare(queue: "q", arguments: ["x-max-length-bytes": .int32(Int32(count))]))
            client.publish(Array(repeating: "x", count: count), to: "q")
            return { client.publish(String(repeating: "x", count: count), to: "q") }
        }

        private static func exclusiveQueues(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
            for number in 0..<count {
                client.send(QueueDeclare(queue: name("q", number), exclusive: true))
                client.send(QueueBind(queue: name("q", number), exchange: "x"))
            }
            return { client.disconnect() }
        }

        static func consume(_ client: RigClient, _ count: Int) {
            for number in 0..<count { client.send(BasicConsume(queue: "q", consumerTag: name("c", number))) }
        }

        private static func consumers(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            consume(client, count)
            return { client.send(ChannelClose(replyCode: .replySuccess)) }
        }

        private static func cancels(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            consume(client, count)
            return { for number in 0..<count { client.send(BasicCancel(consumerTag: name("c", number))) } }
        }

        /// Messages that are handed out to a consumer that is no more.
        private static func outstanding(_ rig: Rig, _ count: Int) throws -> RigClient {
            let client = try backlog(rig, count)
            client.send(BasicConsume(queue: "q", consumerTag: "c"))
            rig.drain()
            client.send(BasicCancel(consumerTag: "c"))
            return client
        }

        private static func nacks(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try outstanding(rig, count)
            // In no order.
            return {
                for number in 0..<count {
                    client.send(BasicNack(deliveryTag: UInt64(number * 7919 % count + 1), requeue: true))
                }
            }
        }

        private static func multipleAck(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try outstanding(rig, count)
            return { client.send(BasicAck(deliveryTag: 0, multiple: true)) }
        }

        private static func recover(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try outstanding(rig, count)
            return { client.send(BasicRecover(requeue: true)) }
        }

        private static func transaction(_ rig: Rig, _ count: Int) throws -> RigClient {
            let client = try outstanding(rig, count)
            client.send(TxSelect())
            for number in 0..<count { client.send(BasicAck(deliveryTag: UInt64(number + 1))) }
            return client
        }

        private static func commit(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try transaction(rig, count)
            client.publish(Array(repeating: "x", count: count), to: "q")
            return { client.send(TxCommit()) }
        }

        private static func rollback(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try transaction(rig, count)
            return { client.send(TxRollback()) }
        }

        private static func sharedWindow(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.send(BasicQos(prefetchCount: 10, global: true))
            consume(client, count)
            client.publish(Array(repeating: "x", count: count), to: "q")
            return { for number in 0..<count { client.send(BasicAck(deliveryTag: UInt64(number + 1))) } }
        }

        private static func deadLetters(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            for number in 0..<count {
                client.send(
                    QueueDeclare(
                        queue: name("q", number),
                        arguments: [
                            "x-max-length": 0, "x-dead-letter-exchange": "",
                            "x-dead-letter-routing-key": .string(name("q", number + 1).text),
                        ]))
            }
            return { client.publish("x", to: "q0") }
        }

        private static func publish(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try rig.open()
            client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
            for number in 0..<count {
                client.send(QueueDeclare(queue: name("q", number)))
                client.send(QueueBind(queue: name("q", number), exchange: "x"))
            }
            return { client.publish("x", to: "", exchange: "x") }
        }

        /// A key that matches all of so many patterns.
        private static func patterns(_ rig: Rig, _ count: Int) throws -> () -> Void {
            let client = try client(rig)
            client.send(ExchangeDeclare(exchange: "x", type: "topic"))
            let words = Array("abcdefghijkl")
            for number in 0..<count {
                let pattern = words.indices.map { number >> $0 & 1 == 1 ? "*" : "\(words[$0])" }
                let key = ShortString(truncating: pattern.reversed().joined(separator: "."))
                client.send(QueueBind(queue: "q", exchange: "x", routingKey: key))
            }
            let key = ShortString(truncating: words.map { "\($0)" }.reversed().joined(separator: "."))
            return { client.publish("x", to: key, exchange: "x") }
        }
    }
#endif
