import Foundation
import Testing

@testable import TutorialKit

@Suite("--stamped: the lines of the first tutorials")
struct StampTests {
    /// Now is what the test says, wherever the machine is.
    @Test("Number, time, text", arguments: [1_398_125_416, 0, 1_735_689_599])
    func message(_ seconds: Int) {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        let time = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
        let messages = Messages(text: "Basic - Hello World", count: 2, stamp: Stamp(seconds))
        #expect(Array(messages) == ["0 \(time) - Basic - Hello World", "1 \(time) - Basic - Hello World"])
        #expect(Array(Messages(text: "Hello", count: nil, stamp: Stamp(seconds))) == ["0 \(time) - Hello"])
    }

    @Test("The line of a stamped message, whatever the step; others stay as they are")
    func lines() {
        let message = "14 2014-04-22 00:10:16 - Routing - it's 'blue':'sky'"
        for (line, shown) in [
            (" [x] Sent '\(message)'", "\(message) sent"), (" [x] Received '\(message)'", "\(message) received"),
            (" [x] '\(message)'", "\(message) received"), (" [x] Sent 'blue':'\(message)'", "\(message) sent"),
            (" [x] 'blue':'\(message)'", "\(message) received"),
        ] {
            #expect(Stamp.line(for: line) == shown)
        }
        for line in [" [x] Sent '0 Hello'", " [x] Done", " [*] Waiting for logs. To exit press CTRL+C", ""] {
            #expect(Stamp.line(for: line) == line)
        }
    }

    @Test(
        "The producer's lines are the consumer's", arguments: ["hello", "worker", "pubsub", "routing"], Venue.all)
    func bothSides(_ step: String, _ venue: Venue) async throws {
        let (send, receive) =
            switch step {
            case "hello": (["send"], ["receive"])
            case "worker": (["new-task"], ["work"])
            case "pubsub": (["emit"], ["receive"])
            default: (["emit", "blue"], ["receive", "blue"])
            }
        try await onStage(venue) { stage in
            let consumer = try await stage.startReady(step, words: receive + ["--stamped"])
            let words = send + ["--count", "3", "--stamped", "Pattern - Hello"]
            let sent = try await stage.run(step, words: words).lines
            _ = try await stage.lines(step == "worker" ? 7 : 4, of: consumer)
            let received = try await stage.interrupt(consumer).dropFirst().filter { $0 != " [x] Done" }
            let stamped = /([0-9]+) [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} - Pattern - Hello sent/
            #expect(sent.compactMap { $0.wholeMatch(of: stamped)?.1 } == ["0", "1", "2"])
            #expect(received == sent.map { $0.replacing(" sent", with: " received") })
        }
    }
}
