import AMQPWire
import Testing

@Suite("Delivering: where two features meet") struct CornerDeliveryCases {
    /// A client that consumes replies, and the address that a server got with its request.
    private func conversation() async throws -> (client: ProbeChannel, server: ProbeChannel, address: ShortString) {
        let server = try await Probe.openChannel()
        let requests = try await server.declareQueue(exclusive: false)
        try await server.consume(requests, noAck: true)
        let client = try await Probe.openChannel()
        try await client.consume("amq.rabbitmq.reply-to", noAck: true)
        client.publish("request", to: "", requests, BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        return (client, server, try #require(try await server.delivery().properties.replyTo))
    }

    @Test(
        "A direct reply is numbered and confirmed like any other publish",
        .proves(
            "rpc.direct-confirmed",
            ["rabbitmq/direct-reply-to/round-trip", "rabbitmq/publisher-confirms/numbering"]))
    func directReplyIsConfirmed() async throws {
        let (client, server, address) = try await conversation()
        try await server.confirmSelect()
        server.publish("reply", to: "", address)
        server.publish("to nobody", to: "", unique("nobody"))
        var open: Set<UInt64> = [1, 2]
        while !open.isEmpty {
            let confirm = try await server.confirm()
            #expect(confirm.isAck)
            try #require(open.contains(confirm.tag), "\(confirm.tag) was not open")
            open = open.filter { confirm.multiple ? $0 > confirm.tag : $0 != confirm.tag }
        }
        #expect(try await client.delivery().text == "reply")
    }

    @Test(
        "A reply that is copied to a queue reaches the requester too, and so does a copy of what goes to a queue",
        .proves(
            "rpc.direct-copied", ["rabbitmq/direct-reply-to/copies"]))
    func directReplyIsCopied() async throws {
        let (client, server, address) = try await conversation()
        let queue = try await server.declareQueue()
        func copied(to key: ShortString) -> BasicProperties {
            BasicProperties(headers: ["CC": .array([.longString(key.octets)])])
        }
        server.publish("reply", to: "", address, copied(to: queue))
        server.publish("message", to: "", queue, copied(to: address))
        try await server.expectReady(2, in: queue)
        #expect(try await client.deliveries(2).map(\.text) == ["reply", "message"])
    }

    @Test(
        "The messages that a channel held go back to their places, in whatever order they were handed out",
        .proves("settle.returned-to-their-places", ["rabbitmq/basic.nack/original-position"]))
    func returnedToTheirPlaces() async throws {
        let holder = try await Probe.openChannel()
        let queue = try await holder.declareQueue(exclusive: false)
        for number in 1...4 { holder.publish("\(number)", to: "", queue) }
        try await holder.qos(4)
        try await holder.consume(queue)
        let held = try await holder.deliveries(4)
        // The first and the third come again, and have the highest tags now.
        for index in [2, 0] {
            holder.nack(held[index])
            #expect(try await holder.delivery().text == held[index].text)
        }
        let other = try await Probe.openChannel()
        try await other.consume(queue, noAck: true)
        try await holder.close()
        #expect(try await other.deliveries(4).map(\.text) == ["1", "2", "3", "4"])
    }

    @Test(
        "A queue with nothing but unacknowledged messages counts as empty",
        .proves("declare.queue-if-empty-unacked", ["rabbitmq/queue.declare/counts", "queue.delete.if-empty/not-empty"]))
    func ifEmptyBesideUnacknowledged() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("held", to: "", queue)
        _ = try #require(try await channel.get(queue, noAck: false))
        let ok = try await channel.call(QueueDelete(queue: queue, ifEmpty: true), QueueDeleteOk.self)
        #expect(ok.messageCount == 0)
    }

    @Test(
        "A body that fills its frames exactly is followed by no empty one",
        .proves("framing.exactly-full", ["spec/4.2.6.2/reassembly", "spec/2.3.5.2/body-chunks"]))
    func exactlyFullFrames() async throws {
        for frameMax in [8192, 131_072] as [UInt32] {
            let channel = try await Probe.connect { $0.frameMax = frameMax }.openChannel()
            let queue = try await channel.declareQueue()
            let room = Int(channel.probe.frameMax) - 8
            for frames in 1...2 {
                channel.publish(body: Array(repeating: 7, count: frames * room), to: "", queue)
                let message = try #require(try await channel.get(queue))
                // A broker may cut it smaller.
                let pieces = message.content.pieces
                #expect(pieces.allSatisfy { (1...room).contains($0) } && pieces.reduce(0, +) == frames * room)
                try await channel.barrier()
                #expect(channel.probe.arrived(on: channel.number).isEmpty, "a body frame followed a whole message")
            }
        }
    }

    @Test(
        "A window that is lifted lets through what waited for it",
        .proves(
            "dispatch.window-lifted", ["rabbitmq/consumer-prefetch/per-channel"],
            rabbitmq: .from("4.3", "The window is each consumer's own, and stays what it was.")))
    func windowLifted() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...6 { channel.publish("\(number)", to: "", queue) }
        try await channel.qos(2, global: true)
        for _ in 1...2 { try await channel.consume(queue) }
        try await channel.barrier(behind: queue)
        try await channel.qos(0)
        // One process tells another that it may go on.
        var count = 0
        for _ in 1...20 where count < 6 {
            try await channel.barrier(behind: queue)
            count += channel.deliveriesSoFar().count
        }
        expect(count, spec: 6, rabbitmq: 4, from: "4.3", "what came in all when the window was lifted")
    }
}
