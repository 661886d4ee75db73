import AMQPWire
import Testing

extension ProbeChannel {
    /// A channel after a restart, when the stream is there again: its node has to find out that it leads it.
    static func reopened(_ stream: ShortString) async throws -> ProbeChannel {
        for _ in 1...40 {
            let channel = try await Probe.openChannel()
            try await channel.qos(1)
            let knock = BasicConsume(queue: stream, consumerTag: "knock", arguments: ["x-stream-offset": "first"])
            if (try? await channel.call(knock, BasicConsumeOk.self)) != nil { break }
            try await elapse(milliseconds: 100)
        }
        return try await Probe.openChannel()
    }

    /// What time it is at the broker, in seconds since the Unix epoch: what a message says that died there.
    func now() async throws -> UInt64 {
        let dead = try await declareQueue()
        let queue = try await declareQueue(arguments: [
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        publish("what time is it", to: "", queue)
        let message = try #require(try await get(queue, noAck: false))
        reject(message, requeue: false)
        try await awaitReady(1, in: dead)
        let letter = try #require(try await get(dead))
        guard case .timestamp(let seconds)? = letter.deaths.first?["time"] else {
            throw SuiteError("a dead letter without a time")
        }
        return seconds
    }

    /// Publishes a long row of messages whose texts are numbers, to one stream after the other, and waits until all are
    /// confirmed. The channel confirms, and nothing was published before on it.
    func fillFast(_ streams: [ShortString], _ numbers: ClosedRange<Int>) async throws {
        for number in numbers {
            for (place, stream) in streams.enumerated() {
                publish("\(number)/\(place)", to: "", stream)
            }
        }
        // Each stream confirms its own, so that a later one may come first; `last` and all before it have come.
        var (last, later) = (UInt64(0), Set<UInt64>())
        while last < numbers.count * streams.count {
            let confirm = try await confirm()
            try #require(confirm.isAck)
            if confirm.multiple {
                last = max(last, confirm.tag)
                later = later.filter { $0 > last }
            } else {
                later.insert(confirm.tag)
            }
            while later.remove(last + 1) != nil { last += 1 }
        }
    }
}

@Suite("Streams: long ones, on disk") struct StreamStoreCases {
    /// A channel with a row of messages in each of some new streams.
    private func open(
        _ numbers: ClosedRange<Int>, in count: Int = 1
    ) async throws -> (channel: ProbeChannel, streams: [ShortString]) {
        let channel = try await Probe.openChannel()
        var streams: [ShortString] = []
        for _ in 0..<count { streams.append(try await channel.declareStream()) }
        try await channel.confirmSelect()
        try await channel.fillFast(streams, numbers)
        return (channel, streams)
    }

    /// What a new reader is handed, so many messages.
    private func texts(
        _ count: Int, of stream: ShortString, from offset: FieldValue, on channel: ProbeChannel
    ) async throws -> [String] {
        try await channel.read(stream, from: offset, tag: unique("reader"), prefetch: 2000)
        let messages = try await channel.deliveries(count)
        let isRow = zip(messages, messages.dropFirst()).allSatisfy { ($0.offset ?? -1) + 1 == $1.offset }
        #expect(isRow, "the offsets don't follow each other")
        return messages.map(\.number)
    }

    @Test(
        "Two long rows, written by turns, are each read as they were published, before a restart and after it",
        .proves(
            "stream.long-rows-beside-each-other", ["rabbitmq/stream/own-place", "rabbitmq/stream/kept"],
            needs: [.streams, .restart]))
    func longRows() async throws {
        let (before, streams) = try await open(1...900, in: 2)
        for isRestarted in [false, true] {
            if isRestarted { try await restartBroker() }
            for (place, stream) in streams.enumerated() {
                let channel =
                    isRestarted ? try await ProbeChannel.reopened(stream) : try await before.probe.openChannel()
                let isWhole =
                    try await texts(900, of: stream, from: "first", on: channel) == (1...900).map { "\($0)/\(place)" }
                #expect(isWhole, "what was handed out is not all that was published, in order")
                let isRest =
                    try await texts(600, of: stream, from: 300, on: channel) == (301...900).map { "\($0)/\(place)" }
                #expect(isRest, "what was handed out is not all from there on, in order")
            }
        }
    }

    @Test(
        "A time in the middle of a long row is found, before a restart and after it",
        .proves(
            "stream.time-among-many", ["rabbitmq/stream/offset-in-time", "rabbitmq/stream/kept"],
            needs: [.streams, .restart]))
    func timeAmongMany() async throws {
        let (first, streams) = try await open(1...300)
        let stream = try #require(streams.first)
        try await elapse(milliseconds: 2000)
        let middle = try await first.now()
        try await elapse(milliseconds: 1000)
        let second = try await Probe.openChannel()
        try await second.confirmSelect()
        try await second.fillFast([stream], 301...900)
        let third = try await first.probe.openChannel()
        #expect(try await texts(1, of: stream, from: .timestamp(middle), on: third) == ["301/0"])
        try await restartBroker()
        let after = try await ProbeChannel.reopened(stream)
        #expect(try await texts(1, of: stream, from: .timestamp(middle), on: after) == ["301/0"])
    }

    @Test(
        "Of a long stream all messages are counted, before a restart and after it",
        .proves("stream.counts-many", ["rabbitmq/stream/counts"], needs: [.streams, .restart]))
    func countsMany() async throws {
        let (before, streams) = try await open(1...900)
        let stream = try #require(streams.first)
        // RabbitMQ counts every now and then, and offsets that are no messages, too.
        func isCounted(_ channel: ProbeChannel) async throws -> Bool {
            try await eventually {
                try await elapse(milliseconds: 100)
                return try await (900...950).contains(channel.counts(of: stream).messages)
            }
        }
        #expect(try await isCounted(before))
        try await restartBroker()
        let after = try await ProbeChannel.reopened(stream)
        #expect(try await isCounted(after))
    }

    @Test(
        "After a restart a stream gives up its oldest segments one by one, as before",
        .proves(
            "stream.octets-after-a-restart", ["rabbitmq/stream/octets", "rabbitmq/stream/kept"],
            needs: [.streams, .restart]))
    func octetsAfterARestart() async throws {
        let before = try await Probe.openChannel()
        let stream = try await before.declareStream([
            "x-max-length-bytes": 20_000, "x-stream-max-segment-size-bytes": 4000,
        ])
        // One by one: what comes at once may be one chunk in RabbitMQ, which is in one segment however large it is.
        try await before.fill(stream, 1...60, padding: 1000)
        try await restartBroker()
        let channel = try await ProbeChannel.reopened(stream)
        try await channel.fill(stream, 61...65, padding: 1000)
        let reader = try await channel.probe.openChannel()
        let oldest = try await texts(1, of: stream, from: "first", on: reader)
        let number = try #require(oldest.first.flatMap { Int($0) })
        #expect(number <= 58)
    }
}
