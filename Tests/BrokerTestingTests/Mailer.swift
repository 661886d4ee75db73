import AMQPClient

/// A small service as an application has it: it takes orders from a queue, and says of each that it was mailed. It knows
/// nothing of tests.
struct Mailer: Sendable {
    var hosts: [String]
    var send: @Sendable (String) async throws -> Void

    func run() async throws {
        let client = Client(hosts: hosts, retry: .exponential(from: .seconds(1)))
        let publisher = client.publisher(whileDown: .wait(upTo: .seconds(600)), resend: .atLeastOnce)
        try await client.run { session in
            let failed = try await session.channel.declareQueue("failed", durable: true)
            let orders = try await session.channel.declareQueue(
                "orders", durable: true, with: .deadLetter(to: "", key: failed.name))
            try await session.channel.declareQueue("mailed", durable: true)
            try await orders.process(failure: .reject) { order in
                try await send(order.text)
                try await publisher.publish(Message(order.text, persistent: true), key: "mailed")
            }
        }
        await publisher.close()
    }
}
