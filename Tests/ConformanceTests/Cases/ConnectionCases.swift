import AMQPWire
import Testing

@Suite("Opening and closing a connection") struct ConnectionCases {
    @Test(
        "A protocol header of another version is answered with one that is spoken",
        .proves("connection.other-version", ["connection.start/protocol-name", "spec/4.2.2/reject-header"]))
    func otherVersion() async throws {
        let probe = try await Probe.raw()
        probe.send(octets: Array("AMQP".utf8) + [9, 9, 9, 9])
        expect(try await probe.outcome(), .header)
        #expect(try await probe.end() != nil, "the stream has to be ended behind the header")
    }

    @Test(
        "A mechanism that was not offered ends the stream, with nothing more sent",
        .proves("connection.mechanism-not-offered", ["connection.start-ok.mechanism/validity"]))
    func mechanismNotOffered() async throws {
        let probe = try await Probe.raw()
        var handshake = try Probe.handshake()
        handshake.mechanism = "NONESUCH"
        _ = try await probe.greet()
        probe.send(handshake.startOk)
        expect(try await probe.outcome(), .hangUp)
    }

    @Test(
        "Nothing declared in one virtual host is seen from another",
        .proves(
            "connection.virtual-hosts-are-separate", ["connection.open.virtual-host/separation"],
            needs: [.secondVirtualHost]))
    func virtualHostsAreSeparate() async throws {
        let here = try await Probe.openChannel()
        let queue = try await here.declareQueue(exclusive: false)
        let host = try await createVirtualHost()
        let there = try await Probe.connect { $0.login.virtualHost = host }.openChannel()
        #expect(try await !there.exists(queue: queue))
    }
}
