import AMQPWire
import Testing

@Suite("Frames") struct FramingCases {
    @Test(
        "A body may be cut into frames of any size, empty ones too",
        .proves("framing.body-in-pieces", ["spec/2.3.5.2/body-chunks", "spec/4.2.6.2/reassembly"]))
    func bodyInPieces() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.probe.send { writer in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.frame(.header, channel: channel.number) {
                ContentHeader(bodySize: 5, properties: BasicProperties()).write(to: &$0)
            }
            for piece in ["h", "", "el", "lo"] {
                writer.frame(.body, channel: channel.number) { $0.raw(piece.utf8) }
            }
        }
        #expect(try await channel.drain(queue) == ["hello"])
    }

    @Test(
        "A frame that does not end in 206 is fatal",
        .proves(
            "framing.bad-end-octet", ["spec/4.2.3/frame-end-octet"],
            rabbitmq: "connection.close 501 is sent before the stream is ended."))
    func badEndOctet() async throws {
        let probe = try await Probe.connect()
        probe.send(octets: [8, 0, 0, 0, 0, 0, 0, 0xCF])
        expect(try await probe.outcome(), .hangUp, rabbitmq: .connectionClose(.frameError))
    }
}
