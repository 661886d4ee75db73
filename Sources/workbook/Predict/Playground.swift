import AMQPClient
import AMQPTransport
import BrokerServer
import Synchronization

/// A broker in this process for a question, and what helps to look at it.
final class Playground: Sendable {
    private let broker = Broker.patient
    private let channels = Mutex<[Channel]>([])

    struct NotSeen: Error, CustomStringConvertible {
        let what: String
        var description: String { "Within two minutes, this did not happen on the broker: \(what)" }
    }

    /// Plays `body` on a broker of its own.
    static func play<Answer>(_ body: (Playground) async throws -> Answer) async throws -> Answer {
        let playground = Playground()
        defer { playground.broker.shutDown() }
        return try await body(playground)
    }

    func connect() async throws -> Connection { try await Connection.open(over: broker.connect(), .patient) }

    func channel() async throws -> Channel {
        let channel = try await connect().openChannel()
        channels.withLock { $0.append(channel) }
        return channel
    }

    /// Somebody who takes what comes out of a queue. Its connection is its own, so that it can break.
    func consumer(
        of queue: String, prefetch: Int = 0, acknowledges: Bool = true, noAck: Bool = false,
        arguments: FieldTable = [:]
    ) async throws -> Taker {
        let stream = broker.connect()
        let channel = try await Connection.open(over: stream, .patient).openChannel()
        try await channel.qos(prefetchCount: prefetch)
        let taker = Taker(stream)
        let deliveries = try await channel.consume(queue, noAck: noAck, arguments: arguments)
        taker.take(deliveries, from: queue, acknowledges: acknowledges && !noAck)
        return taker
    }

    /// How many messages wait in a queue; nil when there is no such queue.
    func count(_ queue: String) async throws -> Int? {
        let channel = try await observer()
        do {
            return try await channel.declareQueue(queue, passive: true).messageCount
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Takes all that is in a queue out of it.
    func contents(of queue: String) async throws -> [String] {
        let channel = try await observer()
        var contents: [String] = []
        while let message = try await channel.get(queue, noAck: true) { contents.append(message.text) }
        return contents
    }

    /// Somebody who looks. What was published, acknowledged or rejected by then on other channels has arrived: a broker
    /// answers none of that, and connections don't wait for each other.
    private func observer() async throws -> Channel {
        for channel in channels.withLock({ $0 }) { _ = try? await channel.declareExchange("amq.direct", passive: true) }
        return try await connect().openChannel()
    }

    /// Waits for what the broker or a consumer does in its own time.
    func wait(_ what: String, until condition: () async throws -> Bool) async throws {
        guard await eventually(.seconds(120), { (try? await condition()) ?? false }) else { throw NotSeen(what: what) }
    }

    /// A consumer, and what it has got so far.
    final class Taker: Sendable {
        private let stream: any ByteStream
        private let state = Mutex<[String]>([])

        fileprivate init(_ stream: any ByteStream) { self.stream = stream }

        fileprivate func take(_ deliveries: Consumer, from queue: String, acknowledges: Bool) {
            Task {
                for try await delivery in deliveries {
                    if acknowledges {
                        try await delivery.ack()
                        // The answer to this comes after the ack was read: which consumer is free again is known then.
                        try await delivery.channel.declareQueue(queue, passive: true)
                    }
                    self.state.withLock { $0.append(delivery.text) }
                }
            }
        }

        var taken: [String] { state.withLock { $0 } }

        /// As when its process is killed.
        func breakOff() { stream.abort() }
    }
}

/// `'a', 'b' and 'c'`, or `nothing`.
func enumerated(_ texts: [String]) -> String {
    guard let last = texts.last else { return "nothing" }
    guard texts.count > 1 else { return last }
    return texts.dropLast().joined(separator: ", ") + " and " + last
}
