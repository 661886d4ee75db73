extension TestBroker {
    /// How far the clock has been moved on.
    public var elapsed: Duration { clock.elapsed }

    /// Moves the clock on. All that falls due happens in its order, and what it causes on either side of the connections
    /// (a message that expires and is delivered from a dead-letter queue, a heartbeat) before the time goes on.
    ///
    /// - Parameter duration: 0 or more, in whole milliseconds.
    nonisolated(nonsending)
        public func advance(by duration: Duration) async
    { await clock.advance(by: duration) }

    /// Moves the clock on, step by step, until a condition holds: for what a program does after a wait of its own, such as
    /// connecting again.
    ///
    /// - Parameters:
    ///   - step: more than zero, in whole milliseconds.
    ///   - limit: of real time.
    ///   - file: where the error says that this was called.
    ///   - line: likewise.
    ///   - condition: asked after each step.
    /// - Throws: ``Overdue`` when it does not hold in time; what the condition throws.
    nonisolated(nonsending)
        public func advance(
            by step: Duration = .milliseconds(100), limit: Duration = .seconds(300), file: StaticString = #fileID,
            line: UInt = #line, until condition: () async throws -> Bool
        ) async throws
    {
        try await wait(limit, "\(file):\(line)", condition) { await self.clock.advance(by: step) }
    }

    /// Waits, with the clock standing still, until a condition holds.
    ///
    /// - Parameters:
    ///   - limit: of real time.
    ///   - file: where the error says that this was called.
    ///   - line: likewise.
    ///   - condition: asked again and again.
    /// - Throws: ``Overdue`` when it does not hold in time; what the condition throws.
    nonisolated(nonsending)
        public func wait(
            limit: Duration = .seconds(300), file: StaticString = #fileID, line: UInt = #line,
            until condition: () async throws -> Bool
        ) async throws
    {
        try await wait(limit, "\(file):\(line)", condition) {}
    }

    nonisolated(nonsending)
        private func wait(
            _ limit: Duration, _ place: String, _ condition: () async throws -> Bool, between pause: () async -> Void
        ) async throws
    {
        let start = ContinuousClock.now
        while true {
            await clock.settle()
            if try await condition() { return }
            guard ContinuousClock.now - start < limit else { throw Overdue(self, limit, place) }
            await pause()
            // The program's tasks need real time.
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// A condition did not come to hold.
    public struct Overdue: Error, CustomStringConvertible {
        /// Where it was waited for, and how the broker was at that time.
        public let description: String

        init(_ broker: TestBroker, _ limit: Duration, _ place: String) {
            let queues = broker.queues.sorted { $0.key < $1.key }.map { name, counts in
                "\(name): \(counts.ready) ready, \(counts.unacknowledged) unacknowledged, \(counts.consumers) consumers"
            }
            description =
                "The condition at \(place) did not hold within \(limit). The clock was moved on by \(broker.elapsed); "
                + "connections: \(broker.connectionCount); queues: "
                + (queues.isEmpty ? "none" : queues.joined(separator: "; "))
        }
    }
}
