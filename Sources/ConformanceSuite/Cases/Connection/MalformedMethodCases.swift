import AMQPWire
import Testing

@Suite("Malformed methods") struct MalformedMethodCases {
    @Test(
        "A method frame too short to name a method closes the connection",
        .proves("framing.no-method-in-a-method-frame", ["spec/2.3.7/close-handshake"]))
    func noMethodInAMethodFrame() async throws {
        let channel = try await Probe.openChannel()
        channel.probe.send { $0.frame(.method, channel: channel.number) { $0.uint16(50) } }
        expect(try await channel.probe.outcome(), .connectionClose(.frameError, .syntaxError))
    }

    @Test(
        "A method cut short closes the connection",
        .proves("framing.method-cut-short", ["spec/2.3.7/close-handshake"]))
    func methodCutShort() async throws {
        let channel = try await Probe.openChannel()
        channel.send(QueueDeclare.id) { writer in
            writer.uint16(0)
            // A name of three octets is announced; two come.
            writer.raw([3, 0x61, 0x62])
        }
        expect(
            try await channel.probe.outcome(cause: QueueDeclare.id), .connectionClose(.frameError, .syntaxError))
    }

    @Test(
        "A method with octets left over closes the connection",
        .proves("framing.method-too-long", ["spec/2.3.7/close-handshake"]))
    func methodTooLong() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        channel.send(QueueDeclare.id) { writer in
            QueueDeclare(queue: queue).write(to: &writer)
            writer.raw("junk".utf8)
        }
        expect(
            try await channel.probe.outcome(cause: QueueDeclare.id), .connectionClose(.frameError, .syntaxError))
        #expect(try await !Probe.openChannel().exists(queue: queue))
    }

    @Test(
        "A method that does not exist closes the connection",
        .proves(
            "framing.unknown-method", ["spec/2.3.7/close-handshake"],
            rabbitmq: "The stream is broken off without a word."))
    func unknownMethod() async throws {
        for id in [MethodID(50, 99), MethodID(99, 10)] {
            let channel = try await Probe.openChannel()
            channel.send(id)
            expect(
                try await channel.probe.outcome(cause: id), .connectionClose(.commandInvalid, .notImplemented),
                rabbitmq: .hangUp)
        }
    }

    @Test(
        "A name that is not UTF-8 closes the connection",
        .proves("framing.name-not-utf8", ["queue.declare.queue/syntax"]))
    func nameNotUTF8() async throws {
        let channel = try await Probe.openChannel()
        channel.send(QueueDeclare(queue: try ShortString(octets: [0x71, 0xC3, 0x28]), exclusive: true))
        expect(try await channel.probe.outcome(), .connectionClose(.frameError, .syntaxError))
    }
}
