import AMQPClient
import AMQPTransport
import Interceptor
import Synchronization

/// A publisher and a consumer on a queue of their own, over connections that are cut again and again.
public struct CutScene: Sendable {
    /// Makes a stream to the broker that nothing stands in the way of.
    public typealias Connect = @Sendable () async throws -> any ByteStream

    private let configuration: ConnectionConfiguration
    private let resend: Publisher.Resend
    private let queue: String
    private let connect: Connect
    private let plan: CutPlan
    private let tally = CutTally()

    /// - Parameters:
    ///   - cuts: how many connections are cut, until the scene ends.
    ///   - configuration: its timeouts and heartbeats decide how soon a silent connection is noticed.
    public init(
        seed: UInt64, cuts: Int, queue: String, resend: Publisher.Resend, _ configuration: ConnectionConfiguration,
        connect: @escaping Connect
    ) {
        self.configuration = configuration
        self.resend = resend
        self.queue = queue
        self.connect = connect
        plan = CutPlan(seed: seed, cuts: cuts)
    }

    /// What has passed so far; while it grows, time need not.
    public var moveCount: Int { tally.moveCount }

    /// Plays until there have been all cuts, then counts what is missing. Throws what a client's own recovery must not let
    /// through.
    public func play() async throws -> CutReport {
        let client = Client(
            [configuration], retry: .exponential(from: .milliseconds(10), upTo: .milliseconds(200)),
            grace: .seconds(5)
        ) { [connect, plan, tally] _ in Interceptor(try await connect(), CutHook(plan, tally)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await consume(client)
                } catch {
                    // A run that is stopped while it is not connected says so.
                    if !Task.isCancelled { throw error }
                }
            }
            try await publish(client)
            group.cancelAll()
            try await group.waitForAll()
        }
        try await drain()
        // What hangs on to a stream keeps its hook.
        try await settle { tally.liveConnections == 0 }
        var report = tally.report
        if tally.liveConnections > 0 { report.violations.append("\(tally.liveConnections) connections are left") }
        report.violations += tally.missing.map { "'\($0)' was confirmed, and is lost" }
        (report.cuts, report.places) = (plan.cuts, plan.places)
        return report
    }

    // MARK: Publishing

    private func publish(_ client: Client) async throws {
        let publisher = client.publisher(window: 8, whileDown: .wait(upTo: .seconds(10)), resend: resend)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in ["a", "b", "c", "d"] { group.addTask { try await publish(name, over: publisher) } }
            try await group.waitForAll()
        }
        await publisher.close()
    }

    private func publish(_ name: String, over publisher: Publisher) async throws {
        var number = 0
        while !plan.isDone {
            // As many as the consumer keeps up with, so that the end is near when the last cut has been made.
            while tally.backlog > 100, !plan.isDone { try await Task.sleep(for: .milliseconds(1)) }
            let text = "\(queue) \(name)\(number)"
            number += 1
            var isOpen = true
            while isOpen { isOpen = try await !isSettled(text, publisher) }
        }
    }

    /// False when it never left, and so is to be published again.
    private func isSettled(_ text: String, _ publisher: Publisher) async throws -> Bool {
        do {
            try await publisher.publish(Message(text, persistent: true), key: queue, mandatory: true)
            tally.confirmed(text)
            return true
        } catch {
            switch error.kind {
            case .unknownOutcome: tally.unknown()
            case .timedOut: tally.notSent()
            // The consumer declares the queue, and may not have come to that.
            case .returned: return false
            default: throw error
            }
            return error.kind == .unknownOutcome
        }
    }

    // MARK: Consuming

    private func consume(_ client: Client) async throws {
        let late = Mutex<[Delivery]>([])
        try await client.run { session in
            tally.sessionBegan()
            // Those of the session before: they must not reach any delivery of this one.
            for delivery in late.withLock({ deliveries in
                defer { deliveries = [] }
                return deliveries
            }) {
                do {
                    try await delivery.ack()
                    tally.violated("a late acknowledgement was taken")
                } catch {
                    tally.lateAckRefused()
                }
            }
            let jobs = try await session.channel.declareQueue(queue, durable: true)
            try await session.channel.qos(prefetchCount: 10)
            var count = 0
            for try await job in try await jobs.consume() {
                tally.delivered(job.text, isMarked: job.redelivered)
                count += 1
                // Some are acknowledged only after the next ones.
                late.withLock { $0.append(job) }
                if count % 3 == 0 {
                    for job in late.withLock({ $0 }) {
                        try await job.ack()
                        late.withLock { $0.removeAll { $0.deliveryTag == job.deliveryTag } }
                    }
                }
            }
        }
    }

    // MARK: The end

    /// Takes what is left, over a connection that nobody cuts. What lost connections held comes when the broker has noticed.
    private func drain() async throws {
        var patient = configuration
        (patient.heartbeat, patient.rpcTimeout, patient.connectionTimeout) = (0, .zero, .seconds(1_000_000))
        let connection = try await Connection.open(over: connect(), patient)
        let channel = try await connection.openChannel()
        try await settle {
            while let job = try await channel.get(queue) {
                tally.passed()
                tally.delivered(job.text, isMarked: job.redelivered)
                try await job.ack()
            }
            return tally.missing.isEmpty
        }
        try await channel.deleteQueue(queue)
        try await connection.close()
    }

    /// Looks until it is so, for a minute of the configuration's time; and a hundred times, should that minute pass in no time.
    private func settle(_ isSo: () async throws -> Bool) async throws {
        let end = configuration.time.now + 60_000
        var looksAfterwards = 0
        while try await !isSo(), looksAfterwards < 100 {
            try await Task.sleep(for: .milliseconds(1))
            if configuration.time.now >= end { looksAfterwards += 1 }
        }
    }
}
