import AMQPWire
import Foundation
import TestSupport
import Testing

@testable import workbook

@Suite(.watched) struct CodePlaceTests {
    /// What a trace points to is there, and is the only one.
    @Test func everyMarkerStandsOnce() throws {
        let own = Chapter.all.flatMap(\.trace.legs).flatMap {
            [$0.sender, $0.receiver] + ($0.acknowledgement.map { [$0] } ?? [])
        }
        for place in TraceStop.all.flatMap({ $0.places.map(\.place) }) + own {
            #expect(try place.linesOfMarker().count == 1, "\(place)")
        }
    }

    @Test func everyRuleExists() throws {
        let catalogue = try Review.catalogue()
        for rule in TraceStop.all.flatMap(\.rules) { #expect(catalogue[rule] != nil, "\(rule)") }
    }

    @Test func linesAreLookedUp() throws {
        let place = CodePlace("hello/Send", "channel.publish(")
        let lines = try Repository.text("Sources/hello/Send.swift").components(separatedBy: "\n")
        let number = try #require(lines.firstIndex { $0.contains("channel.publish(") })
        #expect(place.shown == "Sources/hello/Send.swift:\(number + 1)")
        #expect(CodePlace("hello/Send", "no such thing").shown == "Sources/hello/Send.swift")
    }
}

@Suite(.watched) struct TraceReportTests {
    @Test func octetsAndLetters() {
        let frame = Frame(.body, channel: 1, payload: Array("Hello World!".utf8)[...])
        let octets = TraceReport.octets(of: frame)
        #expect(
            TraceReport.dump(octets) == [
                "03 00 01 00 00 00 0c 48 65 6c 6c 6f 20 57 6f 72  .......Hello Wor",
                "6c 64 21 ce                                      ld!.",
            ])
        #expect(TraceReport.dump([UInt8](repeating: 0, count: 130)).last == "and 2 more")
    }
}

/// The command itself, with the built programs.
@Suite(.watched) struct TraceCommandTests {
    private func trace(_ words: String..., status: Int = 0) async throws -> Program.Output {
        try await Stage(uri: "").run(
            "workbook", words: ["trace"] + words, environment: ["WORKBOOK_NO_BUILD": "1"], status: status)
    }

    /// What stands in a trace of the step, besides what stands in all of them.
    static let expected: [(step: String, lines: [String])] = [
        (
            "hello",
            [
                "      03 00 01 00 00 00 0c 48 65 6c 6c 6f 20 57 6f 72  .......Hello Wor",
                "      queue 'hello' is named after the routing key: it gets it",
                " 7  There is no acknowledgement: with no-ack, the message was done when it was sent",
            ]
        ),
        ("worker", [" 7  The program acknowledges it, and the broker forgets it"]),
        ("pubsub", [" 4  The exchange 'logs', of type fanout, looks for queues: key ''"]),
        ("routing", [" 4  The exchange 'direct_logs', of type direct, looks for queues: key 'error'"]),
        ("topic", [" 4  The exchange 'topic_logs', of type topic, looks for queues: key 'kern.critical'"]),
        ("rpc", [" 1  The program publishes the question, '30'", " 1  The program publishes the answer, '832040'"]),
        ("confirms", [" 8  The broker confirms it to the program that published it"]),
        ("headers", [" 4  The exchange 'headers_logs', of type headers, looks for queues: key ''"]),
        ("retry", ["      queue 'jobs' is named after the routing key: it gets it"]),
        (
            "quorum",
            [
                "      queue 'payments' is named after the routing key: it gets it",
                " 8  The broker confirms it to the program that published it",
            ]
        ),
        ("stream", [" 7  The program acknowledges it, and the broker has room for one more on the way"]),
        (
            "order",
            [
                " 4  The exchange 'accounts', of type x-consistent-hash, looks for queues: key 'ann'",
                "      queue 'accounts.1', bound with '1': gets it",
            ]
        ),
        ("inbox", [" 8  The broker confirms it to the program that published it"]),
    ]

    @Test(arguments: expected) func aMessageIsFollowed(step: String, lines: [String]) async throws {
        let output = try await trace(step).lines
        for line in lines { #expect(output.contains(line), "\(line)\n\(output.joined(separator: "\n"))") }
        #expect(output.allSatisfy { $0.count <= 95 })
        #expect(output.contains { $0.contains("Sources/BrokerCore/Core/VirtualHost.swift:") })
        #expect(output.contains { $0.contains("Sources/\(step)/") })
        #expect(!output.contains { $0.contains("'?'") }, "every delivery has its queue")
    }

    /// A trace of a queue that is not a classic one leads to the file of its own kind.
    @Test(arguments: [("quorum", "QuorumQueue"), ("stream", "StreamQueue")])
    func theKindOfTheQueueIsKnown(step: String, file: String) async throws {
        let output = try await trace(step).lines
        #expect(output.contains { $0.contains("Sources/BrokerCore/Queues/\(file).swift:") })
        #expect(!output.contains { $0.contains("Sources/BrokerCore/Queues/ClassicQueue.swift:") })
    }

    @Test func everyReceiverIsShown() async throws {
        let output = try await trace("4").lines
        #expect(output.count { $0.contains("The broker delivers it from") } == 2)
        #expect(output.count { $0.hasSuffix(": gets it") } == 2)
    }

    @Test func wordsThatMakeNoSense() async throws {
        #expect(try await trace("0", status: 64).lines.isEmpty)
        #expect(try await trace(status: 64).lines.isEmpty)
    }
}
