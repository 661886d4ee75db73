import AMQPClient
import AMQPTransport
import Synchronization
import Testing

@testable import workbook

/// The check finds what a worker does wrong, and nothing else.
@Suite struct WorkerCheckTests {
    /// A worker, and what is wrong with it.
    enum Kind: CaseIterable, Sendable {
        case right, acknowledgesFirst, neverAcknowledges, automatic, noPrefetch, lateFetch, notDurable, twice
    }

    static let wrong: [(Kind, Set<String>)] = [
        (.right, []),
        (.acknowledgesFirst, ["acknowledges after the work", "loses nothing when it is killed"]),
        (.neverAcknowledges, ["acknowledges its tasks"]),
        (.automatic, ["acknowledges its tasks", "loses nothing when it is killed"]),
        (.noPrefetch, ["limits its prefetch before it consumes"]),
        (.lateFetch, ["limits its prefetch before it consumes"]),
        (.notDurable, ["declares its queue durable"]),
    ]

    @Test(arguments: wrong) func workersAreFoundOut(kind: Kind, titles: Set<String>) async throws {
        let findings = try await check(kind)
        #expect(Set(findings.filter { !$0.isGood }.map(\.title)) == titles, "\(findings)")
        #expect(findings.allSatisfy { $0.isGood == $0.why.isEmpty }, "what is wrong has a reason")
    }

    @Test func acknowledgingTwiceIsFoundOut() async throws {
        let wrong = try await check(.twice).filter { !$0.isGood }
        #expect(wrong.map(\.title) == ["acknowledges each task once"])
        let finding = try #require(wrong.first)
        #expect(finding.seen.contains("PRECONDITION_FAILED - unknown delivery tag 1"))
    }

    @Test func aProgramThatDoesNotConsume() async throws {
        let idle = Subject { _ in Subject.Run(kill: {}, hasEnded: { true }, lastLines: { ["Hello"] }) }
        let findings = try await WorkerCheck(subject: idle).findings()
        #expect(findings.map(\.title) == ["consumes"])
        #expect(findings[0].seen == "It ended without a basic.consume. It printed: Hello")
    }

    @Test(arguments: [(true, true), (true, false), (false, true)])
    func producersAreJudged(durable: Bool, persistent: Bool) async throws {
        let producer = Subject { url in
            let connection = try await Connection.open(url)
            let channel = try await connection.openChannel()
            try await channel.declareQueue("task_queue", durable: durable)
            try await channel.publish(Message("Hello", persistent: persistent), routingKey: "task_queue")
            try await connection.close()
            return Subject.Run(kill: {}, hasEnded: { true }, lastLines: { [] })
        }
        let findings = try await WorkerCheck(subject: producer).findings()
        #expect(findings.map(\.isGood) == [durable, persistent], "\(findings)")
    }

    private func check(_ kind: Kind) async throws -> [Finding] {
        let subject = Subject { url in try await Self.start(kind, url) }
        var check = WorkerCheck(subject: subject, longestDot: .seconds(3), shortestDot: 800)
        // Beside a thousand other tests a connection may be long in coming, and nothing comes at once: what is done at
        // once and what takes a dot lie far enough apart.
        check.patience = .seconds(180)
        check.moment = .seconds(1)
        return try await check.findings()
    }

    private static func start(_ kind: Kind, _ url: String) async throws -> Subject.Run {
        let port = try #require(url.split(separator: ":").last.flatMap { Int($0.dropLast()) })
        let stream = try await TCPStream.connect(host: "localhost", port: port, timeoutMilliseconds: 180_000)
        let task = Task { try await work(kind, stream) }
        return Subject.Run(
            kill: {
                // As a killed process: nothing is said, the kernel resets the connection.
                stream.abort()
                task.cancel()
            }, hasEnded: { false }, lastLines: { [] })
    }

    private static func work(_ kind: Kind, _ stream: TCPStream) async throws {
        let connection = try await Connection.open(over: stream)
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue("task_queue", durable: kind != .notDurable)
        if kind != .noPrefetch, kind != .lateFetch { try await channel.qos(prefetchCount: 1) }
        let tasks = try await queue.consume(noAck: kind == .automatic)
        if kind == .lateFetch { try await channel.qos(prefetchCount: 1) }
        for try await task in tasks {
            if kind == .acknowledgesFirst { try await task.ack() }
            let dots = task.text.count { $0 == "." }
            try await Task.sleep(for: .seconds(1) * dots)
            switch kind {
            case .acknowledgesFirst, .neverAcknowledges, .automatic: break
            case .twice:
                try await task.ack()
                try await task.ack()
            default: try await task.ack()
            }
        }
    }
}
