import AMQPClient
import BrokerServer

@testable import workbook

/// The errors that a chapter quotes, each provoked on a broker: `<!-- error: NAME -->` above a block of text. With
/// `by: PROGRAM` the block is what that program prints.
enum BrokerErrors {
    static let all: [String: @Sendable (Channel, Channel) async throws -> Void] = [
        "inequivalent-queue": { channel, _ in
            try await channel.declareQueue("hello")
            try await channel.declareQueue("hello", durable: true)
        },
        "acknowledged-twice": { channel, _ in
            let queue = try await channel.declareQueue("task_queue", durable: true)
            try await channel.publish(Message("Hello"), routingKey: "task_queue")
            let task = try await queue.get()
            try await task?.ack()
            try await task?.ack()
            // An ack has no answer, so the next thing on the channel is what fails.
            try await channel.qos(prefetchCount: 1)
        },
        "no-such-exchange": { channel, _ in
            try await channel.exchange("logs").publish(Message("info: Hello World!"))
            try await channel.qos(prefetchCount: 1)
        },
        "exclusive-elsewhere": { channel, other in
            try await channel.declareQueue("mine", exclusive: true)
            try await other.declareQueue("mine", exclusive: true)
        },
        "inequivalent-exchange": { channel, _ in
            try await channel.declareExchange("direct_logs", type: .direct)
            try await channel.declareExchange("direct_logs", type: .fanout)
        },
        "refused": { channel, _ in
            try await channel.declareQueue("orders", arguments: ["x-max-length": 0, "x-overflow": "reject-publish"])
            try await channel.publishAndConfirm(Message("One too many"), routingKey: "orders")
        },
        "unknown-match": { channel, _ in
            let logs = try await channel.declareExchange("headers_logs", type: .headers)
            try await channel.declareQueue(exclusive: true).bind(to: logs, arguments: ["x-match": "some"])
        },
        "other-dead-letters": { channel, _ in
            let arguments: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"]
            try await channel.declareQueue("jobs", durable: true)
            try await channel.declareQueue("jobs", durable: true, arguments: arguments)
        },
        "other-queue-type": { channel, _ in
            try await channel.declareQueue("payments", durable: true)
            try await channel.declareQueue("payments", durable: true, arguments: ["x-queue-type": "quorum"])
        },
        "no-prefetch": { channel, _ in
            try await channel.declareQueue("ticker", durable: true, arguments: ["x-queue-type": "stream"])
            _ = try await channel.consume("ticker")
        },
        "key-for-a-weight": { channel, _ in
            let accounts = try await channel.declareExchange("accounts", type: "x-consistent-hash", durable: true)
            let queue = try await channel.declareQueue("accounts.1", durable: true)
            try await queue.bind(to: accounts, routingKey: "ann")
        },
        "exclusive-consumer": { channel, other in
            try await channel.declareQueue("shipments", durable: true)
            let first = try await channel.consume("shipments", exclusive: true)
            defer { withExtendedLifetime(first) {} }
            _ = try await other.consume("shipments", exclusive: true)
        },
        "nack-of-a-stream": { channel, _ in
            try await channel.declareQueue("ticker", durable: true, arguments: ["x-queue-type": "stream"])
            try await channel.publish(Message("Goal"), routingKey: "ticker")
            try await channel.qos(prefetchCount: 5)
            let news = try await channel.consume("ticker", arguments: ["x-stream-offset": "first"])
            try await news.first { _ in true }?.nack()
            // A nack has no answer either.
            try await channel.qos(prefetchCount: 5)
        },
    ]

    /// What the error says; nil when there is none.
    static func text(_ name: String) async throws -> String? {
        guard let provoke = all[name] else { return nil }
        let broker = Broker.patient
        let connections = [
            try await Connection.open(over: broker.connect(), .patient),
            try await Connection.open(over: broker.connect(), .patient),
        ]
        let channels = [try await connections[0].openChannel(), try await connections[1].openChannel()]
        var text: String?
        do { try await provoke(channels[0], channels[1]) } catch { text = "\(error)" }
        // Where the broker has closed one, it says so again.
        for connection in connections { try? await connection.close() }
        return text
    }

    /// In lines that fit a page; with the name of the program that prints it, if one does.
    static func lines(_ name: String, by program: String? = nil) async throws -> [String]? {
        guard let text = try await text(name) else { return nil }
        return ((program.map { "\($0): " } ?? "") + text).split(separator: " ").reduce(into: [""]) { lines, word in
            if lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = String(word)
            } else if lines[lines.count - 1].count + word.count < 110 {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
    }
}
