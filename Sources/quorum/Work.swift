import AMQPClient
import TutorialKit

/// What a bug does: the program ends in the middle of its work.
struct Crash: Error {}

/// Pays what is in `payments`, and is started again after each crash: on a server, systemd or Kubernetes does that.
func work(from broker: BrokerAddress) async throws {
    // A client that comes back: whenever the connection is lost it connects again, and runs the closure again.
    let client = try await broker.client()
    while !Task.isCancelled {
        do {
            try await client.run { session in try await pay(over: session.channel) }
        } catch is Crash {
            Console.print(" [!] Crashed")
        }
    }
}

/// One life of the worker. It declares everything that it needs, because the broker may be a different one by now.
private func pay(over channel: Channel) async throws {
    try await declareQueues(on: channel)
    try await channel.qos(prefetchCount: 1)
    let payments = try await channel.consume("payments")
    Console.print(" [*] Waiting for payments. To exit press CTRL+C")

    for try await payment in payments {
        // How often it came back because a worker failed. The queue counts, and no worker has to.
        let failures = payment.properties.headers?["x-delivery-count"]?.integer ?? 0
        Console.print(" [x] Received '\(payment.text)'" + (failures > 0 ? " (failures: \(failures))" : ""))
        if payment.text.contains("!") { throw Crash() }
        Console.print(" [x] Paid")
        try await payment.ack()
    }
}
