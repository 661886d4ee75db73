import TestSupport
import Testing

@Suite("Steps 3 to 5: logs", .watched)
struct LogTests {
    @Test("Step 3: every receiver prints every message", arguments: Venue.all)
    func pubsub(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            #expect(try await stage.run("pubsub", "emit", "to", "nobody").lines == [" [x] Sent 'to nobody'"])
            var receivers: [Program] = []
            for _ in 0..<3 { receivers.append(try await stage.startReady("pubsub", "receive")) }
            #expect(try await stage.run("pubsub", "emit").lines == [" [x] Sent 'info: Hello World!'"])
            try await stage.run("pubsub", "emit", "warning", "--count", "20")
            let logs = ["'info: Hello World!'"] + (0..<20).map { "'\($0) warning'" }
            for receiver in receivers {
                _ = try await stage.lines(22, of: receiver)
                #expect(try await stage.interrupt(receiver) == [waitingForLogs] + logs.map { " [x] \($0)" })
            }
        }
    }

    /// What is emitted, and the numbers of those lines that a receiver with these keys prints.
    struct Selection: Sendable, CustomTestStringConvertible {
        let step: String
        let emitted: [(words: [String], line: String)]
        let receivers: [(keys: [String], lines: [Int])]

        var testDescription: String { step }
    }

    static let routing = Selection(
        step: "routing",
        emitted: [
            ([], "'info':'Hello World!'"),
            (["error", "Run.", "Run."], "'error':'Run. Run.'"),
            (["warning"], "'warning':'Hello World!'"),
            (["debug", "unheard"], "'debug':'unheard'"),
            (["", "no severity"], "'':'no severity'"),
        ],
        receivers: [
            (["error"], [1]), (["info", "warning", "error"], [0, 1, 2]), (["warning", "warning"], [2]), ([""], [4]),
        ])

    static let topic = Selection(
        step: "topic",
        emitted: [
            ([], "'anonymous.info':'Hello World!'"),
            (["kern.critical", "A kernel error"], "'kern.critical':'A kernel error'"),
            (["kern"], "'kern':'Hello World!'"),
            (["auth.ssh.critical"], "'auth.ssh.critical':'Hello World!'"),
            (["kern.info"], "'kern.info':'Hello World!'"),
            (["kern..critical"], "'kern..critical':'Hello World!'"),
        ],
        receivers: [
            (["#"], [0, 1, 2, 3, 4, 5]), (["kern.*"], [1, 4]), (["*.critical"], [1]),
            (["kern.#", "#.critical"], [1, 2, 3, 4, 5]), (["*.*.critical"], [3, 5]), (["kern"], [2]),
        ])

    @Test("Steps 4 and 5: a receiver prints what its keys select", arguments: [routing, topic], Venue.all)
    func selected(_ selection: Selection, _ venue: Venue) async throws {
        try await onStage(venue) { stage in
            var programs: [Program] = []
            for receiver in selection.receivers {
                programs.append(try await stage.startReady(selection.step, words: ["receive"] + receiver.keys))
            }
            for (words, line) in selection.emitted {
                #expect(try await stage.run(selection.step, words: ["emit"] + words).lines == [" [x] Sent \(line)"])
            }
            // One more that all of them print, so that whatever should not be there has had its chance to come.
            for (program, receiver) in zip(programs, selection.receivers) {
                let last = receiver.keys[0].replacing("#", with: "z").replacing("*", with: "z")
                try await stage.run(selection.step, "emit", last, "the end")
                try await stage.wait("the end of the logs at \(program.name)") {
                    program.lines.last?.hasSuffix(":'the end'") == true
                }
                let lines = try await stage.interrupt(program).filter { !$0.hasSuffix(":'the end'") }
                #expect(lines == [waitingForLogs] + receiver.lines.map { " [x] \(selection.emitted[$0].line)" })
            }
        }
    }

    @Test("--count numbers the messages", arguments: ["routing", "topic"])
    func count(_ step: String) async throws {
        try await onStage(.any) { stage in
            let lines = try await stage.run(step, "emit", "a.b", "--count", "2", "two", "words").lines
            #expect(lines == [" [x] Sent 'a.b':'0 two words'", " [x] Sent 'a.b':'1 two words'"])
        }
    }
}
