import AMQPClient
import SeededGenerator
import Synchronization

enum Names {
    static let queues = ["left", "right", quorum]
    /// Keeps transient messages too, and counts what comes back.
    static let quorum = "majority"
    /// Takes what consumers publish only to have it confirmed.
    static let markers = "markers"
}

/// Publishers and consumers that work until the broker is gone.
final class Load: Sendable {
    private let model: Model
    private let stream: StreamModel
    private let uri: String
    private let round: Int
    private let seed: UInt64
    private let tasks = Mutex<[Task<Void, Never>]>([])

    init(_ model: Model, _ stream: StreamModel, uri: String, round: Int, seed: UInt64) {
        (self.model, self.stream, self.uri, self.round, self.seed) = (model, stream, uri, round, seed)
    }

    func start() {
        for number in 0..<3 { run { try await self.publish(number) } }
        for queue in Names.queues { run { try await self.consume(queue) } }
        let load = StreamLoad(model: stream, uri: uri, round: round, seed: seed)
        run { try await load.publish() }
        for start in ["first", "first", "next"] as [FieldValue] { run { try await load.read(from: start) } }
    }

    func finish() async { for task in tasks.withLock({ $0 }) { await task.value } }

    /// Every error means the same here: the broker is gone.
    private func run(_ work: @escaping @Sendable () async throws -> Void) {
        tasks.withLock { $0.append(Task { try? await work() }) }
    }

    private func publish(_ number: Int) async throws {
        let connection = try await Connection.open(uri)
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        let queue = Names.queues[number % Names.queues.count]
        // Sixteen that wait for their confirms at the same time, each with numbers of its own that rise.
        await withTaskGroup { group in
            for worker in 0..<16 {
                let publisher = "\(round).\(number).\(worker)"
                var random = SeededGenerator(seed: seed &+ UInt64(number * 16 + worker))
                group.addTask {
                    for message in 0... {
                        let id = "\(queue)/\(publisher)/\(message)"
                        let mode: UInt8 = queue == Names.quorum && message % 2 == 0 ? 1 : 2
                        let body = Array(id.utf8) + Array(repeating: 32, count: Int(random.next() % 2000))
                        self.model.published(id)
                        do {
                            try await channel.publishAndConfirm(
                                Message(body: body, properties: .init(deliveryMode: mode)), routingKey: queue)
                        } catch {
                            return
                        }
                        self.model.confirmed(id)
                    }
                }
            }
        }
    }

    private func consume(_ queue: String) async throws {
        let connection = try await Connection.open(uri)
        let channel = try await connection.openChannel()
        try await channel.qos(prefetchCount: 50)
        var unsynced: [String] = []
        var returned: [(id: String, count: Int64)] = []
        var random = SeededGenerator(seed: seed &+ UInt64(queue.count))
        for try await delivery in try await channel.queue(queue).consume() {
            let id = Load.id(delivery)
            // The other half stays, for the next rounds.
            guard random.next() % 8 != 0 else {
                try await delivery.nack()
                if queue == Names.quorum { returned.append((id, Load.count(delivery) + 1)) }
                try await Task.sleep(for: .milliseconds(2))
                continue
            }
            model.acknowledged(id)
            try await delivery.ack()
            unsynced.append(id)
            if unsynced.count == 20 {
                try await channel.publishAndConfirm(
                    Message("marker", persistent: true), routingKey: Names.markers)
                model.synced(unsynced)
                model.counted(returned)
                (unsynced, returned) = ([], [])
            }
        }
    }

    /// How often a quorum queue says that it came back.
    static func count(_ delivery: Delivery) -> Int64 {
        delivery.properties.headers?["x-delivery-count"]?.integer ?? 0
    }

    static func id(_ delivery: Delivery) -> String {
        String(decoding: delivery.body.prefix { $0 != 32 }, as: UTF8.self)
    }
}

/// Looks at what there is after a restart.
enum Check {
    static func compare(with model: Model, at uri: String, drain: Bool) async throws {
        let connection = try await Connection.open(uri)
        let channel = try await connection.openChannel()
        for name in Names.queues + [Names.markers] { try await declare(name, channel) }
        // Without a limit of its own a consumer of a quorum queue has the queue's, which may be less than there is.
        try await channel.qos(prefetchCount: 65_535)
        _ = try await channel.purgeQueue(Names.markers)
        for name in Names.queues {
            let count = try await declare(name, channel)
            var found: [(id: String, count: Int64)] = []
            let consumer = try await channel.queue(name).consume()
            if count > 0 {
                for try await delivery in consumer {
                    found.append((Load.id(delivery), Load.count(delivery)))
                    if found.count == count { break }
                }
            }
            try model.compare(queue: name, found: found)
            guard drain, count > 0 else { continue }
            for message in found { model.acknowledged(message.id) }
            try await channel.ack(0, multiple: true)
            try await channel.publishAndConfirm(Message("marker", persistent: true), routingKey: Names.markers)
            model.synced(found.map(\.id))
        }
        try await connection.close()
    }

    /// Returns how many messages it has.
    @discardableResult
    private static func declare(_ name: String, _ channel: Channel) async throws -> Int {
        let arguments = name == Names.quorum ? QueueFeature.quorum(deliveryLimit: 1_000_000).arguments : [:]
        return try await channel.declareQueue(name, durable: true, arguments: arguments).messageCount
    }
}
