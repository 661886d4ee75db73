import AMQPClient
import BrokerTesting
import Synchronization
import TestSupport
import Testing

/// Tracing and metrics by closures.
@Suite(.watched) struct HooksTests {
    private enum Trace {
        @TaskLocal static var current: String?
    }

    private let broker = TestBroker()
    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func connect(_ counts: Counts? = nil) async throws -> Connection {
        try await broker.connect { configuration in
            configuration.hooks.traceparent = { Trace.current }
            configuration.hooks.working = { delivery, work in
                try await Trace.$current.withValue(delivery.traceparent) { try await work() }
            }
            if let counts { configuration.hooks.counting = { counts.add($0) } }
        }
    }

    private final class Counts: Sendable {
        private let counts = Mutex<[Hooks.Count]>([])
        var all: [Hooks.Count] { counts.withLock { $0 } }
        func add(_ count: Hooks.Count) { counts.withLock { $0.append(count) } }
        func sum(_ number: (Hooks.Count) -> Int?) -> Int { all.compactMap(number).reduce(0, +) }
    }

    @Test func aTraceTravelsOnEveryWay() async throws {
        let channel = try await connect().openChannel()
        try await channel.declareQueue("q")
        var configuration = try ConnectionConfiguration(uri: broker.uri)
        configuration.hooks.traceparent = { Trace.current }
        let recovering = Client([configuration]).publisher()
        let publisher = try await channel.confirmedPublisher()
        try await Trace.$current.withValue(parent) {
            try await channel.publish(Message("1"), routingKey: "q")
            try await channel.publishAndConfirm(Message("2"), routingKey: "q")
            try await channel.publishForConfirm(Message("3"), routingKey: "q").wait()
            try await publisher.publish(Message("4"), routingKey: "q")
            try await publisher.waitForAll()
            try await recovering.publish(Message("5"), key: "q")
        }
        #expect(broker.recorded.published.map(\.message.traceparent) == Array(repeating: parent, count: 5))
        // None where there is none, and a message's own stays.
        try await channel.publish(Message("6"), routingKey: "q")
        var own = Message("7", properties: BasicProperties(headers: ["k": "v"]))
        own.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
        try await Trace.$current.withValue(parent) { try await channel.publishAndConfirm(own, routingKey: "q") }
        #expect(broker.recorded.published[5].message == Message("6"))
        #expect(broker.recorded.published[6].message == own)
        await recovering.close()
    }

    @Test func theWorkGoesOnInTheTraceOfItsMessage() async throws {
        let connection = try await connect()
        let channel = try await connection.openChannel()
        let questions = try await channel.declareQueue("questions")
        let serving = Task { try await questions.serve { _ in Message(Trace.current ?? "no trace") } }
        let caller = try await connection.openChannel().caller()
        let answer = try await Trace.$current.withValue(parent) {
            try await caller.call(Message("?"), to: "questions")
        }
        #expect(answer.text == parent)
        #expect(answer.traceparent == parent)
        #expect(try await caller.call(Message("?"), to: "questions").text == "no trace")
        serving.cancel()
        try await serving.value
    }

    @Test func allIsCounted() async throws {
        let counts = Counts()
        let channel = try await connect(counts).openChannel()
        let queue = try await channel.declareQueue("q")
        try await channel.publish(Message("12345"), routingKey: "q")
        broker.fail(.nack(key: "nack"))
        let publisher = try await channel.confirmedPublisher()
        for _ in 0..<10 { try await publisher.publish(Message("1"), routingKey: "q") }
        try await publisher.waitForAll()
        _ = await failure { try await channel.publishAndConfirm(Message("1"), routingKey: "nack") }
        _ = await failure { try await channel.publishAndConfirm(Message("1"), routingKey: "none", mandatory: true) }
        #expect(counts.sum { if case .published(let octets) = $0 { octets } else { nil } } == 17)
        #expect(counts.sum { if case .published = $0 { 1 } else { nil } } == 13)
        #expect(counts.sum { if case .confirmed(let number) = $0 { number } else { nil } } == 11)
        #expect(counts.sum { if case .nacked(let number) = $0 { number } else { nil } } == 1)
        #expect(counts.all.count { $0 == .returned } == 1)
        do {
            var iterator = try await queue.consume().makeAsyncIterator()
            try await iterator.next()?.ack()
            try await iterator.next()?.reject(requeue: false)
            try await iterator.next()?.nack()
        }
        #expect(counts.all.suffix(6).contains(.delivered(octets: 5)))
        #expect(counts.all.suffix(6).count { $0 == .delivered(octets: 1) } == 2)
        #expect(
            counts.all.suffix(6).filter { ![5, 1].map(Hooks.Count.delivered).contains($0) } == [
                .acknowledged, .rejected(requeue: false), .rejected(requeue: true),
            ])
        _ = try await queue.get(noAck: true)
        #expect(counts.all.count { if case .delivered = $0 { true } else { false } } == 4)
    }
}

/// The broker's answer as a value.
@Suite(.watched) struct OutcomeTests {
    private let broker = TestBroker()

    @Test func confirmedReturnedOrNacked() async throws {
        let channel = try await broker.connect().openChannel()
        try await channel.declareQueue("q")
        broker.fail(.nack(key: "nack"))
        let publisher = Client(hosts: [broker.uri]).publisher()
        for key in ["q", "nack", "nowhere"] {
            if key == "nack" { broker.fail(.nack(key: "nack")) }
            let confirm = try await channel.publishForConfirm(Message("x"), routingKey: key, mandatory: true)
            let one = try await confirm.outcome()
            #expect(try await confirm.outcome() == one)
            #expect(try await publisher.outcome(of: Message("x"), key: key) == one)
            switch key {
            case "q": #expect(one == .confirmed)
            case "nack": #expect(one == .nacked)
            default:
                guard case .returned(let message) = one else {
                    Issue.record("\(one)")
                    continue
                }
                #expect(message.code == .noRoute)
                #expect(message.routingKey == "nowhere")
            }
        }
        broker.fail(.cut(before: .confirm))
        let confirm = try await channel.publishForConfirm(Message("x"), routingKey: "q")
        #expect(await failure { _ = try await confirm.outcome() }?.kind == .connectionLost)
        await publisher.close()
    }
}
