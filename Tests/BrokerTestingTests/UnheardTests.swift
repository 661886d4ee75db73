import AMQPClient
import BrokerTesting
import Synchronization
import TestSupport
import Testing

/// What the broker has said of a publish, and no call has told, is told by whatever ends the channel: a program that publishes
/// and returns does not take for granted what the broker has refused.
@Suite(.watched) struct UnheardTests {
    /// How something is published whose answer no call waits for.
    enum Way: CaseIterable {
        case publisher, pending, plain
    }

    enum Refusal: CaseIterable {
        case nack, comesBack, noExchange
    }

    /// What ends the channel.
    enum End: CaseIterable {
        case closeChannel, withChannel, closeConnection, letGoOfChannel, withConnection, run
    }

    private let broker = TestBroker()
    /// Keeps a sequence alive.
    private let listening = Kept()

    private final class Kept: Sendable {
        private let returns = Mutex<Notices<ReturnedMessage>?>(nil)
        func keep(_ returns: Notices<ReturnedMessage>) { self.returns.withLock { $0 = returns } }
    }

    private func publish(_ way: Way, _ refusal: Refusal?, on channel: Channel) async throws {
        try await channel.selectConfirms()
        if refusal == .nack { broker.fail(.nack()) }
        let exchange = refusal == .noExchange ? "nope" : ""
        let isMandatory = refusal == .comesBack
        switch way {
        case .publisher:
            try await channel.confirmedPublisher()
                .publish(Message("lost"), exchange: exchange, routingKey: "q", mandatory: isMandatory)
        case .pending:
            _ = try await channel.publishForConfirm(
                Message("lost"), exchange: exchange, routingKey: "q", mandatory: isMandatory)
        case .plain:
            try await channel.publish(Message("lost"), exchange: exchange, routingKey: "q", mandatory: isMandatory)
        }
    }

    private func play(_ end: End, _ body: @escaping @Sendable (Channel) async throws -> Void) async throws {
        switch end {
        case .closeChannel:
            let channel = try await broker.connect().openChannel()
            try await body(channel)
            try await channel.close()
        case .withChannel: try await broker.connect().withChannel { try await body($0) }
        case .closeConnection:
            let connection = try await broker.connect()
            let channel = try await connection.openChannel()
            try await body(channel)
            try await connection.close()
            withExtendedLifetime(channel) {}
        case .letGoOfChannel:
            let connection = try await broker.connect()
            try await body(try await connection.openChannel())
            try await connection.close()
        case .withConnection:
            try await withConnection(broker.uri) { connection in try await body(try await connection.openChannel()) }
        case .run: try await Client(hosts: [broker.uri]).run { session in try await body(session.channel) }
        }
    }

    private func expect(_ error: AMQPError?, _ refusal: Refusal, _ way: Way) {
        switch refusal {
        case .nack: #expect(error?.kind == .nacked)
        case .comesBack: #expect(error?.code == .noRoute)
        case .noExchange: #expect(error?.code == .notFound)
        }
        // Who publishes through a publisher hears which message it was.
        if way == .publisher { #expect(error?.publish?.message == Message("lost")) }
    }

    @Test(arguments: End.allCases, Refusal.allCases) func itIsStillToCome(_ end: End, _ refusal: Refusal) async throws {
        for way in Way.allCases {
            let error = await failure { try await play(end) { try await publish(way, refusal, on: $0) } }
            expect(error, refusal, way)
        }
    }

    @Test(arguments: End.allCases, Refusal.allCases) func itHasComeBefore(_ end: End, _ refusal: Refusal) async throws {
        for way in Way.allCases {
            let error = await failure {
                try await play(end) { channel in
                    try await publish(way, refusal, on: channel)
                    try await until { channel.unconfirmedCount == 0 }
                }
            }
            expect(error, refusal, way)
        }
    }

    /// Nobody is told twice.
    @Test(arguments: End.allCases, Refusal.allCases) func itWasHeard(_ end: End, _ refusal: Refusal) async throws {
        let heard: @Sendable (Channel) async throws -> Void = { channel in
            if refusal == .nack { broker.fail(.nack(times: 2)) }
            let exchange = refusal == .noExchange ? "nope" : ""
            let publisher = try await channel.confirmedPublisher()
            // The refusal may come before its publish has returned.
            let refused = await failure {
                try await publisher.publish(Message("lost"), exchange: exchange, routingKey: "q", mandatory: true)
                try await publisher.waitForAll()
            }
            expect(refused, refusal, .publisher)
            if refusal == .noExchange { return }
            let confirm = try await channel.publishForConfirm(Message("lost"), routingKey: "q", mandatory: true)
            expect(await failure { try await confirm.wait() }, refusal, .pending)
        }
        try await play(end, heard)
    }

    @Test(arguments: End.allCases) func nothingWasRefused(_ end: End) async throws {
        for way in Way.allCases { try await play(end) { try await publish(way, nil, on: $0) } }
        #expect(broker.recorded.published.count == Way.allCases.count)
    }

    /// Who listens to what comes back hears of it there; a refusal is told all the same.
    @Test(arguments: End.allCases) func whatComesBackIsListenedTo(_ end: End) async throws {
        let body: @Sendable (Channel, Bool) async throws -> Void = { channel, isRefused in
            let returns = channel.returns
            listening.keep(returns)
            try await publish(.plain, .comesBack, on: channel)
            var iterator = returns.makeAsyncIterator()
            #expect(try await iterator.next(isolation: nil)?.code == .noRoute)
            if isRefused { try await publish(.plain, .nack, on: channel) }
        }
        try await play(end) { try await body($0, false) }
        #expect(await failure { try await play(end) { try await body($0, true) } }?.kind == .nacked)
    }

    /// The error of a block is what is thrown, as ever.
    @Test func theErrorOfTheBlockCounts() async throws {
        let error = await failure {
            try await broker.connect().withChannel { channel in
                // Through a publisher, the publish itself might throw it: the refusal may come before it returns.
                try await publish(.pending, .nack, on: channel)
                throw AMQPError(.badArgument, scope: .client, text: "its own")
            }
        }
        #expect(error?.text == "its own")
    }
}
