import Dispatch
import Synchronization
import Testing

/// The programs that a test has started. Whatever a test waits for, it waits for it here: until they have printed or ended
/// as it expects, however long the machine takes; what never comes is named, with all that has come so far.
package final class Programs: Sendable {
    /// Not a global queue, whose few threads the tests keep busy.
    private static let alarms = DispatchQueue(label: "Programs.alarms")

    private struct Wait: Sendable {
        let isOver: @Sendable () -> Bool
        let resume: @Sendable (Bool) -> Void
    }

    private struct State: Sendable {
        var programs: [Program] = []
        var waits: [Int: Wait] = [:]
        var lastWait = 0
    }

    private let state = Mutex(State())

    package init() {}

    // Of a test that failed before it could.
    deinit { for program in state.withLock({ $0.programs }) { program.signal(9) } }

    /// See ``Program/init(_:_:environment:input:file:changed:)``.
    package func start(
        _ path: String, _ words: [String], environment: [String: String], input: String? = nil, file: String? = nil
    ) throws -> Program {
        let program = try Program(path, words, environment: environment, input: input, file: file) { [weak self] in
            self?.look()
        }
        state.withLock { $0.programs.append(program) }
        return program
    }

    /// Kills all that still run, and waits for their ends.
    package func end() async {
        let programs = state.withLock { $0.programs }
        for program in programs { program.signal(9) }
        _ = try? await wait("all programs have ended") { programs.allSatisfy(\.hasEnded) }
    }

    /// Waits until `isOver`, which is asked whenever a program has printed something or ended.
    package func wait(
        _ what: String, location: SourceLocation = #_sourceLocation, until isOver: @escaping @Sendable () -> Bool
    ) async throws {
        let isInTime = await withCheckedContinuation { continuation in
            let id = state.withLock { state in
                state.lastWait += 1
                state.waits[state.lastWait] = Wait(isOver: isOver) { continuation.resume(returning: $0) }
                return state.lastWait
            }
            look()
            Self.alarms.asyncAfter(deadline: .now() + .seconds(Int(Duration.patience / .seconds(1)))) { [weak self] in
                self?.state.withLock { $0.waits.removeValue(forKey: id) }?.resume(false)
            }
        }
        let accounts = state.withLock { $0.programs }.map(\.account).joined(separator: "\n")
        try #require(isInTime, "This did not come: \(what)\n\(accounts)", sourceLocation: location)
    }

    /// Something has changed.
    private func look() {
        let waits = state.withLock { $0.waits }
        for (id, wait) in waits where wait.isOver() {
            state.withLock { $0.waits.removeValue(forKey: id) }?.resume(true)
        }
    }

    /// Waits until it has printed so many lines, or has ended.
    package func lines(
        _ count: Int, of program: Program, location: SourceLocation = #_sourceLocation
    ) async throws -> [String] {
        try await wait("line \(count) of \(program.name)", location: location) {
            program.lines.count >= count || program.hasEnded
        }
        return program.lines
    }

    /// Waits for its end, which is expected to be with that status; nil: with any.
    @discardableResult
    package func finish(
        _ program: Program, status: Int? = 0, location: SourceLocation = #_sourceLocation
    ) async throws -> Program.Output {
        try await wait("the end of \(program.name)", location: location) { program.hasEnded }
        if let status { #expect(program.output.status == status, "\(program.account)", sourceLocation: location) }
        return program.output
    }
}
