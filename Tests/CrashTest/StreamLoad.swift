import AMQPClient
import SeededGenerator
import Synchronization

extension Names {
    /// Keeps what is read, as far as it has room for it.
    static let stream = "kept"
}

/// What is known of a stream: what its publishers were promised, and where its readers have met each message.
final class StreamModel: Sendable {
    private struct State {
        /// The last number that each publisher was told is there. They publish one message after the other.
        var confirmed: [Substring: Int] = [:]
        /// By message.
        var offsets: [String: Int64] = [:]
        /// What a reader found wrong, while the broker ran.
        var broken: Model.Broken?
        var confirmedCount = 0
        var readCount = 0
    }

    private let state = Mutex(State())

    func confirmed(_ publisher: String, _ number: Int) {
        state.withLock { state in
            state.confirmed[publisher[...]] = number
            state.confirmedCount += 1
        }
    }

    /// A reader was handed a message behind one of offset `last`.
    func read(_ id: String, at offset: Int64, after last: Int64?, redelivered: Bool) {
        state.withLock { state in
            state.readCount += 1
            if redelivered { state.broken = Model.Broken(description: "\(id) is marked as redelivered in a stream") }
            if let last, offset <= last {
                state.broken = Model.Broken(description: "\(id) has offset \(offset), and was read after \(last)")
            }
            if let known = state.offsets.updateValue(offset, forKey: id), known != offset {
                state.broken = Model.Broken(description: "\(id) had offset \(known), and has \(offset)")
            }
        }
    }

    /// Compares with what is in the stream after a restart. Its oldest messages may be gone, and of the others none.
    func compare(found: [(id: String, offset: Int64)]) throws {
        try state.withLock { state in
            if let broken = state.broken { throw broken }
            if found.isEmpty, !state.confirmed.isEmpty {
                throw Model.Broken(description: "a stream has lost everything")
            }
            var last: [Substring: Int] = [:]
            for (place, (id, offset)) in found.enumerated() {
                if place > 0, offset != found[place - 1].offset + 1 {
                    throw Model.Broken(description: "offset \(offset) comes behind \(found[place - 1].offset)")
                }
                if let known = state.offsets[id], known != offset {
                    throw Model.Broken(description: "\(id) had offset \(known), and has \(offset)")
                }
                let parts = id.split(separator: "/")
                guard parts.count == 2, let number = Int(parts[1]) else {
                    throw Model.Broken(description: "strange: \(id)")
                }
                if let before = last[parts[0]], number != before + 1 {
                    throw Model.Broken(description: "\(id) stands behind number \(before)")
                }
                last[parts[0]] = number
            }
            for (publisher, number) in last where number < state.confirmed[publisher] ?? -1 {
                throw Model.Broken(
                    description:
                        "\(publisher) ends with \(number), and \(state.confirmed[publisher] ?? 0) was confirmed")
            }
            // What was read and never on disk is nowhere now.
            state.offsets = Dictionary(found.map { ($0.id, $0.offset) }) { $1 }
        }
    }

    var summary: String { state.withLock { "stream: \($0.confirmedCount) confirmed, \($0.readCount) read" } }
}

/// Publishers and readers of a stream that work until the broker is gone.
struct StreamLoad: Sendable {
    let model: StreamModel
    let uri: String
    let round: Int
    let seed: UInt64

    private static let publishers = 16

    func publish() async throws {
        let connection = try await Connection.open(uri)
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        await withTaskGroup { group in
            for worker in 0..<Self.publishers {
                let publisher = "\(round).\(worker)"
                var random = SeededGenerator(seed: seed &+ UInt64(1000 + worker))
                group.addTask {
                    for number in 0... {
                        let body =
                            Array("\(publisher)/\(number)".utf8)
                            + Array(repeating: 32, count: Int(random.next() % 2000))
                        // A stream keeps transient messages too.
                        let message = Message(body: body, properties: .init(deliveryMode: number % 2 == 0 ? 1 : 2))
                        do {
                            try await channel.publishAndConfirm(message, routingKey: Names.stream)
                        } catch {
                            return
                        }
                        model.confirmed(publisher, number)
                    }
                }
            }
        }
    }

    /// Reads from the beginning, or from what comes.
    func read(from start: FieldValue) async throws {
        let connection = try await Connection.open(uri)
        let channel = try await connection.openChannel()
        try await channel.qos(prefetchCount: 100)
        var last: Int64?
        for try await delivery in try await channel.consume(Names.stream, arguments: ["x-stream-offset": start]) {
            let offset = StreamLoad.offset(delivery)
            model.read(Load.id(delivery), at: offset, after: last, redelivered: delivery.redelivered)
            last = offset
            try await delivery.ack()
        }
    }

    private static func offset(_ delivery: Delivery) -> Int64 {
        delivery.properties.headers?["x-stream-offset"]?.integer ?? -1
    }

    /// Looks at what there is after a restart.
    static func compare(with model: StreamModel, at uri: String) async throws {
        let connection = try await Connection.open(uri)
        let channel = try await connection.openChannel()
        let arguments: FieldTable = [
            "x-queue-type": "stream", "x-max-length-bytes": 6_000_000, "x-stream-max-segment-size-bytes": 300_000,
        ]
        let count = try await channel.declareQueue(Names.stream, durable: true, arguments: arguments).messageCount
        var found: [(id: String, offset: Int64)] = []
        if count > 0 {
            try await channel.qos(prefetchCount: 65_535)
            for try await delivery in try await channel.consume(
                Names.stream, arguments: ["x-stream-offset": "first"])
            {
                found.append((Load.id(delivery), offset(delivery)))
                if found.count == count { break }
            }
        }
        try model.compare(found: found)
        try await connection.close()
    }
}
