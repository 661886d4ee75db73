import AMQPClient
import AMQPWire
import BrokerCore
import BrokerServer

/// How long a check waits. Only what never comes is waited for so long.
struct Pace: Sendable {
    /// For a program to connect, and to consume or publish.
    var begin = Duration.seconds(20)
    /// For a reaction that always comes.
    var answer = Duration.seconds(5)
    /// For something that comes at once or never.
    var moment = Duration.milliseconds(300)
    /// How long the work for a dot takes at most (chapter 2), and at least, in milliseconds: what takes less was not done.
    var longestDot = Duration.seconds(1)
    var shortestDot: Int64 = 400
    /// For a program that should give up waiting by itself.
    var givesUp = Duration.seconds(15)
}

/// A program under inspection: the broker that observes it, and a client that plays the others' parts.
struct Inspection: Sendable {
    let subject: Subject
    let pace: Pace
    let watch: ObservingBroker
    /// Goes to the broker directly: what it says is not observed.
    private let connection: Connection

    /// The program can't be judged: it does not start, or does nothing.
    struct CannotJudge: Error, CustomStringConvertible { let description: String }

    static func hold(
        _ subject: Subject, _ pace: Pace, as dialect: Dialect = .v3_10,
        _ body: (Inspection) async throws -> [Finding]
    ) async throws -> [Finding] {
        let watch = try ObservingBroker(.patient(as: dialect))
        defer { watch.shutDown() }
        let connection = try await Connection.open(over: watch.broker.connect(), .patient)
        let inspection = Inspection(subject: subject, pace: pace, watch: watch, connection: connection)
        let findings = try await body(inspection)
        try await connection.close()
        return findings
    }

    var log: WireLog { WireLog(watch.observations) }

    func start() async throws -> Subject.Run { try await subject.start(watch.url) }

    /// Waits until it is so, or the time is up.
    @discardableResult
    func until(_ patience: Duration, _ condition: (WireLog) async -> Bool) async -> Bool {
        await eventually(patience) { await condition(log) }
    }

    /// Waits until the broker has granted the program's first consumer, or refused something: the consumer's queue; nil when
    /// it has none.
    func consumerBegan() async -> String? {
        guard let queue = log.consumptions.first?.queue else { return nil }
        await until(pace.answer) { !$0.refusals.isEmpty || $0.consumptions.contains(where: \.isGranted) }
        return queue
    }

    /// Waits until a program that publishes has ended, or has nothing more to say, and returns all that it did.
    func producerEnded(_ run: Subject.Run) async -> WireLog {
        await until(pace.answer) { log in
            log.published.allSatisfy { log.isDisconnected($0.place.connection) }
                && (run.hasEnded || !log.farewells.isEmpty)
        }
        return log
    }

    // MARK: The others' parts

    /// A channel for one thing that the broker may refuse. nil when it did.
    private func attempt<Result: Sendable>(_ body: (Channel) async throws -> Result) async throws -> Result? {
        let channel = try await connection.openChannel()
        let result = try? await body(channel)
        try await channel.close()
        return result
    }

    func openChannel() async throws -> Channel { try await connection.openChannel() }

    /// Returns when the broker has it; false when there is no such exchange.
    @discardableResult
    func publish(
        _ body: String, exchange: String = "", key: String, properties: BasicProperties = BasicProperties()
    ) async throws -> Bool {
        try await attempt { channel in
            try await channel.publish(
                Message(body, persistent: properties.deliveryMode != 1, properties: properties), exchange: exchange,
                routingKey: key)
            // A publish has no answer; what comes behind it has.
            try await channel.qos(prefetchCount: 0)
            return true
        } ?? false
    }

    /// How many consumers a queue has; nil when there is no such queue, or it belongs to another's connection alone.
    func consumers(of queue: String) async throws -> Int? {
        try await attempt { try await $0.declareQueue(queue, passive: true).consumerCount }
    }

    /// How many messages wait in a queue; nil when there is no such queue.
    func messages(in queue: String) async throws -> Int? {
        try await attempt { try await $0.declareQueue(queue, passive: true).messageCount }
    }

    /// Takes everything that waits in a queue; nil when there is no such queue.
    func take(_ queue: String) async throws -> [Delivery]? {
        try await attempt { channel in
            var taken: [Delivery] = []
            while let next = try await channel.get(queue, noAck: true) { taken.append(next) }
            return taken
        }
    }
}

/// Asks again and again, until it is so or the time is up.
@discardableResult
func eventually(_ patience: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + patience
    while true {
        if try await condition() { return true }
        if ContinuousClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
}
