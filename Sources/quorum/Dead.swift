import AMQPClient
import TutorialKit

/// Prints the payments that the broker put aside, and why it did.
func dead(from broker: BrokerAddress) async throws {
    let client = try await broker.client()
    try await client.run { session in
        let channel = session.channel
        try await declareQueues(on: channel)
        let payments = try await channel.consume("payments.dead")
        Console.print(" [*] Waiting for dead payments. To exit press CTRL+C")

        for try await payment in payments {
            let reason = payment.properties.headers?["x-first-death-reason"]?.text ?? "nobody says why"
            Console.print(" [x] Dead: '\(payment.text)' (\(reason))")
            try await payment.ack()
        }
    }
}
