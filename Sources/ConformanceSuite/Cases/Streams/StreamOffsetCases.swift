import AMQPWire
import Testing

@Suite("Streams: where a consumer begins") struct StreamOffsetCases {
    private func open(
        _ numbers: ClosedRange<Int>, _ arguments: FieldTable = [:], padding: Int = 0
    ) async throws -> (channel: ProbeChannel, stream: ShortString) {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream(arguments)
        try await channel.fill(stream, numbers, padding: padding)
        return (channel, stream)
    }

    @Test(
        "Arguments of a consumer that mean nothing are ignored",
        .proves(
            "stream.unknown-consumer-arguments", ["rabbitmq/basic.consume/unknown-arguments"], needs: [.streams]))
    func unknownArguments() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.fill(stream, 1...2)
        try await channel.qos(10)
        try await channel.consume(
            stream, arguments: ["x-stream-offset": "first", "x-nonesuch": "surely", "nothing": true])
        #expect(try await channel.deliveries(2).map(\.text) == ["1", "2"])
    }

    @Test(
        "first: with the oldest message", .proves("stream.from-first", ["rabbitmq/stream/offset"], needs: [.streams]))
    func first() async throws {
        let (channel, stream) = try await open(1...4)
        try await channel.read(stream, from: "first")
        let messages = try await channel.deliveries(4)
        #expect(messages.map(\.text) == ["1", "2", "3", "4"])
        #expect(messages.map(\.offset) == [0, 1, 2, 3])
    }

    @Test(
        "last: with the newest run of messages, here of one message",
        .proves("stream.from-last", ["rabbitmq/stream/offset"], needs: [.streams]))
    func last() async throws {
        let (channel, stream) = try await open(1...4)
        try await channel.read(stream, from: "last")
        channel.publish("5", to: "", stream)
        #expect(try await channel.deliveries(2).map(\.text) == ["4", "5"])
    }

    @Test(
        "next, which is also what nothing means: with what comes then",
        .proves("stream.from-next", ["rabbitmq/stream/offset"], needs: [.streams]))
    func next() async throws {
        let (channel, stream) = try await open(1...4)
        try await channel.read(stream, from: "next", tag: "said")
        try await channel.read(stream, from: nil, tag: "not said")
        channel.publish("5", to: "", stream)
        let messages = try await channel.deliveries(2)
        #expect(messages.map(\.text) == ["5", "5"])
        #expect(Set(messages.map(\.consumerTag)) == ["said", "not said"])
    }

    @Test(
        "A number: with the message of that offset",
        .proves("stream.from-number", ["rabbitmq/stream/offset"], needs: [.streams]))
    func number() async throws {
        let (channel, stream) = try await open(1...5)
        try await channel.read(stream, from: 2)
        let messages = try await channel.deliveries(3)
        #expect(messages.map(\.offset) == [2, 3, 4])
        #expect(messages.map(\.text) == ["3", "4", "5"])
    }

    @Test(
        "A number that is not there yet is waited for",
        .proves("stream.from-number-to-come", ["rabbitmq/stream/offset-to-come"], needs: [.streams]))
    func numberToCome() async throws {
        let (channel, stream) = try await open(1...2)
        try await channel.read(stream, from: 4)
        try await channel.fill(stream, 3...6)
        #expect(try await channel.deliveries(2).map(\.text) == ["5", "6"])
    }

    @Test(
        "A timestamp: with what came in then or later",
        .proves("stream.from-timestamp", ["rabbitmq/stream/offset-in-time"], needs: [.streams]))
    func timestamp() async throws {
        let (channel, stream) = try await open(1...2)
        // Half of it would do on a clock that begins with a second.
        try await elapse(milliseconds: 2000)
        let middle = try await channel.now()
        try await elapse(milliseconds: 1000)
        try await channel.fill(stream, 3...4)
        try await channel.read(stream, from: .timestamp(middle))
        #expect(try await channel.deliveries(2).map(\.text) == ["3", "4"])
    }

    @Test(
        "A timestamp before everything: with the oldest; one to come: with what comes next",
        .proves("stream.from-far-timestamps", ["rabbitmq/stream/offset-in-time"], needs: [.streams]))
    func farTimestamps() async throws {
        let (channel, stream) = try await open(1...2)
        try await channel.read(stream, from: .timestamp(1_000_000), tag: "old")
        #expect(try await channel.deliveries(2).map(\.text) == ["1", "2"])
        let other = try await channel.probe.openChannel()
        try await other.read(stream, from: .timestamp(40_000_000_000), tag: "to come")
        channel.publish("3", to: "", stream)
        #expect(try await other.delivery().text == "3")
    }

    @Test(
        "An interval: with what came in since",
        .proves("stream.from-interval", ["rabbitmq/stream/offset-in-time"], needs: [.streams]))
    func interval() async throws {
        let (channel, stream) = try await open(1...2)
        try await elapse(milliseconds: 4000)
        try await channel.fill(stream, 3...4)
        try await channel.read(stream, from: "3s", tag: "late")
        #expect(try await channel.deliveries(2).map(\.text) == ["3", "4"])
        let other = try await channel.probe.openChannel()
        try await other.read(stream, from: "1h", tag: "early")
        #expect(try await other.deliveries(4).map(\.text) == ["1", "2", "3", "4"])
    }

    @Test(
        "Several consumers are each at a place of their own, and none takes anything from another",
        .proves("stream.several-places", ["rabbitmq/stream/own-place"], needs: [.streams]))
    func severalPlaces() async throws {
        let (channel, stream) = try await open(1...4)
        try await channel.read(stream, from: "first", tag: "all", prefetch: 4)
        let all = try await channel.deliveries(4)
        #expect(all.map(\.text) == ["1", "2", "3", "4"])
        for message in all { channel.ack(message) }
        let other = try await Probe.openChannel()
        try await other.read(stream, from: "first", tag: "slow", prefetch: 1)
        #expect(try await other.delivery().text == "1")
        try await other.read(stream, from: 2, tag: "half", prefetch: 5)
        #expect(try await other.deliveries(2).map(\.text) == ["3", "4"])
        channel.publish("5", to: "", stream)
        #expect(try await channel.delivery().text == "5")
        #expect(try await other.delivery().text == "5")
    }

    @Test(
        "A consumer that has read everything is handed what comes",
        .proves("stream.goes-on", ["rabbitmq/stream/own-place"], needs: [.streams]))
    func goesOn() async throws {
        let (channel, stream) = try await open(1...2)
        try await channel.read(stream, from: "first", prefetch: 2)
        for number in 3...6 {
            channel.ack(try await channel.delivery())
            channel.publish("\(number)", to: "", stream)
        }
        #expect(try await channel.deliveries(2).map(\.text) == ["5", "6"])
    }

    @Test(
        "A long row of messages comes whole and in order",
        .proves("stream.long-row", ["rabbitmq/stream/own-place"], needs: [.streams]))
    func longRow() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.confirmSelect()
        for number in 1...3000 { channel.publish("\(number)", to: "", stream) }
        try await channel.awaitConfirms(1...3000)
        try await channel.read(stream, from: 10, prefetch: 5000)
        let isWhole = try await channel.deliveries(2990).map(\.text) == (11...3000).map { "\($0)" }
        #expect(isWhole, "what was handed out is not all that was published, in order")
    }

    // MARK: Retention

    @Test(
        "A stream of more octets than it may have gives up its oldest segments, however young they are",
        .proves("stream.octets", ["rabbitmq/stream/octets"], needs: [.streams]))
    func octets() async throws {
        for age: FieldTable in [[:], ["x-max-age": "1h"]] {
            let limits: FieldTable = ["x-max-length-bytes": 20_000, "x-stream-max-segment-size-bytes": 4000]
            let (channel, stream) = try await open(1...60, FieldTable(limits.fields + age.fields), padding: 1000)
            let first = try await oldest(of: stream, channel) { Int($0.number) ?? 0 > 35 }
            // How many octets a message adds to its segment is the broker's business.
            #expect((36...52).contains(Int(first.number) ?? 0))
        }
    }

    @Test(
        "Within a segment nothing is given up",
        .proves("stream.octets-within-a-segment", ["rabbitmq/stream/octets"], needs: [.streams]))
    func octetsWithinASegment() async throws {
        let (channel, stream) = try await open(1...30, ["x-max-length-bytes": 5000], padding: 1000)
        try await channel.read(stream, from: "first")
        #expect(try await channel.delivery().number == "1")
    }

    @Test(
        "Segments that are too old go when another begins",
        .proves("stream.age", ["rabbitmq/stream/age"], needs: [.streams]))
    func age() async throws {
        let (channel, stream) = try await open(
            1...10, ["x-max-age": "3s", "x-stream-max-segment-size-bytes": 4000], padding: 1000)
        try await elapse(milliseconds: 4500)
        try await channel.fill(stream, 11...20, padding: 1000)
        let first = try await oldest(of: stream, channel) { Int($0.number) ?? 0 > 8 }
        #expect(first.number == "9")
    }

    @Test(
        "A consumer whose place is gone reads on with the oldest message there is",
        .proves("stream.place-is-gone", ["rabbitmq/stream/octets"], needs: [.streams]))
    func placeIsGone() async throws {
        let (channel, stream) = try await open(
            1...60, ["x-max-length-bytes": 20_000, "x-stream-max-segment-size-bytes": 4000], padding: 1000)
        let before = try await oldest(of: stream, channel) { Int($0.number) ?? 0 > 35 }
        let other = try await channel.probe.openChannel()
        try await other.read(stream, from: 3)
        let number = try #require(Int(try await other.delivery().number))
        // A broker that gives up segments in its own time may have given up another in between.
        let after = try await oldest(of: stream, channel) { Int($0.number) ?? 0 >= number }
        let bounds = (try #require(Int(before.number)), try #require(Int(after.number)))
        #expect(bounds.0 <= number && number <= bounds.1)
    }

    /// The first message that a new reader is handed, as soon as it is as it should be: RabbitMQ gives up segments a moment
    /// later.
    private func oldest(
        of stream: ShortString, _ channel: ProbeChannel, isRight: (Received) -> Bool
    ) async throws -> Received {
        var first: Received?
        for _ in 1...20 {
            let other = try await channel.probe.openChannel()
            try await other.read(stream, from: "first", prefetch: 1)
            let message = try await other.delivery()
            first = message
            try await other.close()
            if isRight(message) { break }
            try await elapse(milliseconds: 100)
        }
        return try #require(first)
    }

    // MARK: Restarts

    @Test(
        "Messages and their offsets survive a restart, the transient ones too",
        .proves("stream.survives-restart", ["rabbitmq/stream/kept"], needs: [.streams, .restart]))
    func survivesRestart() async throws {
        let (before, stream) = try await open(1...3)
        before.publish("4", to: "", stream, BasicProperties(deliveryMode: 1))
        #expect(try await before.confirm().isAck)
        try await before.read(stream, from: "first")
        before.ack(try await before.deliveries(4)[3], multiple: true)
        try await before.barrier()
        try await restartBroker()
        let after = try await ProbeChannel.reopened(stream)
        try await after.fill(stream, 5...6)
        try await after.read(stream, from: 1)
        let messages = try await after.deliveries(5)
        #expect(messages.map(\.text) == ["2", "3", "4", "5", "6"])
        #expect(messages.map(\.offset) == [1, 2, 3, 4, 5])
        #expect(messages.allSatisfy { !$0.redelivered })
        #expect(messages[2].properties.deliveryMode == 1)
    }

    @Test(
        "When a message came in is known after a restart, too",
        .proves("stream.times-survive", ["rabbitmq/stream/kept"], needs: [.streams, .restart]))
    func timesSurvive() async throws {
        let (channel, stream) = try await open(1...2)
        try await elapse(milliseconds: 2000)
        let middle = try await channel.now()
        try await elapse(milliseconds: 1000)
        try await channel.fill(stream, 3...4)
        try await restartBroker()
        let after = try await ProbeChannel.reopened(stream)
        try await after.read(stream, from: .timestamp(middle))
        #expect(try await after.deliveries(2).map(\.text) == ["3", "4"])
    }

    @Test(
        "Confirmed messages survive a kill, in their order",
        .proves("stream.confirmed-survives-a-kill", ["rabbitmq/stream/kept"], needs: [.streams, .kill]))
    func confirmedSurvivesAKill() async throws {
        let (before, stream) = try await open(1...20)
        _ = before
        try await elapse(milliseconds: 2000)
        try await killBroker()
        let after = try await ProbeChannel.reopened(stream)
        try await after.read(stream, from: "first")
        #expect(try await after.deliveries(20).map(\.text) == (1...20).map { "\($0)" })
    }
}
