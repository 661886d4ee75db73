import Foundation
import TestSupport
import Testing

@testable import workbook

/// The course under test: what is not solved is told so, what is solved passes, and no exercise is without hints.
@Suite(.watched) struct ExerciseTests {
    /// What the step's own program, not changed, is told of an exercise first.
    static let unsolved: [(id: String, title: String)] = [
        ("1.1", "publishes with mandatory"), ("1.2", "asks, and does not wait"),
        ("2.2", "prints ' [x] Again' for a task that is redelivered"), ("2.3", "rejects a task with 'bad' for good"),
        ("3.1", "gets what was emitted while it was away"), ("3.2", "each message at one of the copies"),
        ("3.3", "binds an exchange to an exchange"), ("4.1", "binds 'debug' on 'more debug'"),
        ("4.2", "binds 'debug' on 'more debug'"), ("4.3", "finds out that nobody got it"),
        ("6.1", "asks ten questions before the first answer"),
        ("6.3", "consumes from amq.rabbitmq.reply-to, with no-ack"),
        ("7.1", "prints an order with the same message-id once"),
        ("7.4", "declares room for five orders, and refuses the sixth"),
        ("8.1", "gets every message that has a format"),
        ("8.2", "sends size=10 as a number"), ("9.2", "brings the job back to 'jobs'"),
        ("10.1", "prints ' [!] Last attempt' before the third attempt"),
        ("11.1", "goes on where it stopped"),
        ("12.1", "declares an exchange that hashes the header 'account'"),
        ("13.1", "refuses an order without message-id, for good"),
    ]

    static let solved = Chapter.all.flatMap(\.exercises).filter(\.isProgram).map(\.id)

    /// Beside a thousand other tests what always comes may take its time.
    private static let pace = Pace(begin: .patience, answer: .patience, hopeless: .patience)

    private func findings(_ id: String, _ command: (Chapter, [String]) -> [String]) async throws -> [Finding] {
        let (chapter, exercise) = try #require(Chapter.exercise(id))
        guard case .program(let words, let examine) = exercise.task else { return [] }
        let folder = FileManager.default.temporaryDirectory.appending(path: "orders-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let subject = Subject.command(command(chapter, words), environment: ["ORDERS_FOLDER": folder.path])
        return try await Inspection.hold(subject, Self.pace, examine)
    }

    private static func path(_ name: String) -> String { Repository.products.appending(path: name).path }

    @Test(arguments: unsolved) func theStepsOwnProgramIsToldWhatIsMissing(id: String, title: String) async throws {
        let findings = try await findings(id) { [Self.path($0.step)] + $1 }
        #expect(findings.first { !$0.isGood }?.title == title, "\(findings)")
    }

    @Test(arguments: solved) func theSolutionPasses(id: String) async throws {
        let findings = try await findings(id) { _, _ in [Self.path("solutions"), id] }
        #expect(!findings.isEmpty && findings.allSatisfy(\.isGood), "\(findings)")
    }

    @Test func everyProgramIsTestedBothWays() {
        #expect(Set(Self.unsolved.map(\.id)) == Set(Self.solved))
    }

    @Test func startMakesAPackageOnce() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "start-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = folder.appending(path: "Sources/hello")
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        try Data("print(1)\n".utf8).write(to: source.appending(path: "main.swift"))
        let hello = try #require(Chapter.find("hello"))
        try StartCommand.make(hello, in: folder)
        let copy = folder.appending(path: "my/hello/main.swift")
        try Data("print(2)\n".utf8).write(to: copy)
        #expect(throws: StartCommand.CannotStart.self) { try StartCommand.make(hello, in: folder) }
        #expect(try String(contentsOf: copy, encoding: .utf8) == "print(2)\n")
    }
}
