/// Waits until `condition` holds, and looks every millisecond: it leaves the processors to those it waits for. A test that is
/// cancelled ends this too.
public func until(
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(1)) }
}

/// Waits until the task that this runs in is cancelled.
public func untilCancelled() async {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
}
