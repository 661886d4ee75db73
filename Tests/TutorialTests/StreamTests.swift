import AMQPClient
import TestSupport
import Testing

private let waitingForNews = " [*] Waiting for news. To exit press CTRL+C"

@Suite("Step 11: stream", .watched)
struct StreamTests {
    @Test("Each reader begins at its own place, and reading takes nothing away", arguments: Venue.all)
    func ownPlaces(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            // More than the prefetch.
            let sent = try await stage.run("stream", "publish", "--count", "12", "News").lines
            let news = (0..<12).map { "'\($0) News'" }
            #expect(sent == news.map { " [x] Confirmed \($0)" })
            let lines = news.enumerated().map { " [x] \($0): \($1)" } + [" [x] 12: 'The end'"]
            let next = try await stage.startReady("stream", "read", "next")
            for (words, from) in [(["read"], 0), (["read", "first"], 0), (["read", "7"], 7), (["read", "1h"], 0)] {
                let reader = try await stage.startReady("stream", words: words)
                _ = try await stage.lines(13 - from, of: reader)
                #expect(try await stage.interrupt(reader) == [waitingForNews] + lines[from..<12])
            }
            // A place that is still to come.
            let later = try await stage.startReady("stream", "read", "12")
            try await stage.run("stream", "publish", "The end")
            for reader in [next, later] {
                _ = try await stage.lines(2, of: reader)
                #expect(try await stage.interrupt(reader) == [waitingForNews, lines[12]])
            }
            let last = try await stage.startReady("stream", "read", "last")
            _ = try await stage.lines(2, of: last)
            #expect(try await stage.interrupt(last).last == lines[12])
        }
    }

    @Test("A word that is no place", arguments: ["yesterday", "-1", "1.5", "0h", "h", "first 2"])
    func noPlace(_ word: String) async throws {
        let stage = Stage(uri: "amqp://localhost:1/")
        let output = try await stage.run("stream", "read", "--", word, status: 1)
        #expect(output.lines.isEmpty && output.errors.count == 1)
        #expect(output.errors.first?.hasPrefix("stream: '\(word)' names no place in a stream") == true)
        await stage.end()
    }
}
