import AMQPWire
import Testing

@Suite("Field tables and properties") struct TableCases {
    /// Sends values as headers of a message, and expects them back as they were, in whatever order: `tables.order` has that.
    private func returnUnchanged(_ values: FieldValue..., at place: SourceLocation = #_sourceLocation) async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let headers = FieldTable(values.enumerated().map { .init(ShortString(truncating: "h\($0)"), $1) })
        channel.publish("hello", to: "", queue, BasicProperties(headers: headers))
        let message = try #require(try await channel.get(queue), sourceLocation: place)
        let returned = FieldTable(message.headers.fields.sorted { "\($0.name)" < "\($1.name)" })
        #expect(returned == headers, sourceLocation: place)
    }

    @Test("Booleans are kept", .proves("tables.bool", ["spec/4.2.5.5/field-types"]))
    func bool() async throws { try await returnUnchanged(true, false) }

    @Test("Octets with a sign are kept", .proves("tables.int8", ["spec/4.2.5.5/field-types"]))
    func int8() async throws { try await returnUnchanged(.int8(.min), .int8(-1), .int8(.max)) }

    @Test("Octets without a sign are kept", .proves("tables.uint8", ["spec/4.2.5.5/field-types"]))
    func uint8() async throws { try await returnUnchanged(.uint8(0), .uint8(200), .uint8(.max)) }

    @Test(
        "Integers of 16 bits with a sign are kept, under RabbitMQ's letter for them",
        .proves("tables.int16", ["spec/4.2.5.5/field-types"]))
    func int16() async throws { try await returnUnchanged(.int16(.min), .int16(-2), .int16(.max)) }

    @Test("Integers of 16 bits without a sign are kept", .proves("tables.uint16", ["spec/4.2.5.5/field-types"]))
    func uint16() async throws { try await returnUnchanged(.uint16(0), .uint16(40_000), .uint16(.max)) }

    @Test("Integers of 32 bits with a sign are kept", .proves("tables.int32", ["spec/4.2.5.5/field-types"]))
    func int32() async throws { try await returnUnchanged(.int32(.min), .int32(-3), .int32(.max)) }

    @Test("Integers of 32 bits without a sign are kept", .proves("tables.uint32", ["spec/4.2.5.5/field-types"]))
    func uint32() async throws { try await returnUnchanged(.uint32(0), .uint32(3_000_000_000), .uint32(.max)) }

    @Test("Integers of 64 bits are kept up to their limits", .proves("tables.int64", ["spec/4.2.5.5/field-types"]))
    func int64() async throws { try await returnUnchanged(.int64(.min), .int64(-4), .int64(.max)) }

    @Test("Numbers with a binary point are kept", .proves("tables.float", ["spec/4.2.5.5/field-types"]))
    func float() async throws {
        try await returnUnchanged(
            .float(0.5), .float(.leastNonzeroMagnitude), .float(-.greatestFiniteMagnitude), .double(0.1),
            .double(.leastNonzeroMagnitude), .double(-.greatestFiniteMagnitude))
    }

    @Test("Decimals are kept, scale and value", .proves("tables.decimal", ["spec/4.2.5.5/field-types"]))
    func decimal() async throws {
        try await returnUnchanged(.decimal(scale: 2, value: 314), .decimal(scale: 255, value: .max))
    }

    @Test(
        "Long strings are kept: empty ones, long ones, and those that are not text",
        .proves("tables.long-string", ["spec/4.2.5.5/field-types"]))
    func longString() async throws {
        try await returnUnchanged(
            "", "straße", .longString([0, 255, 0xC3, 0x28]), .string(String(repeating: "long", count: 1000)))
    }

    @Test("Octets are kept apart from strings", .proves("tables.bytes", ["spec/4.2.5.5/field-types"]))
    func bytes() async throws { try await returnUnchanged(.bytes([]), .bytes([0, 1, 254, 255])) }

    @Test("Timestamps are kept", .proves("tables.timestamp", ["spec/4.2.5.5/field-types"]))
    func timestamp() async throws { try await returnUnchanged(.timestamp(0), .timestamp(1_700_000_000)) }

    @Test("A field without a value is kept", .proves("tables.void", ["spec/4.2.5.5/field-types"]))
    func void() async throws { try await returnUnchanged(nil, "behind it") }

