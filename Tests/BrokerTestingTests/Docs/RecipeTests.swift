import AMQPClient
import BrokerTesting
import Synchronization
import TestSupport
import Testing

/// The recipes do what is said of them.
@Suite(.watched) struct RecipeTests {
    private struct Broken: Error {}

    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private let broker = TestBroker()
    private let log = Log()

    @Test func manyTasksPublish() async throws {
        try await broker.connect().openChannel().declareQueue("invoices", durable: true)
        let customers = Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, "customer \($0)") })
        try await publishInvoices(customers, by: Client(hosts: [broker.uri]))
        #expect(broker.queue("invoices")?.ready == 200)
        let published = broker.recorded.published.map(\.message.properties)
        #expect(Set(published.compactMap { $0.messageID?.text }).count == 200)
        #expect(Set(published.compactMap { $0.headers?["customer"]?.text }) == Set(customers.values))
        await broker.advance(by: .seconds(60))
        #expect(broker.queue("invoices")?.ready == 0)
    }

    @Test func aJobThatFailsIsTriedAgainLater() async throws {
        let run = Task { [broker, log] in
            try await workWithRetries(by: Client(hosts: [broker.uri])) { job in
                log.add(job)
                throw Broken()
            }
        }
        try await broker.wait { broker.queue("jobs")?.consumers == 1 }
        try await broker.connect().openChannel().publishAndConfirm(Message("a"), routingKey: "jobs")
        for attempt in 1...2 {
            try await broker.wait { broker.queue("jobs.later")?.ready == 1 }
            #expect(log.all.count == attempt)
            await broker.advance(by: .seconds(30))
        }
        try await broker.wait { broker.queue("jobs.failed")?.ready == 1 }
        #expect(log.all == ["a", "a", "a"])
        run.cancel()
        try await run.value
        #expect(broker.queue("jobs") == .init(ready: 0))
    }

    private func keepLedger(_ name: String) -> Task<Void, any Error> {
        Task { [broker, log] in
            try await BrokerTestingTests.keepLedger(by: Client(hosts: [broker.uri])) { log.add("\(name): \($0)") }
        }
    }

    @Test func oneKeepsTheLedger() async throws {
        let first = keepLedger("first")
        try await broker.wait { broker.queue("ledger")?.consumers == 1 }
        let second = keepLedger("second")
        try await broker.wait { broker.queue("ledger")?.consumers == 2 }
        let channel = try await broker.connect().openChannel()
        for entry in ["a", "b"] { try await channel.publishAndConfirm(Message(entry), routingKey: "ledger") }
        try await broker.wait { broker.recorded.acknowledged.count == 2 }
        first.cancel()
        try await first.value
        try await channel.publishAndConfirm(Message("c"), routingKey: "ledger")
        try await broker.wait { broker.recorded.acknowledged.count == 3 }
        #expect(log.all == ["first: a", "first: b", "second: c"])
        second.cancel()
        try await second.value
    }

    @Test func aStreamIsReadOnAfterALoss() async throws {
        try await publishEvents(0..<5)
        let run = Task { [broker, log] in
            try await readEvents(by: Client(hosts: [broker.uri]), from: 2) { log.add("\($0): \($1)") }
        }
        try await broker.wait { log.all.count == 3 }
        broker.cutAll()
        try await broker.advance { broker.queue("events")?.consumers == 1 }
        try await publishEvents(5..<6)
        try await broker.wait { log.all.count == 4 }
        #expect(log.all == ["2: event 2", "3: event 3", "4: event 4", "5: event 5"])
        run.cancel()
        try await run.value
    }

    private func publishEvents(_ numbers: Range<Int>) async throws {
        let channel = try await broker.connect().openChannel()
        try await channel.declareQueue(
            "events", durable: true, with: .stream(maxOctets: 1 << 30, maxAge: .seconds(86_400)))
        for number in numbers { try await channel.publishAndConfirm(Message("event \(number)"), routingKey: "events") }
    }
}
