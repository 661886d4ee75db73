import Foundation
import TestSupport
import Testing

/// The section "The way of a message" of Sources/README.md, held to what Scripts/message-path measures.
@Suite("The way of a message")
struct MessagePathTests {
    /// A function of the broker that ran, and how deep in the stack.
    private struct Call {
        var depth: Int
        var function: String
        var file: String
    }

    @Test(
        "From a publish to its delivery there are the files that Sources/README.md names, each entered once and in that order",
        .enabled(
            if: ProcessInfo.processInfo.environment["WITH_COVERAGE"] != nil,
            "left out: it compiles the broker for half a minute. WITH_COVERAGE=1 swift test does it"))
    func files() throws {
        let (way, values) = try Self.readme()
        try #require(way.count == 5 && Set(way).count == 5)
        let calls = try Self.measured()
        try #require(
            calls.count > 20 && calls.contains { $0.function.hasPrefix("Output.content") },
            "it goes as far as the output: \(calls)")

        #expect(Self.entered(calls, of: Set(way)) == way)
        #expect(Set(calls.map(\.file)).subtracting(way).sorted() == values.sorted())
    }

    /// The files of a set in the order in which a function of theirs was called by another file's. More than one call
    /// in a row of the same file counts as one visit.
    private static func entered(_ calls: [Call], of files: Set<String>) -> [String] {
        var stack: [Call] = []
        var entered: [String] = []
        for call in calls where files.contains(call.file) {
            while let last = stack.last, last.depth >= call.depth { stack.removeLast() }
            let caller = stack.last?.file
            stack.append(call)
            if caller != call.file, entered.last != call.file { entered.append(call.file) }
        }
        return entered
    }

    /// The broker's files of the section: those on the way, and those of the values that are carried along.
    private static func readme() throws -> (way: [String], values: [String]) {
        let text = try String(contentsOf: SourceFile.repository.appending(path: "Sources/README.md"), encoding: .utf8)
        let start = try #require(text.range(of: "## The way of a message"))
        let section = text[start.upperBound...].prefix { $0 != "#" }
        let parts = section.split(separator: "carried along or kept", maxSplits: 1)
        try #require(parts.count == 2)
        func files(_ part: Substring) -> [String] {
            part.matches(of: /\(BrokerCore\/(\S+?\.swift)\)/).map { String($0.1) }
        }
        return (files(parts[0]), files(parts[1]))
    }

    private static func measured() throws -> [Call] {
        let process = Process()
        process.executableURL = SourceFile.repository.appending(path: "Scripts/message-path")
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return output.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t")
            guard fields.count == 2 else { return nil }
            return Call(
                depth: fields[0].prefix { $0 == " " }.count, function: fields[0].trimmingCharacters(in: .whitespaces),
                file: String(fields[1]))
        }
    }
}
