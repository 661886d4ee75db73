import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

/// What a policy may say in each release of RabbitMQ, and which queues it is for there: each line was tried on all three.
@Suite("Policies of each release", .ownThread)
struct PolicyReleaseTests {
    private func refusal(_ definition: FieldTable, _ target: Policy.Target = .all, in dialect: Dialect) -> String? {
        do throws(PolicyRefusal) {
            try Policy("p", in: "/", pattern: "", target: target, definition: definition).check(in: dialect)
            return nil
        } catch { return error.reason }
    }

    @Test(
        "A release refuses what it does not know",
        arguments: [
            (["consumer-timeout": 20], .v4_0), (["stream-filter-size-bytes": 20], .v4_0),
            (["target-group-size": 3], .v4_0), (["consumer-disconnected-timeout": 20], .v4_3),
            (["delayed-retry-min": 20], .v4_3), (["delayed-retry-max": 20], .v4_3),
            (["delayed-retry-type": "disabled"], .v4_3),
        ] as [(FieldTable, Dialect)])
    func unknown(definition: FieldTable, first: Dialect) throws {
        let field = try #require(definition.fields.first)
        for dialect in Dialect.allCases {
            let words = "[{<<\"\(field.name)\">>,\(field.value.erlangText)}] are not recognised policy settings"
            #expect(refusal(definition, in: dialect) == (dialect < first ? words : nil), "\(dialect)")
        }
    }

    @Test(
        "Values that are right in one release may be wrong in another",
        arguments: [
            (["delivery-limit": -1], ["-1 is not a valid delivery limit", nil, nil]),
            (
                ["queue-master-locator": "balanced"],
                [
                    "<<\"balanced\">> invalid queue-master-locator value", nil,
                    "use of deprecated queue-master-locator argument is not permitted",
                ]
            ),
            (
                ["queue-master-locator": "x"],
                [
                    "<<\"x\">> invalid queue-master-locator value", "<<\"x\">> is not a valid master locator",
                    "use of deprecated queue-master-locator argument is not permitted",
                ]
            ),
            (
                ["ha-mode": "all"],
                [
                    nil, "[{<<\"ha-mode\">>,<<\"all\">>}] are not recognised policy settings",
                    "[{<<\"ha-mode\">>,<<\"all\">>}] are not recognised policy settings",
                ]
            ),
        ] as [(FieldTable, [String?])])
    func values(definition: FieldTable, reasons: [String?]) {
        #expect(Dialect.allCases.map { refusal(definition, in: $0) } == reasons)
    }

