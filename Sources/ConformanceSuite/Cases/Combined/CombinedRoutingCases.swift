import AMQPWire
import Testing

/// Several features of routing in one publish.
@Suite("Routing: several things at once") struct CombinedRoutingCases {
    @Test(
        "Of many arguments every one counts for a headers exchange that asks for all",
        .proves("headers.each-of-many-arguments", ["rabbitmq/headers-exchange/default-all"]))
    func eachOfManyArguments() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("headers")
        for count in [9, 17, 40] {
            let queue = try await channel.declareQueue()
            func headers(wrong: Int? = nil, missing: Int? = nil) -> FieldTable {
                FieldTable(
                    (1...count).filter { $0 != missing }.map { number in
                        .init(
                            ShortString(truncating: "h\(count).\(number)"),
                            .int32(number == wrong ? -1 : Int32(number)))
                    })
            }
            try await channel.bind(queue, to: exchange, arguments: headers())
            channel.publish("all", to: exchange, "", BasicProperties(headers: headers()))
            for number in 1...count {
                channel.publish("wrong \(number)", to: exchange, "", BasicProperties(headers: headers(wrong: number)))
                channel.publish("no \(number)", to: exchange, "", BasicProperties(headers: headers(missing: number)))
            }
            #expect(try await channel.drain(queue) == ["all"], "of \(count)")
        }
    }

    @Test(
        "A queue that the message has reached before is a match too, so the alternate exchange gets nothing",
        .proves(
            "alternate.reached-before",
            ["rabbitmq/alternate-exchange/routable-does-not", "rabbitmq/exchange-to-exchange/one-copy"]))
    func reachedBefore() async throws {
        let channel = try await Probe.openChannel()
        let alternate = try await channel.declareExchange("fanout")
        let (queue, rest) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(rest, to: alternate)
        let inner = try await channel.declareExchange(
            "direct", arguments: ["alternate-exchange": .string(alternate.text)])
        let outer = try await channel.declareExchange("fanout")
        try await channel.bind(queue, to: outer)
        try await channel.bind(queue, to: inner, "k")
        let bind = ExchangeBind(destination: inner, source: outer, routingKey: "")
        _ = try await channel.call(bind, ExchangeBindOk.self)
        channel.publish("once", to: outer, "k")
        channel.publish("other key", to: outer, "unknown")
        #expect(try await channel.drain(queue) == ["once", "other key"])
        #expect(try await channel.drain(rest) == ["other key"])
    }

    @Test(
        "A message whose BCC was taken out, and one with CC, come in frames no larger than agreed",
        .proves(
            "framing.copies-in-small-frames",
            ["spec/4.2.3/oversized-frame", "rabbitmq/sender-selected/bcc", "spec/2.3.3/client-may-lower"]))
    func copiesInSmallFrames() async throws {
        let sender = try await Probe.openChannel()
        let receiver = try await Probe.connect { $0.frameMax = 8192 }.openChannel()
        let body = [UInt8](repeating: 7, count: 20_000)
        for name: ShortString in ["CC", "BCC"] {
            let (first, second) = (
                try await sender.declareQueue(exclusive: false), try await sender.declareQueue(exclusive: false)
            )
            let headers = FieldTable([.init(name, [.longString(second.octets)])])
            sender.publish(body: body, to: "", first, BasicProperties(headers: headers))
            try await sender.barrier(behind: second)
            for queue in [first, second] {
                let content = try #require(try await receiver.get(queue)).content
                let isUntouched = content.body == body
                #expect(isUntouched, "the body was changed on the way")
                #expect(content.pieces.allSatisfy { $0 <= 8184 }, "frames of up to \(content.pieces.max() ?? 0)")
            }
        }
    }
}
