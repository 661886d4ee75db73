import AMQPWire
import Testing

@Suite("Headers exchange: when two values are the same") struct HeaderValueCases {
    /// Which of these values, as a message's header, a binding to `wanted` lets through.
    private func matching(_ wanted: FieldValue, _ values: [FieldValue]) async throws -> [FieldValue] {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("headers")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, arguments: ["value": wanted])
        for (number, value) in values.enumerated() {
            channel.publish("\(number)", to: exchange, "", BasicProperties(headers: ["value": value]))
        }
        return try await channel.drain(queue).compactMap { Int($0) }.map { values[$0] }
    }

    @Test(
        "A number is the same as one of any other type, a timestamp too",
        .proves(
            "headers.numbers-of-all-types", ["rabbitmq/headers-exchange/equal-values"],
            rabbitmq: .from(
                "4.0", "Integers and floating point numbers differ, and a header's timestamp counts milliseconds.")))
    func numbers() async throws {
        let ones: [FieldValue] = [
            .int32(1), .int64(1), .int16(1), .int8(1), .double(1), .float(1), .timestamp(1),
        ]
        let (integers, others) = (Array(ones[..<4]), Array(ones[4...5]))
        for (wanted, alike) in [(.int32(1), integers), (.double(1), others), (.timestamp(1), integers)]
            as [(FieldValue, [FieldValue])]
        {
            expect(
                try await matching(wanted, ones), spec: ones, rabbitmq: alike, from: "4.0", "bound with \(wanted)")
        }
        #expect(try await matching(.double(1.5), [.float(1.5), .double(1.5)]) == [.float(1.5), .double(1.5)])
        let large = Int64(1) << 53
        expect(
            try await matching(.double(Double(large)), [.int64(large), .int64(large + 1)]), spec: [.int64(large)],
            rabbitmq: [], from: "4.0", "bound with 2^53")
    }

    @Test(
        "A text, a bool and a decimal are not numbers",
        .proves("headers.what-is-no-number", ["rabbitmq/headers-exchange/equal-values"]))
    func noNumbers() async throws {
        let others: [FieldValue] = ["1", true, .decimal(scale: 0, value: 1), .decimal(scale: 1, value: 10)]
        #expect(try await matching(.int32(1), others + [1]) == [1])
        let decimal = FieldValue.decimal(scale: 0, value: 1)
        #expect(try await matching(decimal, [1] + others) == [decimal])
    }

    @Test(
        "A text is the same as a byte array of its octets",
        .proves("headers.text-and-byte-arrays", ["rabbitmq/headers-exchange/equal-values"]))
    func textAndOctets() async throws {
        let both: [FieldValue] = ["pdf", .bytes(Array("pdf".utf8))]
        for wanted in both { #expect(try await matching(wanted, both + ["zip"]) == both, "bound with \(wanted)") }
    }

    @Test(
        "Within arrays and tables, types and order count",
        .proves("headers.exact-within", ["rabbitmq/headers-exchange/equal-values"]))
    func exactWithin() async throws {
        let arrays: [FieldValue] = [[.int32(1)], [.int64(1)], [.double(1)], ["1"], [.bytes([49])]]
        for wanted in arrays { #expect(try await matching(wanted, arrays) == [wanted]) }
        let tables: [FieldValue] = [["a": 1, "b": 2], ["b": 2, "a": 1], ["a": .int64(1), "b": 2]]
        for wanted in tables { #expect(try await matching(wanted, tables) == [wanted]) }
    }
}