    @Test(
        "What is wrong everywhere is refused in the same words",
        arguments: [
            (
                ["queue-leader-locator": "min-masters"],
                "<<\"min-masters\">> is not a valid queue leader locator value"
            ),
            (["stream-max-segment-size-bytes": 4_000_000_000], "4000000000 is not a valid segment size"),
            (
                ["federation-upstream": "x"],
                "[{<<\"federation-upstream\">>,<<\"x\">>}] are not recognised policy settings"
            ),
        ] as [(FieldTable, String)])
    func everywhere(definition: FieldTable, reason: String) {
        for dialect in Dialect.allCases { #expect(refusal(definition, in: dialect) == reason, "\(dialect)") }
    }

    @Test("What only 4.3 has is refused in its words")
    func newest() {
        for (definition, reason): (FieldTable, String) in [
            (["delayed-retry-min": 0], "0 is not a valid delayed retry minimum delay. Must be a positive integer"),
            (["delayed-retry-max": 0], "0 is not a valid delayed retry maximum delay. Must be a positive integer"),
            (
                ["delayed-retry-type": "x"],
                "<<\"x\">> is not a valid delayed retry type. Must be one of: all, failed, returned, disabled"
            ),
            (["delayed-retry-type": "all"], "delayed-retry-min is required when delayed-retry-type is all"),
            (["target-group-size": 0], "0 is not a valid qq target count value"),
        ] { #expect(refusal(definition, in: .v4_3) == reason) }
        #expect(refusal(["delayed-retry-type": "all", "delayed-retry-min": 5], in: .v4_3) == nil)
    }

    @Test("3.10 has no policies for queues of one type, and says what there is")
    func targets() {
        for target in [Policy.Target.classicQueues, .quorumQueues, .streams] {
            #expect(
                refusal(["max-length": 1], target, in: .v3_10)
                    == "apply-to '\(target.rawValue)' unrecognised; should be 'queues', 'exchanges' or 'all'")
            for dialect in [Dialect.v4_0, .v4_3] { #expect(refusal(["max-length": 1], target, in: dialect) == nil) }
        }
        for dialect in Dialect.allCases { #expect(refusal(["max-length": 1], .exchanges, in: dialect) == nil) }
    }

    @Test(
        "Which types of queues a key keeps its policy away from",
        arguments: [
            ("queue-leader-locator", "balanced", ["quorum stream", "classic quorum stream", "classic quorum stream"]),
            ("queue-master-locator", "random", ["classic", "classic", "classic"]),
            ("max-in-memory-length", 5, ["classic quorum", "quorum", "quorum"]),
            ("max-in-memory-bytes", 5, ["classic quorum", "quorum", "quorum"]),
            ("ha-mode", "all", ["classic", "classic", "classic"]),
            ("queue-mode", "lazy", ["classic", "classic", "classic"]),
            ("stream-max-segment-size-bytes", 5, ["stream", "stream", "stream"]),
            ("queue-version", 2, ["classic quorum stream", "classic quorum stream", "classic quorum stream"]),
        ] as [(ShortString, FieldValue, [String])])
    func foreign(key: ShortString, value: FieldValue, types: [String]) throws {
        let policy = try Policy("p", in: "/", pattern: "", definition: FieldTable([.init(key, value)]))
        for (dialect, expected) in zip(Dialect.allCases, types) {
            let reached = PolicyKey.queueTypes.filter { policy.matches(queue: "q", ofType: $0, in: dialect) }
            #expect(reached.joined(separator: " ") == expected, "\(dialect)")
        }
    }

    @Test("What a policy says of a stream counts, and its segments are those it was made with")
    func streams() throws {
        let own = try QueueArguments(
            [
                "x-queue-type": "stream", "x-max-length-bytes": 50, "x-max-age": "1m",
                "x-stream-max-segment-size-bytes": 10,
            ], label: "", in: .v3_10)
        let more = own.combined(with: [
            "max-length-bytes": 500, "max-age": "1h", "stream-max-segment-size-bytes": 100,
        ])
        #expect([more.maximumOctets, more.maximumAge, more.segmentOctets] == [500, 3_600_000, 100])
        let less = own.combined(with: ["max-length-bytes": 5, "max-age": "1s", "stream-max-segment-size-bytes": 1])
        #expect([less.maximumOctets, less.maximumAge, less.segmentOctets] == [5, 1000, 1])
        let silent = own.combined(with: ["queue-version": 2])
        #expect([silent.maximumOctets, silent.maximumAge, silent.segmentOctets] == [50, 60_000, 10])
    }

    @Test("An operator's delete on a condition is refused for a quorum queue, and a stream goes all the same")
    func deletes() throws {
        let rig = Rig()
        let client = try rig.open()
        for kind in ["quorum", "stream"] {
            client.send(
                QueueDeclare(
                    queue: ShortString(truncating: kind), durable: true,
                    arguments: ["x-queue-type": .string(kind)]))
            client.publish(["1"], to: ShortString(truncating: kind))
        }
        func refusal(_ queue: String, ifEmpty: Bool, ifUnused: Bool) -> String? {
            rig.step(
                .change([
                    .delete(queue: queue, virtualHost: "/", user: "guest", ifEmpty: ifEmpty, ifUnused: ifUnused)
                ]))
            return rig.takeRefusals().first?.reason
        }
        for (ifEmpty, flag) in [(true, "if-empty"), (false, "if-unused")] {
            #expect(
                refusal("quorum", ifEmpty: ifEmpty, ifUnused: !ifEmpty)
                    == "cannot delete queue 'quorum' in vhost '/'. queue.delete operations with \(flag) flag set are not "
                    + "supported by quorum queues")
        }
        #expect(refusal("stream", ifEmpty: true, ifUnused: true) == nil)
        #expect(rig.core.listQueues().map(\.name) == ["quorum"])
    }

    #if DEBUG
        @Test(
            "A class of thousands of characters costs about as much as it is weighed",
            arguments: ["", "(?i)", "(?=", "(?!"])
        func classes(before: String) throws {
            // Every second character, so that no two of them are one range.
            let letters = (0..<1300).compactMap { Unicode.Scalar(0x4E00 + 2 * $0) }.map(String.init).joined()
            let repeats = before.hasPrefix("(?=") || before.hasPrefix("(?!") ? "[\(letters)]{60})" : "[\(letters)]{900}"
            let policy = try Policy("p", in: "/", pattern: before + repeats, definition: ["max-length": 1])
            let name = String(repeating: "\u{4E01}", count: 80)
            let near = String(repeating: "\u{4E00}", count: 80)
            for name in [name, near] {
                let steps = Steps.counted { _ = policy.matches(queue: name, ofType: "classic", in: .v3_10) }
                #expect(steps <= policy.cost(ofName: name.unicodeScalars.count), "\(before): \(steps)")
            }
        }
    #endif

    @Test("A class is what its characters and ranges say, in any order, overlapping, and in either case")
    func classesOfLetters() throws {
        for (pattern, yes, no): (String, String, String) in [
            ("^[z-za-cb-fm]+$", "abcdefmz", "glny"), ("^[^b-da-c]+$", "efg", "abcd"),
            ("^(?i)[B-DÄ]+$", "bBcDdäÄ", "aEeÖ"),
            ("^(?i:[^b])$", "aAcC", "bB"), ("^[]a]$", "]a", "b["),
        ] {
            let matcher = try NamePattern(pattern)
            for letter in yes {
                #expect(matcher.matches(String(letter)), "\(pattern) \(letter)")
            }
            for letter in no { #expect(!matcher.matches(String(letter)), "\(pattern) \(letter)") }
        }
    }
}