    @Test(
        "Arrays are kept: empty, mixed, and in one another",
        .proves("tables.array", ["spec/4.2.5.5/field-types"]))
    func array() async throws { try await returnUnchanged([], [1, "two", nil, [3.5, [true]]]) }

    @Test(
        "Tables are kept: empty, and in one another",
        .proves("tables.table", ["spec/4.2.5.5/field-types"]))
    func table() async throws {
        try await returnUnchanged(.table([:]), ["a": ["b": ["c": [1, ["d": "deep"]]]]])
    }

    @Test(
        "A table keeps the order of its fields, and fields of the same name",
        .proves(
            "tables.order", ["spec/4.2.5.5/field-types"],
            rabbitmq: .from("4.0", "A message's headers come sorted by name, the first of those of one name alone.")))
    func order() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let headers = FieldTable([.init("z", 1), .init("a", 2), .init("m", 3), .init("a", 4)])
        channel.publish("hello", to: "", queue, BasicProperties(headers: headers))
        let sorted = FieldTable([.init("a", 2), .init("m", 3), .init("z", 1)])
        expect(
            try await channel.get(queue)?.headers, spec: headers, rabbitmq: sorted, from: "4.0", "the headers")
    }

    @Test(
        "The specification's letter for a 64-bit integer is understood as well as RabbitMQ's",
        .proves("tables.long-long-letter", ["spec/4.2.5.5/field-types"]))
    func longLongLetter() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.probe.send { writer in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            let field: [UInt8] = [1, 0x61, UInt8(ascii: "L"), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]
            writer.header(size: 0, flags: 0x2000, [0, 0, 0, UInt8(field.count)] + field, on: channel)
        }
        #expect(try await channel.get(queue)?.headers["a"]?.integer == -2)
    }

    @Test(
        "Each property alone is kept, and no other comes with it",
        .proves("tables.each-property", ["spec/4.2.6.1/properties"]))
    func eachProperty() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let user = try ShortString(Probe.handshake().login.user)
        let all: [BasicProperties] = [
            .init(contentType: "text/plain"), .init(contentEncoding: "gzip"), .init(headers: ["a": 1]),
            .init(deliveryMode: 2), .init(priority: 7), .init(correlationID: "17"), .init(replyTo: "somewhere"),
            .init(expiration: "60000"), .init(messageID: "m-1"), .init(timestamp: 1_700_000_000),
            .init(type: "greeting"), .init(userID: user), .init(appID: "suite"), .init(clusterID: "old"),
        ]
        for properties in all {
            channel.publish("hello", to: "", queue, properties)
            #expect(try await channel.get(queue)?.properties == properties)
        }
    }

    @Test(
        "No properties, and empty headers, are told apart",
        .proves("tables.absent-and-empty", ["spec/4.2.6.1/properties"]))
    func absentAndEmpty() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for properties in [BasicProperties(), .init(headers: [:]), .init(contentType: "", correlationID: "")] {
            channel.publish("hello", to: "", queue, properties)
            #expect(try await channel.get(queue)?.properties == properties)
        }
    }

    @Test(
        "Properties and headers are kept on the way to a consumer, and when a message comes back",
        .proves("tables.delivered-twice", ["spec/4.2.6.1/properties"]))
    func deliveredTwice() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        let properties = BasicProperties(
            contentType: "text/plain", headers: ["list": [1, "two"]], deliveryMode: 1, priority: 3, timestamp: 1)
        channel.publish("hello", to: "", queue, properties)
        let first = try await channel.delivery()
        #expect(first.properties == properties)
        channel.nack(first)
        #expect(try await channel.delivery().properties == properties)
    }

    @Test(
        "A delivery-mode may only be 1 or 2",
        .proves(
            "tables.delivery-mode", ["spec/4.2.6.1/properties"],
            rabbitmq: .before("4.0", "406 on the channel: it is the message that is refused, not the frame.")))
    func deliveryMode() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for mode in [0, 3, 255] as [UInt8] {
            channel.publish("hello", to: "", queue, BasicProperties(deliveryMode: mode))
            expect(
                try await channel.outcome(cause: BasicPublish.id), [.connectionClose(.unexpectedFrame), .ok],
                rabbitmq: .channelClose(.preconditionFailed), before: "4.0")
        }
    }

    @Test(
        "A table of all kinds of fields is taken as arguments",
        .proves("tables.as-arguments", ["rabbitmq/queue.declare/unknown-x-argument"]))
    func asArguments() async throws {
        let channel = try await Probe.openChannel()
        let arguments: FieldTable = [
            "x-1": true, "x-2": .uint8(1), "x-3": .int16(-1), "x-4": .uint32(1), "x-5": .int64(1), "x-6": .float(1),
            "x-7": .decimal(scale: 1, value: 1), "x-8": [1, "two"], "x-9": ["a": nil], "x-10": .timestamp(1),
            "x-11": .bytes([0]),
        ]
        let queue = try await channel.declareQueue(arguments: arguments)
        try await channel.bind(queue, to: "amq.direct", queue, arguments: arguments)
        channel.publish("bound", to: "amq.direct", queue)
        _ = try await channel.call(
            QueueUnbind(queue: queue, exchange: "amq.direct", routingKey: queue, arguments: arguments),
            QueueUnbindOk.self)
        channel.publish("unbound", to: "amq.direct", queue)
        #expect(try await channel.drain(queue) == ["bound"])
    }

    @Test(
        "The name of a field begins with a letter, $ or #; another is a syntax error",
        .proves(
            "tables.field-name", ["spec/4.2.5.5/field-name-check", "spec/4.2.5.5/field-name-start"],
            rabbitmq: "Names are not looked at."))
    func fieldName() async throws {
        for name: ShortString in ["1st", "-x", ""] {
            let channel = try await Probe.openChannel()
            try await channel.send(
                QueueDeclare(queue: unique("queue"), exclusive: true, arguments: [name: 1]),
                expecting: .connectionClose(.syntaxError), rabbitmq: .ok)
        }
    }

    @Test(
        "Names that begin with a letter, $ or # are fine",
        .proves("tables.good-field-names", ["spec/4.2.5.5/field-name-start"]))
    func goodFieldNames() async throws {
        let channel = try await Probe.openChannel()
        try await channel.declareQueue(arguments: ["letter": 1, "Letter": 2, "$dollar": 3, "#hash": 4])
    }

    @Test(
        "A field of a type that there is not closes the connection",
        .proves(
            "tables.unknown-type", ["spec/4.2.5.5/field-types"],
            rabbitmq: "The stream is broken off without a word."))
    func unknownType() async throws {
        let seen = try await outcome(ofArguments: [0, 0, 0, 3, 1, 0x61, UInt8(ascii: "?")])
        expect(seen, .connectionClose(.syntaxError, .frameError), rabbitmq: .hangUp)
    }

    @Test(
        "A table longer than what is left of the method closes the connection",
        .proves("tables.longer-than-the-method", ["spec/4.2.5.5/field-types"]))
    func longerThanTheMethod() async throws {
        let seen = try await outcome(ofArguments: [0, 0, 0, 200, 1, 0x61, UInt8(ascii: "V")])
        expect(seen, .connectionClose(.syntaxError, .frameError))
    }

    @Test(
        "A value that runs over the end of its table closes the connection",
        .proves("tables.value-over-the-end", ["spec/4.2.5.5/field-types"]))
    func valueOverTheEnd() async throws {
        let seen = try await outcome(ofArguments: [0, 0, 0, 5, 1, 0x61, UInt8(ascii: "I"), 0, 0, 0, 7])
        expect(seen, .connectionClose(.syntaxError, .frameError))
    }

    /// What comes of a queue.declare whose arguments are these octets.
    private func outcome(
        ofArguments octets: [UInt8], at place: SourceLocation = #_sourceLocation
    ) async throws -> Outcome {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        channel.send(QueueDeclare.id) { writer in
            writer.uint16(0)
            writer.shortString(queue)
            // Exclusive, so that nothing stays if it is taken after all.
            writer.bits(false, false, true)
            writer.raw(octets)
        }
        return try await channel.probe.outcome(
            on: channel.number, until: { $0.method?.id == QueueDeclareOk.id }, cause: QueueDeclare.id, at: place)
    }
}
