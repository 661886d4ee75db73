import AMQPClient
import BrokerTesting
import Foundation
import Synchronization
import TestSupport
import Testing

/// The documentation's code does what is said of it.
@Suite(.watched) struct DocsTests {
    private struct Broken: Error {}

    private let broker = TestBroker()

    @Test func gettingStarted() async throws {
        try await send("Hello World!", to: broker.uri)
        let seen = Mutex<[String]>([])
        let receiving = Task { [broker] in
            try await receive(from: broker.uri) { text in seen.withLock { $0.append(text) } }
        }
        try await broker.wait { broker.recorded.acknowledged.count == 1 }
        receiving.cancel()
        try await receiving.value
        #expect(seen.withLock { $0 } == ["Hello World!"])
    }

    @Test func confirms() async throws {
        let channel = try await broker.connect().openChannel()
        #expect(try await order("chair", on: channel) == "no queue takes it")
        try await channel.declareQueue("orders", durable: true)
        #expect(try await order("chair", on: channel) == "ordered")
        broker.fail(.nack())
        #expect(try await order("chair", on: channel) == "the broker did not keep it")
        try await orderAll((0..<1_000).map { "\($0)" }, on: channel)
        #expect(broker.queue("orders")?.ready == 1_001)
        broker.fail(.nack())
        #expect(try await orderTwo("lamp", "table", on: channel) == [.nacked, .confirmed])
    }

    @Test func consuming() async throws {
        let connection = try await broker.connect()
        let queue = try await connection.openChannel().declareQueue("q")
        for text in ["good", "bad"] { try await queue.publish(Message(text)) }
        let working = Task { try await work(on: queue) { if $0 == "bad" { throw Broken() } } }
        try await broker.wait { broker.recorded.rejected.count == 1 }
        working.cancel()
        try await working.value
        #expect(broker.recorded.acknowledged.map(\.text) == ["good"])

        let channel = try await connection.openChannel()
        let together = Task { try await workTogether(channel) }
        try await broker.wait { broker.queue("jobs")?.consumers == 1 }
        try await channel.publish(Message("bad"), routingKey: "jobs")
        try await broker.wait { broker.queue("failed")?.ready == 1 }
        together.cancel()
        try await together.value
    }

    /// A call of the library throws an `AMQPError` then.
    @Test func aJobThatIsCancelledGoesBack() async throws {
        let connection = try await broker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue("q")
        try await channel.declareQueue("nobody answers")
        try await queue.publish(Message("a"))
        let caller = try await connection.openChannel().caller()
        let working = Task {
            try await work(on: queue) { _ = try await caller.call(Message($0), to: "nobody answers") }
        }
        try await broker.wait { broker.queue("nobody answers")?.ready == 1 }
        working.cancel()
        try await working.value
        // Until its consumer has gone, it may come back to the program, which gives it back unseen.
        try await broker.wait { broker.queue("q")?.ready == 1 && broker.queue("q")?.consumers == 0 }
        #expect(Set(broker.recorded.requeued.map(\.text)) == ["a"] && broker.recorded.rejected.isEmpty)
    }

    private func workTogether(_ channel: Channel) async throws {
        try await BrokerTestingTests.workTogether(on: channel) { _ in throw Broken() }
    }

    @Test func questions() async throws {
        let channel = try await broker.connect().openChannel()
        let answering = Task { try await answer(on: channel) }
        try await broker.wait { broker.queue("prices")?.consumers == 1 }
        let client = Client(hosts: [broker.uri])
        #expect(try await ask("chair", by: client) == "120")
        await client.close()
        answering.cancel()
        try await answering.value
    }

    @Test func recovery() async throws {
        let run = Task { [broker] in try await serve(hosts: [broker.uri]) { $0.uppercased() } }
        try await broker.wait { broker.queue("jobs")?.consumers == 1 }
        broker.cutAll()
        try await broker.advance { broker.queue("jobs")?.consumers == 1 }
        let channel = try await broker.connect().openChannel()
        try await channel.publishAndConfirm(Message("a"), routingKey: "jobs")
        try await broker.wait { broker.queue("results")?.ready == 1 }
        // A job whose result nobody takes is not lost.
        broker.fail(.nack(key: "results", times: 2))
        try await channel.publishAndConfirm(Message("b"), routingKey: "jobs")
        try await broker.wait { broker.recorded.rejected.map(\.text) == ["b"] }
        await broker.advance(by: .zero)
        #expect(broker.queue("failed")?.ready == 1)
        run.cancel()
        try await run.value
        await broker.stop()
        #expect(await failure { _ = try await openPatiently(broker.uri, attempts: 3) }?.kind == .unreachable)
        broker.start()
        #expect(try await openPatiently(broker.uri, attempts: 1).isOpen)
    }

    @Test func aSignalStopsAService() async {
        await #expect(processExitsWith: .success) {
            endWithParent()
            // Before anybody listens the signal would end the process; so it is sent until somebody does.
            signal(SIGTERM, SIG_IGN)
            try await runUntilSignal {
                while !Task.isCancelled {
                    kill(getpid(), SIGTERM)
                    try? await Task.sleep(for: .milliseconds(1))
                }
                // As a client does that is not connected.
                throw AMQPError(.cancelled, scope: .client, text: "The task was cancelled")
            }
        }
    }

    @Test func encryption() throws {
        let configuration = encrypted(host: "a", ca: "/etc/app/ca.pem")
        let same = try ConnectionConfiguration(uri: "amqps://a?cacertfile=/etc/app/ca.pem")
        #expect(configuration.tls == same.tls)
        #expect("\(configuration)" == "\(same)")
    }

    @Test func tracesAndCounts() async throws {
        let count = Mutex(0)
        let configuration = try tracing(broker.uri) { count.withLock { $0 += 1 } }
        let publisher = Client([configuration]).publisher()
        try await Trace.$current.withValue("trace") { try await publisher.publish(Message("x")) }
        await publisher.close()
        #expect(broker.recorded.published.first?.message.traceparent == "trace")
        #expect(count.withLock { $0 } == 1)
    }

    @Test func watching() async throws {
        await broker.stop()
        let client = Client(hosts: [broker.uri])
        let seen = Mutex<[String]>([])
        let watching = Task { try await watch(client) { text in seen.withLock { $0.append(text) } } }
        let run = Task { try await client.run { _ in await untilCancelled() } }
        try await broker.wait { seen.withLock { $0.contains { $0.hasPrefix("again in ") } } }
        broker.start()
        // The broker has it before the client: one that is cancelled in between says so.
        try await broker.advance { seen.withLock { $0.contains { $0.hasPrefix("connected to broker-") } } }
        run.cancel()
        try await run.value
        try await broker.wait { seen.withLock { $0.last } == "ended" }
        watching.cancel()
        _ = await watching.result
    }
}
