import AMQPClient
import Foundation
import TestSupport
import Testing

import TutorialKit

private let waitingForOrders = " [*] Waiting for orders. To exit press CTRL+C"

@Suite("Step 13: inbox", .watched)
struct InboxTests {
    private static func shipped(_ order: String) -> [String] {
        [" [x] Received '\(order)'", " [x] Shipped", " [x] Acknowledged"]
    }

    private static func known(_ order: String) -> [String] {
        [" [x] Received '\(order)'", " [!] Shipped before", " [x] Acknowledged"]
    }

    @Test("An order that was shipped and not acknowledged comes again, and is only acknowledged", arguments: Venue.all)
    func redelivered(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            try await stage.run("inbox", "order", "A chair")
            let first = try await stage.run("inbox", "ship", "--crash", "shipped").lines
            #expect(first == [waitingForOrders] + Self.shipped("A chair").dropLast() + [" [!] Crashed"])
            let second = try await stage.startReady("inbox", "ship")
            try await stage.run("inbox", "order", "A lamp")
            _ = try await stage.lines(7, of: second)
            #expect(
                try await stage.interrupt(second) == [waitingForOrders] + Self.known("A chair") + Self.shipped("A lamp")
            )
        }
    }

    @Test(
        "What a crash has left in the outbox is published with the next order, and shipped once", arguments: Venue.all)
    func leftInTheOutbox(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let lost = try await stage.run("inbox", "order", "--crash", "committed", #"A "chair" \n, 你好"#).lines
            #expect(lost == [#" [x] Committed 'A "chair" \n, 你好'"#, " [!] Crashed"])
            let unsure = try await stage.run("inbox", "order", "--crash", "confirmed", "A table").lines
            #expect(
                unsure == [" [x] Committed 'A table'", #" [x] Confirmed 'A "chair" \n, 你好'"#, " [!] Crashed"])
            let last = try await stage.run("inbox", "order", "A lamp").lines
            #expect(
                last == [
                    " [x] Committed 'A lamp'", #" [x] Confirmed 'A "chair" \n, 你好'"#, " [x] Confirmed 'A table'",
                    " [x] Confirmed 'A lamp'",
                ])
            // Nothing waits any more.
            #expect(try await stage.run("inbox", "order", "A bed").lines.count == 2)
            let ship = try await stage.startReady("inbox", "ship")
            _ = try await stage.lines(16, of: ship)
            let chair = #"A "chair" \n, 你好"#
            #expect(
                try await stage.interrupt(ship) == [waitingForOrders] + Self.shipped(chair) + Self.known(chair)
                    + ["A table", "A lamp", "A bed"].flatMap(Self.shipped))
        }
    }

    @Test("An order without an id is shipped each time", arguments: Venue.all)
    func nameless(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let ship = try await stage.startReady("inbox", "ship")
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            for _ in 1...2 { try await channel.publish(Message("A chair"), routingKey: "shipments") }
            _ = try await stage.lines(7, of: ship)
            #expect(
                try await stage.interrupt(ship) == [waitingForOrders] + Self.shipped("A chair")
                    + Self.shipped("A chair"))
            try await connection.close()
        }
    }

    // MARK: The file

    private func file(_ body: (LineFile, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(LineFile("lines", in: folder.path), folder.appending(path: "lines").path)
    }

    @Test func linesAreFoundAgain() throws {
        try file { file, path in
            #expect(try file.lines == [])
            let lines = ["a b", "", #"\n and \\"#, "two\nlines\\", "你好 🐇", "\r"]
            for line in lines { try file.append(line) }
            #expect(try file.lines == lines)
            try file.replace(with: ["only"])
            try file.append("this")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "only\nthis\n")
            try file.replace(with: [])
            #expect(try file.lines == [])
        }
        let memory = LineFile()
        try memory.append("a")
        #expect(try memory.lines == ["a"])
    }

    @Test func halfALineIsNone() throws {
        try file { file, path in
            try file.append("whole")
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("hal".utf8))
            try handle.close()
            #expect(try file.lines == ["whole"])
            try file.append("next")
            #expect(try file.lines == ["whole", "next"])
        }
    }

    @Test func aFolderThatIsNotThere() {
        let file = LineFile("lines", in: "/no/such/folder")
        #expect(throws: StepError.self) { try file.append("a") }
    }
}
