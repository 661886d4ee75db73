import AMQPClient
import Foundation
import SeededGenerator
import Synchronization

/// Publishers with confirms and consumers with acknowledgements, on nodes that are killed and started again, for so many seconds.
/// A seed decides which nodes, when, and for how long.
final class History: Sendable {
    private struct State: Sendable {
        var model = HistoryModel()
        var isOver = false
        var kills = 0
        var majorityLosses = 0
    }

    private static let queues = ["history-1", "history-2", "history-3"]
    /// Publishes at a time, for each queue.
    private static let publishers = 8
    /// Consumers of each queue, at as many nodes.
    private static let consumers = 2

    private let nodes: any Nodes
    private let seed: UInt64
    private let state = Mutex(State())
    private let began = ContinuousClock.now

    init(_ nodes: any Nodes, seed: UInt64) { (self.nodes, self.seed) = (nodes, seed) }

    private var isOver: Bool { state.withLock { $0.isOver } }
    private var seconds: Double { began.duration(to: .now) / .seconds(1) }
    /// At once, though the output may be a file: somebody waits for minutes.
    private func say(_ text: String) {
        FileHandle.standardOutput.write(Data((String(format: "%6.1f s  ", seconds) + text + "\n").utf8))
    }

    /// Throws if anything confirmed is lost, or something came twice and was not marked.
    func run(seconds: Int) async throws {
        try await declare()
        let publishing = Self.queues.indices.map { number in Task { await self.publish(number) } }
        let consuming = Self.queues.indices.flatMap { number in
            (0..<Self.consumers).map { place in Task { await self.consume(number, place) } }
        }
        defer { for task in consuming { task.cancel() } }
        try await killAndStart(until: Double(seconds))
        state.withLock { $0.isOver = true }
        for task in publishing { await task.value }
        say("no more is published; what is there is consumed")
        try await drain()
        let (model, kills, losses) = state.withLock { ($0.model, $0.kills, $0.majorityLosses) }
        print(
            "\(seconds) s, seed \(seed): nodes killed \(kills) times, \(losses) times so many at once that no majority was "
                + "left; \(model.summary).")
        let missing = model.missing
        for breach in model.breaches.prefix(20) { print("  " + breach) }
        for id in missing.prefix(20) { print("  \(id) is lost, though confirmed") }
        if model.refusedAndDelivered > 0 { print("  refused, and delivered: \(model.refusedAndDelivered)") }
        guard missing.isEmpty, model.breaches.isEmpty else {
            throw Model.Broken(description: "\(missing.count) confirmed lost, \(model.breaches.count) other breaches")
        }
        print("No confirmed message lost, none delivered twice without the mark.")
    }

    /// Each queue is led by another node at first.
    private func declare() async throws {
        for (number, queue) in Self.queues.enumerated() {
            let connection = try await Connection.open(nodes.addresses[number % nodes.addresses.count])
            let channel = try await connection.openChannel()
            try await channel.declareQueue(queue, durable: true, with: .quorum(deliveryLimit: 1_000_000))
            try await connection.close()
        }
    }

    // MARK: Nodes

    /// Mostly one node is killed, now and then two or all; the others go on meanwhile, and then all are there for a while.
    private func killAndStart(until end: Double) async throws {
        var random = SeededGenerator(seed: seed)
        let count = nodes.addresses.count
        while true {
            try await Task.sleep(for: .milliseconds(1000 + Int(random.next() % 4000)))
            guard seconds < end else { return }
            let choice = random.next() % 8
            let most = choice == 0 ? count : choice < 3 ? 2 : 1
            let doomed = Array((1...count).shuffled(using: &random).prefix(most)).sorted()
            try await nodes.kill(doomed)
            say("killed: \(doomed)")
            state.withLock { state in
                state.kills += doomed.count
                state.majorityLosses += 2 * doomed.count > count ? 1 : 0
            }
            try await Task.sleep(for: .milliseconds(Int(random.next() % 5000)))
            try await nodes.start(doomed)
            say("started: \(doomed); \(state.withLock { "\($0.model.counts.confirmed) confirmed so far" })")
        }
    }

    // MARK: Clients

    /// A client that begins at another node than its neighbours.
    private func client(_ number: Int) -> Client {
        let addresses = nodes.addresses
        let first = number % addresses.count
        return Client(
            hosts: Array(addresses[first...] + addresses[..<first]),
            retry: .exponential(from: .milliseconds(100), upTo: .seconds(1)))
    }

    /// Goes on after every loss, and after every refusal: a cluster that has lost its majority refuses much.
    private func persist(_ client: Client, _ body: @escaping @Sendable (Session) async throws -> Void) async {
        while !isOver, !Task.isCancelled {
            do {
                try await client.run(body)
            } catch {
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func publish(_ number: Int) async {
        await persist(client(number)) { session in
            let channel = session.channel
            try await channel.selectConfirms()
            await withTaskGroup { group in
                for _ in 0..<Self.publishers { group.addTask { await self.publish(to: Self.queues[number], channel) } }
            }
        }
    }

    private func publish(to queue: String, _ channel: Channel) async {
        while !isOver {
            let id = state.withLock { $0.model.publish() }
            do throws(AMQPError) {
                let message = Message("\(id)", persistent: true)
                // Mandatory: what no queue takes would be dropped, and confirmed.
                try await channel.publishAndConfirm(message, routingKey: queue, mandatory: true)
                state.withLock { $0.model.confirmed(id, at: seconds) }
            } catch {
                switch error.kind {
                case .nacked, .returned: state.withLock { $0.model.refused(id) }
                case .timedOut, .unknownOutcome: continue
                default: return
                }
            }
            // The machine has other things to do, and the account should fit into memory.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func consume(_ number: Int, _ place: Int) async {
        // At another node than the publisher at first.
        let client = client(number + 1 + place)
        // In bouts, so that what is confirmed has to wait, and is there to be lost when nodes are killed.
        let random = Mutex(SeededGenerator(seed: seed &+ UInt64(1 + number * Self.consumers + place)))
        while !Task.isCancelled {
            let rest = 1 + Double(random.withLock { $0.next() % 4000 }) / 1000
            do {
                try await client.run { session in
                    let end = self.seconds + rest
                    try await session.channel.qos(prefetchCount: 50)
                    for try await delivery in try await session.channel.queue(Self.queues[number]).consume() {
                        guard let id = Int(delivery.text) else { continue }
                        self.state.withLock { $0.model.delivered(id, redelivered: delivery.redelivered) }
                        // Some come back by a refusal, on top of those that a lost connection brings back.
                        if random.withLock({ $0.next() % 32 }) == 0 {
                            try await delivery.nack()
                        } else {
                            try await delivery.ack()
                        }
                        if self.seconds > end, !self.isOver { return }
                    }
                }
                if !isOver { try await Task.sleep(for: .seconds(rest)) }
            } catch {
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Waits until the queues hold nothing any more, by their own account, which counts what somebody has been handed and not
    /// settled. Nobody publishes by then, so nothing can come later: the end is known. What is held and handed to nobody for two
    /// minutes is a fault of its own.
    private func drain() async throws {
        var (last, since) = (-1, seconds)
        while true {
            var held = 0
            for queue in Self.queues { held += try await nodes.held(by: queue) }
            if held == 0 { return }
            let deliveries = state.withLock { $0.model.counts.deliveries }
            if deliveries != last { (last, since) = (deliveries, seconds) }
            if seconds - since > 120 { return state.withLock { $0.model.neverCame(held) } }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
