import TestSupport
import Testing

let waitingForMessages = " [*] Waiting for messages. To exit press CTRL+C"
let waitingForLogs = " [*] Waiting for logs. To exit press CTRL+C"

@Suite("Step 1: hello", .watched)
struct HelloTests {
    @Test("What is sent is received, whoever comes first", arguments: Venue.all)
    func sendAndReceive(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            #expect(
                try await stage.run("hello", "send", "before", "anybody", "listens").lines == [
                    " [x] Sent 'before anybody listens'"
                ])
            let receiver = try await stage.startReady("hello", "receive")
            #expect(try await stage.run("hello", "send").lines == [" [x] Sent 'Hello World!'"])
            let odd = "naïve – 你好 🐇 'quoted'"
            #expect(try await stage.run("hello", "send", odd).lines == [" [x] Sent '\(odd)'"])
            #expect(try await stage.run("hello", "send", "").lines == [" [x] Sent ''"])
            _ = try await stage.lines(5, of: receiver)
            #expect(
                try await stage.interrupt(receiver)
                    == [waitingForMessages]
                    + ["before anybody listens", "Hello World!", odd, ""].map { " [x] Received '\($0)'" })
        }
    }

    @Test("--count numbers the messages", arguments: Venue.all)
    func count(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let numbered = (0..<1000).map { "'\($0) A rabbit'" }
            let sent = try await stage.run("hello", "send", "A", "rabbit", "--count", "1000").lines
            #expect(sent == numbered.map { " [x] Sent \($0)" })
            #expect(try await stage.run("hello", "send", "--count", "0").lines.isEmpty)
            let receiver = try stage.start("hello", "receive")
            _ = try await stage.lines(1001, of: receiver)
            #expect(
                try await stage.interrupt(receiver) == [waitingForMessages] + numbered.map { " [x] Received \($0)" })
        }
    }
}
