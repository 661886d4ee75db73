import AMQPClient
import Foundation
import Synchronization

/// Fills the disk under a broker while programs publish with confirms, sees that they are blocked, makes room, sees that
/// they go on by themselves, kills the broker, and compares what is there with what was confirmed.
///
/// Twice: once the broker stops at the limit that it was given, once there is no limit and it runs into the wall.
enum FullDisk {
    struct Broken: Error, CustomStringConvertible {
        var description: String
    }

    /// `directory` is on a small disk that nobody else uses, of some tens of megabytes.
    static func run(broker: String, on directory: String) async throws {
        try await run(broker: broker, on: directory, limit: 8_000_000)
        try await run(broker: broker, on: directory, limit: 0)
    }

    private static func run(broker: String, on directory: String, limit: Int) async throws {
        print("--disk-free-limit \(limit), \(free(directory) / 1_000_000) MB free")
        let data = directory + "/data"
        let process = try RunningBroker(broker, data: data, ["--disk-free-limit", "\(limit)"])
        // A stone of this size leaves the broker some megabytes.
        let stone = directory + "/stone"
        let size = max(0, free(directory) - limit - 6_000_000)
        try Data(repeating: 1, count: size).write(to: URL(fileURLWithPath: stone))

        let connection = try await Connection.open(process.uri)
        var events = connection.events.makeAsyncIterator()
        let published = Publishing(try await connection.openChannel())
        try await published.begin()
        // Who publishes is blocked, and as with RabbitMQ that is who does so after the disk is full. The others may all be
        // waiting for confirms by then, so somebody goes on.
        let insisting = try await connection.openChannel()
        let insistence = Task {
            while !Task.isCancelled {
                try await insisting.publish(Message("Is there room?"), routingKey: "nobody")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        defer { insistence.cancel() }
        guard case .blocked(let reason)? = try await events.next() else {
            throw Broken(description: "the connection ended where it should have been blocked")
        }
        print("  blocked (\(reason)) with \(free(directory) / 1_000) kB free and \(published.confirmedCount) confirmed")
        // Consumers and everybody else who doesn't publish are served.
        let other = try await Connection.open(process.uri)
        let count = try await other.openChannel().declareQueue(Publishing.queue, durable: true).messageCount
        guard count > 0 else { throw Broken(description: "nothing is in the queue of a blocked broker") }
        try await other.close()

        try FileManager.default.removeItem(atPath: stone)
        guard case .unblocked? = try await events.next() else {
            throw Broken(description: "the connection ended where it should have been unblocked")
        }
        let before = published.confirmedCount
        try await published.until(before + 500)
        await published.finish()
        print("  unblocked by itself; \(published.confirmedCount) confirmed at the end")
        process.kill()
        try await compare(published, broker: broker, data: data)
        try FileManager.default.removeItem(atPath: data)
    }

    private static func compare(_ published: Publishing, broker: String, data: String) async throws {
        let process = try RunningBroker(broker, data: data, ["--disk-free-limit", "0"])
        let connection = try await Connection.open(process.uri)
        let channel = try await connection.openChannel()
        var missing = published.confirmed
        var found = 0
        let queue = try await channel.declareQueue(Publishing.queue, durable: true)
        if queue.messageCount > 0 {
            for try await delivery in try await queue.consume(noAck: true) {
                missing.remove(String(decoding: delivery.body.prefix { $0 != 32 }, as: UTF8.self))
                found += 1
                if found == queue.messageCount { break }
            }
        }
        try await connection.close()
        process.kill()
        print("  \(found) found after kill -9 and a restart")
        if let one = missing.first {
            throw Broken(description: "\(missing.count) confirmed messages are lost, \(one) among them")
        }
    }

    private static func free(_ directory: String) -> Int {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return 0 }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}

/// Programs that publish persistent messages of some kilobytes, each with its number, and wait for their confirms.
private final class Publishing: Sendable {
    static let queue = "full-disk"

    private let channel: Channel
    private let state = Mutex(State())
    private let tasks = Mutex<[Task<Void, any Error>]>([])

    private struct State {
        var confirmed: Set<String> = []
        var isOver = false
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    init(_ channel: Channel) { self.channel = channel }

    var confirmed: Set<String> { state.withLock { $0.confirmed } }
    var confirmedCount: Int { state.withLock { $0.confirmed.count } }

    func begin() async throws {
        _ = try await channel.declareQueue(Self.queue, durable: true)
        try await channel.selectConfirms()
        for worker in 0..<16 { tasks.withLock { $0.append(Task { try await self.publish(worker) }) } }
    }

    private func publish(_ worker: Int) async throws {
        var number = 0
        while !state.withLock({ $0.isOver }) {
            let id = "\(worker)/\(number)"
            let body = Array(id.utf8) + [UInt8](repeating: 32, count: 4000)
            try await channel.publishAndConfirm(
                Message(body: body, properties: .init(deliveryMode: 2)), routingKey: Self.queue)
            confirm(id)
            number += 1
        }
    }

    private func confirm(_ id: String) {
        let reached = state.withLock { state in
            state.confirmed.insert(id)
            let reached = state.waiters.filter { $0.count <= state.confirmed.count }
            state.waiters.removeAll { $0.count <= state.confirmed.count }
            return reached
        }
        for waiter in reached { waiter.continuation.resume() }
    }

    /// Waits until so many are confirmed.
    func until(_ count: Int) async throws {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.confirmed.count >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    /// Ends when every message that was sent is confirmed.
    func finish() async {
        state.withLock { $0.isOver = true }
        for task in tasks.withLock({ $0 }) { _ = try? await task.value }
    }
}
