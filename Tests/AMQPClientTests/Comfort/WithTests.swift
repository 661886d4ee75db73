import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// What is opened for a block is closed with it, however the block ends.
@Suite(.watched) struct WithTests {
    private struct Stop: Error {}

    @Test func aChannelIsClosedAfterItsBlock() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.withChannel { channel in
            try await channel.declareQueue(exclusive: true).publish(Message("one"))
            return channel
        }
        #expect(channel.closeReason?.kind == .closedByClient)
        #expect(connection.isOpen)
        try await connection.close()
    }

    @Test func theErrorOfTheBlockIsWhatIsThrown() async throws {
        let connection = try await TestBroker.connect()
        let held = Mutex<Channel?>(nil)
        await #expect(throws: Stop.self) {
            try await connection.withChannel { channel in
                held.withLock { $0 = channel }
                throw Stop()
            }
        }
        #expect(held.withLock({ $0 })?.closeReason?.kind == .closedByClient)
        // The close that follows from the broker's own close adds nothing.
        let error = await failure {
            try await connection.withChannel { _ = try await $0.declareQueue("no-such-queue", passive: true) }
        }
        #expect(error?.code == .notFound)
        try await connection.close()
    }

    @Test func itIsClosedWhenTheTaskIsCancelled() async throws {
        let connection = try await TestBroker.connect()
        let (opened, tell) = AsyncStream.makeStream(of: Channel.self)
        let task = Task {
            try await connection.withChannel { channel in
                tell.yield(channel)
                for try await _ in try await channel.declareQueue(exclusive: true).consume() {}
            }
        }
        var channels = opened.makeAsyncIterator()
        let channel = try #require(await channels.next())
        task.cancel()
        _ = await task.result
        #expect(channel.closeReason?.kind == .closedByClient)
        try await connection.close()
    }

    @Test func aConnectionThatCannotBeOpenedRunsNothing() async throws {
        let error = await failure {
            try await withConnection("amqp://localhost?no=1") { _ in _ = Issue.record("it was run") }
        }
        #expect(error?.kind == .badURI)
    }
}
