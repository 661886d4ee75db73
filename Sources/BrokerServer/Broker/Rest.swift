import AMQPTransport

/// For tests that move the time on: it would overtake what is on its way to the broker, and a client whose heartbeat nobody
/// had the time to read would be dropped.
extension Broker {
    /// Nothing goes on in it until a client sends something or a time comes. What a TCP connection has not read is not seen.
    package var isAtRest: Bool {
        undone.load(ordering: .acquiring) == 0 && loginChecker.isAtRest && state.withLock { !$0.hasMoreToDo }
            && streams.allSatisfy { ($0 as? MemoryStream)?.isAtRest ?? true }
    }

    /// Waits until it has read what clients have sent before, and done what comes of it. Of a TCP connection one read's
    /// worth (256 KiB) is waited for.
    package func comeToRest() async throws {
        if state.withLock({ !$0.listeners.isEmpty }) { await turn() }
        var looks = 0
        while !isAtRest {
            looks += 1
            if looks < 20 { await Task.yield() } else { try await Task.sleep(for: .microseconds(200)) }
        }
    }

    /// Waits until every TCP connection had its turn. Work that the loop is given while it works comes with its next
    /// wake-up, behind the sockets that are ready by then.
    private func turn() async {
        await withCheckedContinuation { done in
            loop.execute { self.loop.execute { done.resume() } }
        }
    }
}
