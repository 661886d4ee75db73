import AMQPWire
import Testing

/// A broker may remember where a channel's last message went. The next one under the same key goes there too only if
/// nothing but the key had a say on the whole way.
@Suite("One key, several ways") struct RouteMemoryCases {
    /// A headers exchange with a queue for each of two formats.
    private struct Formats {
        var channel: ProbeChannel
        var exchange: ShortString
        var pdf: ShortString
        var zip: ShortString

        init() async throws {
            channel = try await Probe.openChannel()
            exchange = try await channel.declareExchange("headers")
            (pdf, zip) = (try await channel.declareQueue(), try await channel.declareQueue())
            try await channel.bind(pdf, to: exchange, arguments: ["format": "pdf"])
            try await channel.bind(zip, to: exchange, arguments: ["format": "zip"])
        }

        /// Publishes a pdf, a zip and a pdf under one key, and looks for each in its queue.
        func expectEachInItsQueue(from start: ShortString, at place: SourceLocation = #_sourceLocation) async throws {
            for (text, format) in [("1", "pdf"), ("2", "zip"), ("3", "pdf")] {
                channel.publish(text, to: start, "key", BasicProperties(headers: ["format": .string(format)]))
            }
            #expect(try await channel.drain(pdf) == ["1", "3"], sourceLocation: place)
            #expect(try await channel.drain(zip) == ["2"], sourceLocation: place)
        }
    }

    @Test(
        "After a fanout, direct or topic exchange, headers decide again for every message",
        .proves("exchange-bindings.headers-behind", ["rabbitmq/exchange-to-exchange/source-type-rules"]))
    func headersBehind() async throws {
        for type: ShortString in ["fanout", "direct", "topic"] {
            let formats = try await Formats()
            let first = try await formats.channel.declareExchange(type)
            try await formats.channel.bind(exchange: formats.exchange, to: first, "key")
            try await formats.expectEachInItsQueue(from: first)
        }
    }

    @Test(
        "After two other exchanges, headers decide again for every message",
        .proves("exchange-bindings.headers-behind-two", ["rabbitmq/exchange-to-exchange/chain"]))
    func headersBehindTwo() async throws {
        let formats = try await Formats()
        let (first, second) = (
            try await formats.channel.declareExchange("fanout"), try await formats.channel.declareExchange("direct")
        )
        try await formats.channel.bind(exchange: second, to: first)
        try await formats.channel.bind(exchange: formats.exchange, to: second, "key")
        try await formats.expectEachInItsQueue(from: first)
    }

    @Test(
        "At an alternate exchange, headers decide again for every message",
        .proves("alternate.headers", ["rabbitmq/alternate-exchange/unroutable-goes-there"]))
    func headersAtAnAlternate() async throws {
        let formats = try await Formats()
        let first = try await formats.channel.declareExchange(
            "direct", arguments: ["alternate-exchange": .longString(formats.exchange.octets)])
        try await formats.expectEachInItsQueue(from: first)
    }
}
