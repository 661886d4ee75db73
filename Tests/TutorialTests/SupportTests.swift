import Foundation
import Synchronization
import Testing

@testable import TestSupport

/// What the tests themselves stand on.
@Suite("How tests wait", .watched)
struct SupportTests {
    @Test("A run in which nothing begins or ends names what is running")
    func hang() {
        let watch = HangWatch(patience: .seconds(60)) { _ in }
        let (first, second) = (watch.begin("first"), watch.begin("second"))
        let now = ContinuousClock.now
        #expect(watch.report(at: now + .seconds(50)) == nil)
        let report = watch.report(at: now + .seconds(70))
        #expect(report?.count == 3)
        #expect(report?.dropFirst().first?.hasPrefix("    first, for ") == true)
        watch.end(first)
        #expect(watch.report(at: .now + .seconds(70))?.count == 2)
        watch.end(second)
        #expect(watch.report(at: .now + .seconds(70)) == nil)
    }

    @Test("No more than the width run at once, and all have their turn")
    func turns() async {
        let turns = Turns(2)
        let counts = Counts()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await turns.take()
                    counts.state.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1), $0.all + 1) }
                    await Task.yield()
                    counts.state.withLock { $0.running -= 1 }
                    turns.giveBack()
                }
            }
        }
        #expect(counts.state.withLock { $0.most } <= 2)
        #expect(counts.state.withLock { $0.all } == 20)
    }

    @Test("A program that is killed takes along what it has started, and what that has started")
    func killed() async throws {
        let programs = Programs()
        let pipe = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try #require(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        // Ends when nobody writes any more: neither the program that the workbook has started nor the one behind it.
        let reader = try programs.start("/bin/cat", [pipe], environment: Executables.environment)
        let program = "exec 3>'\(pipe)'; echo here >&3; sleep 1000 & wait"
        let book = try programs.start(
            Executables.path("workbook"), ["check", "hello", "--", "/bin/sh", "-c", program],
            environment: Executables.environment.merging(["WORKBOOK_NO_BUILD": "1"]) { $1 })
        // At once, where its line is read: the check ends by itself when nobody connects for 20 s.
        try await programs.wait("the program runs") {
            if !reader.lines.isEmpty { book.signal(9) }
            return !reader.lines.isEmpty || book.hasEnded
        }
        #expect(reader.lines == ["here"], "\(book.account)")
        try await programs.finish(reader)
        try await programs.finish(book, status: 256 + 9)
        await programs.end()
    }

    private final class Counts: Sendable {
        let state = Mutex((running: 0, most: 0, all: 0))
    }
}
