import AMQPWire
import Testing

extension ProbeChannel {
    /// A direct exchange whose alternate is another one.
    fileprivate func declareExchange(alternate: ShortString) async throws -> ShortString {
        try await declareExchange("direct", arguments: ["alternate-exchange": .string(alternate.text)])
    }

    /// A fanout exchange to serve as an alternate, and a queue that shows what came there.
    fileprivate func declareAlternate() async throws -> (exchange: ShortString, queue: ShortString) {
        let exchange = try await declareExchange("fanout")
        let queue = try await declareQueue()
        try await bind(queue, to: exchange)
        return (exchange, queue)
    }
}

@Suite("Alternate exchanges") struct AlternateExchangeCases {
    @Test(
        "A message that an exchange cannot route goes to its alternate, and one that it can does not",
        .proves(
            "alternate.unroutable-only",
            ["rabbitmq/alternate-exchange/unroutable-goes-there", "rabbitmq/alternate-exchange/routable-does-not"]))
    func unroutableOnly() async throws {
        let channel = try await Probe.openChannel()
        let (alternate, rest) = try await channel.declareAlternate()
        let main = try await channel.declareExchange(alternate: alternate)
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: main, "known")
        channel.publish("known", to: main, "known")
        channel.publish("unknown", to: main, "unknown")
        #expect(try await channel.drain(queue) == ["known"])
        #expect(try await channel.drain(rest) == ["unknown"])
    }

    @Test(
        "Key, properties and the name of the exchange that was published to are unchanged",
        .proves("alternate.message-unchanged", ["rabbitmq/alternate-exchange/message-unchanged"]))
    func messageUnchanged() async throws {
        let channel = try await Probe.openChannel()
        let (alternate, rest) = try await channel.declareAlternate()
        let main = try await channel.declareExchange(alternate: alternate)
        let properties = BasicProperties(headers: ["a": 1], correlationID: "7", messageID: "m")
        channel.publish("lost", to: main, "unknown", properties)
        let message = try #require(try await channel.get(rest))
        #expect(message.exchange == main)
        #expect(message.routingKey == "unknown")
        #expect(message.properties == properties)
    }

    @Test(
        "A mandatory message that the alternate routes is not returned",
        .proves("alternate.counts-as-routed", ["rabbitmq/alternate-exchange/counts-as-routed"]))
    func countsAsRouted() async throws {
        let channel = try await Probe.openChannel()
        let (alternate, rest) = try await channel.declareAlternate()
        let main = try await channel.declareExchange(alternate: alternate)
        channel.publish("caught", to: main, "unknown", mandatory: true)
        #expect(try await channel.drain(rest) == ["caught"])
        #expect(channel.probe.arrived(on: channel.number).isEmpty, "a message that was routed must not come back")
    }

    @Test(
        "A mandatory message that the alternate cannot route either is returned",
        .proves("alternate.mandatory-still-returned", ["rabbitmq/alternate-exchange/mandatory-still-returned"]))
    func mandatoryStillReturned() async throws {
        let channel = try await Probe.openChannel()
        let alternate = try await channel.declareExchange("fanout")
        let main = try await channel.declareExchange(alternate: alternate)
        channel.publish("lost", to: main, "unknown", mandatory: true)
        let returned = try await channel.returned()
        #expect(returned.text == "lost")
        #expect(returned.exchange == main)
    }

    @Test(
        "An alternate may have an alternate, and the first that can route does",
        .proves("alternate.chain", ["rabbitmq/alternate-exchange/chain"]))
    func chain() async throws {
        let channel = try await Probe.openChannel()
        let (last, rest) = try await channel.declareAlternate()
        let middle = try await channel.declareExchange(alternate: last)
        let main = try await channel.declareExchange(alternate: middle)
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: middle, "middle")
        channel.publish("middle", to: main, "middle")
        channel.publish("last", to: main, "last")
        #expect(try await channel.drain(queue) == ["middle"])
        #expect(try await channel.drain(rest) == ["last"])
    }

    @Test(
        "A cycle of alternates ends, and the message is unroutable",
        .proves("alternate.ring", ["rabbitmq/alternate-exchange/cycle"]))
    func cycle() async throws {
        let channel = try await Probe.openChannel()
        let first = unique("first")
        let second = try await channel.declareExchange(alternate: first)
        let arguments: FieldTable = ["alternate-exchange": .string(second.text)]
        try await channel.declareExchange("direct", first, arguments: arguments)
        channel.publish("round", to: first, "unknown", mandatory: true)
        #expect(try await channel.returned().text == "round")
    }

    @Test(
        "An alternate that does not exist is no error: the message is dropped",
        .proves("alternate.missing", ["rabbitmq/alternate-exchange/missing"]))
    func missing() async throws {
        let channel = try await Probe.openChannel()
        let alternate = unique("missing")
        let main = try await channel.declareExchange(alternate: alternate)
        channel.publish("dropped", to: main, "unknown")
        expect(try await channel.outcome(), .ok)
        // It may come later, and then it serves.
        try await channel.declareExchange("fanout", alternate)
        let rest = try await channel.declareQueue()
        try await channel.bind(rest, to: alternate)
        channel.publish("caught", to: main, "unknown")
        #expect(try await channel.drain(rest) == ["caught"])
    }

    @Test(
        "An exchange cannot be redeclared with another alternate",
        .proves("alternate.another", ["rabbitmq/alternate-exchange/equivalence"]))
    func another() async throws {
        let channel = try await Probe.openChannel()
        let main = try await channel.declareExchange(alternate: "amq.fanout")
        let declare = ExchangeDeclare(
            exchange: main, type: "direct", arguments: ["alternate-exchange": "amq.topic"])
        try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "An exchange cannot be redeclared without its alternate",
        .proves("alternate.none", ["rabbitmq/alternate-exchange/equivalence"]))
    func none() async throws {
        let channel = try await Probe.openChannel()
        let main = try await channel.declareExchange(alternate: "amq.fanout")
        try await channel.send(
            ExchangeDeclare(exchange: main, type: "direct"), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "An exchange can be redeclared with its alternate",
        .proves("alternate.same", ["rabbitmq/alternate-exchange/equivalence"]))
    func same() async throws {
        let channel = try await Probe.openChannel()
        let main = try await channel.declareExchange(alternate: "amq.fanout")
        let declare = ExchangeDeclare(
            exchange: main, type: "direct", arguments: ["alternate-exchange": "amq.fanout"])
        try await channel.send(declare, expecting: .ok)
    }

    @Test(
        "An alternate that is not text is refused",
        .proves("alternate.bad-type", ["rabbitmq/alternate-exchange/bad-type"]))
    func badType() async throws {
        let channel = try await Probe.openChannel()
        let declare = ExchangeDeclare(
            exchange: unique("exchange"), type: "direct", arguments: ["alternate-exchange": 1])
        try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A binding to an exchange that leads nowhere counts as a route: the alternate is not asked",
        .proves(
            "alternate.binding-that-leads-nowhere", ["rabbitmq/alternate-exchange/matching-exchange-binding"]))
    func bindingThatLeadsNowhere() async throws {
        let channel = try await Probe.openChannel()
        let (alternate, rest) = try await channel.declareAlternate()
        let main = try await channel.declareExchange(alternate: alternate)
        let nowhere = try await channel.declareExchange("fanout")
        let bind = ExchangeBind(destination: nowhere, source: main, routingKey: "matched")
        _ = try await channel.call(bind, ExchangeBindOk.self)
        channel.publish("matched", to: main, "matched")
        channel.publish("unmatched", to: main, "unmatched")
        #expect(try await channel.drain(rest) == ["unmatched"])
    }

    @Test(
        "An exchange on the way asks its own alternate",
        .proves("alternate.of-a-destination", ["rabbitmq/alternate-exchange/unroutable-goes-there"]))
    func ofADestination() async throws {
        let channel = try await Probe.openChannel()
        let (alternate, rest) = try await channel.declareAlternate()
        let destination = try await channel.declareExchange(alternate: alternate)
        let source = try await channel.declareExchange("fanout")
        _ = try await channel.call(ExchangeBind(destination: destination, source: source), ExchangeBindOk.self)
        channel.publish("unknown there", to: source, "unknown")
        #expect(try await channel.drain(rest) == ["unknown there"])
    }

    @Test(
        "An internal exchange can be an alternate",
        .proves("alternate.internal", ["rabbitmq/exchange.declare/internal-as-dlx"]))
    func internalExchange() async throws {
        let channel = try await Probe.openChannel()
        let alternate = try await channel.declareExchange("fanout", internal: true)
        let rest = try await channel.declareQueue()
        try await channel.bind(rest, to: alternate)
        let main = try await channel.declareExchange(alternate: alternate)
        channel.publish("caught", to: main, "unknown")
        #expect(try await channel.drain(rest) == ["caught"])
    }

    @Test(
        "An alternate with an empty name is none: the nameless exchange does not take over",
        .proves("alternate.empty-name", ["rabbitmq/alternate-exchange/empty-name"]))
    func emptyName() async throws {
        let channel = try await Probe.openChannel()
        let main = try await channel.declareExchange(alternate: "")
        let queue = try await channel.declareQueue()
        channel.publish("lost", to: main, queue, mandatory: true)
        #expect(try await channel.returned().text == "lost")
        #expect(try await channel.drain(queue) == [])
    }
}
