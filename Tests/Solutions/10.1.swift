import AMQPClient
import TutorialKit

/// 10.1: says so before a payment is tried for the last time.
///
/// The queue tells in `x-delivery-count` how often the payment failed, whichever worker had it. Its limit is 2, so after two
/// failures the next one is over it.
func solution10_1(_ broker: BrokerAddress) async throws {
    struct Crash: Error {}
    let client = try await broker.client()
    while !Task.isCancelled {
        do {
            try await client.run { session in
                let channel = session.channel
                try await channel.declareQueue(
                    "payments", durable: true, with: .quorum(deliveryLimit: 2),
                    .deadLetter(to: "", key: "payments.dead"))
                try await channel.declareQueue("payments.dead", durable: true, with: .quorum())
                try await channel.qos(prefetchCount: 1)
                for try await payment in try await channel.consume("payments") {
                    let failures = payment.properties.headers?["x-delivery-count"]?.integer ?? 0
                    if failures == 2 { Console.print(" [!] Last attempt") }
                    Console.print(" [x] Received '\(payment.text)'")
                    if payment.text.contains("!") { throw Crash() }
                    try await payment.ack()
                }
            }
        } catch is Crash {
            Console.print(" [!] Crashed")
        }
    }
}
