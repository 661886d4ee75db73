import AMQPWire
import Testing

@Suite("Dead letters: the arguments of a queue") struct DeadLetterArgumentCases {
    @Test(
        "A dead-letter key without a dead-letter exchange fails the declare",
        .proves("dead-letter.key-without-exchange", ["rabbitmq/dead-letter/key-without-exchange"]))
    func keyWithoutExchange() async throws {
        try await refuse(["x-dead-letter-routing-key": "key"])
    }

    @Test(
        "A dead-letter exchange that is not a string fails the declare",
        .proves("dead-letter.exchange-no-string", ["rabbitmq/dead-letter/bad-type"]))
    func exchangeNoString() async throws {
        try await refuse(["x-dead-letter-exchange": 1])
    }

    @Test(
        "A dead-letter key that is not a string fails the declare",
        .proves("dead-letter.key-no-string", ["rabbitmq/dead-letter/bad-type"]))
    func keyNoString() async throws {
        try await refuse(["x-dead-letter-exchange": "amq.fanout", "x-dead-letter-routing-key": 1])
    }

    private func refuse(_ arguments: FieldTable) async throws {
        let channel = try await Probe.openChannel()
        let declare = QueueDeclare(queue: unique("queue"), exclusive: true, arguments: arguments)
        try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A redeclare with another dead-letter exchange, or none, is refused",
        .proves("dead-letter.another-exchange", ["rabbitmq/dead-letter/equivalence"]))
    func anotherExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-dead-letter-exchange": "amq.fanout"])
        for arguments in [["x-dead-letter-exchange": "amq.topic"], [:]] as [FieldTable] {
            let declare = QueueDeclare(queue: queue, exclusive: true, arguments: arguments)
            try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "A redeclare with another dead-letter key is refused, with the same it is taken",
        .proves("dead-letter.key-differs", ["rabbitmq/dead-letter/equivalence"]))
    func keyDiffers() async throws {
        let channel = try await Probe.openChannel()
        var declare = QueueDeclare(queue: unique("queue"), exclusive: true)
        declare.arguments = ["x-dead-letter-exchange": "amq.topic", "x-dead-letter-routing-key": "one"]
        try await channel.send(declare, expecting: .ok)
        try await channel.send(declare, expecting: .ok)
        declare.arguments["x-dead-letter-routing-key"] = "two"
        try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
    }
}
