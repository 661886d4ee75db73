import AMQPWire
import Testing

/// Ways through many exchanges, and names of headers that are nearly others.
@Suite("Routing: long ways, and names that look alike") struct RouteDistanceCases {
    private static let types: [(type: ShortString, key: ShortString)] = [
        ("fanout", ""), ("direct", "k"), ("topic", "#"), ("headers", ""),
    ]

    @Test(
        "Twelve exchanges in a row lead to the last as to the first, and closed to a ring from each to all",
        .proves(
            "exchange-bindings.twelve-in-a-row",
            [
                "rabbitmq/exchange-to-exchange/chain", "rabbitmq/exchange-to-exchange/cycle",
                "rabbitmq/exchange-to-exchange/one-copy",
            ]))
    func twelveInARow() async throws {
        let channel = try await Probe.openChannel()
        let kinds = (0..<12).map { Self.types[$0 % 4] }
        var (exchanges, queues): ([ShortString], [ShortString]) = ([], [])
        for (index, kind) in kinds.enumerated() {
            exchanges.append(try await channel.declareExchange(kind.type))
            queues.append(try await channel.declareQueue())
            try await channel.bind(queues[index], to: exchanges[index], kind.key)
            if index > 0 {
                try await channel.bind(exchange: exchanges[index], to: exchanges[index - 1], kinds[index - 1].key)
            }
        }
        channel.publish("from the first", to: exchanges[0], "k")
        channel.publish("from the seventh", to: exchanges[6], "k")
        for (index, queue) in queues.enumerated() {
            let expected = index < 6 ? ["from the first"] : ["from the first", "from the seventh"]
            #expect(try await channel.drain(queue) == expected, "number \(index + 1)")
        }
        try await channel.bind(exchange: exchanges[0], to: exchanges[11], kinds[11].key)
        for exchange in exchanges { channel.publish("round", to: exchange, "k") }
        for (index, queue) in queues.enumerated() {
            let round = try await channel.drain(queue)
            #expect(round == exchanges.map { _ in "round" }, "number \(index + 1) of the ring")
        }
    }

    @Test(
        "Forty exchanges behind one get a message each, and a queue behind all of them gets it once",
        .proves(
            "exchange-bindings.forty-behind-one",
            ["rabbitmq/exchange-to-exchange/routes-through", "rabbitmq/exchange-to-exchange/one-copy"]))
    func fortyBehindOne() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("direct")
        let common = try await channel.declareQueue()
        var queues: [ShortString] = []
        for index in 0..<40 {
            let kind = Self.types[index % 4]
            let exchange = try await channel.declareExchange(kind.type)
            queues.append(try await channel.declareQueue())
            for queue in [queues[index], common] { try await channel.bind(queue, to: exchange, kind.key) }
            try await channel.bind(exchange: exchange, to: source, "k")
        }
        channel.publish("to all", to: source, "k")
        channel.publish("to none", to: source, "other")
        for (index, queue) in (queues + [common]).enumerated() {
            #expect(try await channel.drain(queue) == ["to all"], "number \(index + 1)")
        }
    }

    @Test(
        "Only arguments whose names begin with x- are left out of a match",
        .proves(
            "headers.names-that-begin-with-x", ["rabbitmq/headers-exchange/x-ignored", "spec/3.1.3.4/match-all"]))
    func namesThatBeginWithX() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("headers")
        let queue = try await channel.declareQueue()
        let names: [(name: ShortString, isLeftOut: Bool)] = [
            ("x", false), ("xray", false), ("x_ray", false), ("X-ray", false), ("xx-ray", false), ("ray-x-", false),
            ("x-", true), ("x-ray", true), ("x-match-not", true),
        ]
        for (name, isLeftOut) in names {
            for match in [nil, "all", "any"] as [FieldValue?] {
                var arguments = FieldTable([.init(name, 1)])
                arguments["x-match"] = match
                try await channel.bind(queue, to: exchange, arguments: arguments)
                for value in [1, 2] as [Int32] {
                    let headers = FieldTable([.init(name, .int32(value))])
                    channel.publish("\(value)", to: exchange, "", BasicProperties(headers: headers))
                }
                channel.publish("none", to: exchange)
                let expected = isLeftOut ? (match == "any" ? [] : ["1", "2", "none"]) : ["1"]
                #expect(try await channel.drain(queue) == expected, "\(arguments)")
                let unbind = QueueUnbind(queue: queue, exchange: exchange, arguments: arguments)
                _ = try await channel.call(unbind, QueueUnbindOk.self)
            }
        }
    }
}
