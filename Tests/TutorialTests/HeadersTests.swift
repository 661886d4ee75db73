import TestSupport
import Testing

@Suite("Step 8: headers", .watched)
struct HeadersTests {
    @Test("A receiver prints what has all, or any, of its headers", arguments: Venue.all)
    func selected(_ venue: Venue) async throws {
        let emitted = [
            ["format=pdf", "type=report"], ["format=pdf", "type=log"], ["type=log", "x-team=red"], ["format="],
            ["a=b=c", "naïve=🐇"], [],
        ]
        let receivers: [(words: [String], lines: [Int])] = [
            (["all", "format=pdf", "type=report"], [0]),
            (["any", "format=pdf", "type=report"], [0, 1]),
            // Arguments that begin with x- don't count.
            (["all", "type=log", "x-team=blue"], [1, 2]),
            // Equal to nothing is not the same as missing.
            (["any", "format="], [3]),
            (["all", "naïve=🐇", "a=b=c"], [4]),
            // Without a condition, all are fulfilled; not one is.
            (["all", "x-only=this"], [0, 1, 2, 3, 4, 5]),
            (["any", "x-team=red"], []),
        ]
        try await onStage(venue) { stage in
            var programs: [Program] = []
            for receiver in receivers {
                programs.append(try await stage.startReady("headers", words: ["receive"] + receiver.words))
            }
            let lines = emitted.map { "'\($0.joined(separator: ", "))':'Hello World!'" }
            for (headers, line) in zip(emitted, lines) {
                #expect(try await stage.run("headers", words: ["emit"] + headers).lines == [" [x] Sent \(line)"])
            }
            // One more that fits each of them, so that whatever should not be there has had its chance to come.
            for (program, receiver) in zip(programs, receivers) where receiver.words != ["any", "x-team=red"] {
                try await stage.run("headers", words: ["emit"] + receiver.words.dropFirst() + ["the end"])
                try await stage.wait("the end of the logs at \(program.name)") {
                    program.lines.last?.hasSuffix(":'the end'") == true
                }
            }
            for (program, receiver) in zip(programs, receivers) {
                let seen = try await stage.interrupt(program).filter { !$0.hasSuffix(":'the end'") }
                #expect(seen == [waitingForLogs] + receiver.lines.map { " [x] \(lines[$0])" }, "\(receiver.words)")
            }
        }
    }

    @Test("The first word that is no header begins the message")
    func words() async throws {
        try await onStage(.any) { stage in
            let lines = try await stage.run("headers", "emit", "a=1", "b=2", "a=3", "two", "words=2", "--count", "2")
                .lines
            #expect(lines == [" [x] Sent 'a=3, b=2':'0 two words=2'", " [x] Sent 'a=3, b=2':'1 two words=2'"])
            let long = String(repeating: "n", count: 300) + "=v"
            for words in [["emit", long], ["receive", "all", long]] {
                let output = try await stage.run("headers", words: words, status: 1)
                #expect(
                    output.errors == [
                        "headers \(words[0]): the name of a header has 300 bytes; at most 255 are allowed; see headers "
                            + "\(words[0]) --help"
                    ])
            }
        }
    }
}
