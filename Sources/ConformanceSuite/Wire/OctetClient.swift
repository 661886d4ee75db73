import AMQPWire
import Testing

/// A client that knows no method, no property and no field: a case writes the octets down, and compares what comes back
/// with octets that it has written down too.
///
/// A probe encodes and decodes with the code that our broker uses. If that code has the same error in both directions, the
/// two understand each other and nobody notices. So nothing of `AMQPWire` stands between this client and the broker, and
/// all that it knows of the protocol is where a frame ends.
///
/// Octets are written as ``Octets`` has them.
struct OctetClient {
    let probe: Probe

    /// A connection on which nothing has been said.
    static func raw() async throws -> OctetClient {
        OctetClient(probe: Probe(try await CaseRun.active().connect(), readsFrames: false))
    }

    /// A connection that is open, with channel 1 on it.
    static func open() async throws -> OctetClient {
        let client = try await raw()
        try await client.logIn()
        try await client.call("0014 000a 00 (channel.open)", "0014 000b 00000000 (open-ok)")
        return client
    }

    /// The handshake up to open-ok, without heartbeats.
    func logIn() async throws {
        let login = try CaseRun.active().peer.login
        try await authenticate(
            "0000 0000 (no client properties) 05 'PLAIN' \(Octets.long("\0\(login.user)\0\(login.password)")) 05 'en_US'"
        )
        try await open(login.virtualHost)
    }

    /// Up to the broker's tune, with these fields of start-ok.
    func authenticate(_ startOk: String, at place: SourceLocation = #_sourceLocation) async throws {
        send("'AMQP' 00 00 09 01")
        try await expect("000a 000a (connection.start) 00 09 *", on: 0, at: place)
        send(method: "000a 000b (start-ok) \(startOk)", on: 0)
    }

    /// From the broker's tune, which it agrees to, to open-ok.
    func open(
        _ virtualHost: String, heartbeat: String = "0000 (no heartbeats)", at place: SourceLocation = #_sourceLocation
    ) async throws {
        let tune = try await frame(at: place)
        try check(tune, 1, "000a 001e (tune) .... ........ ....", on: 0, at: place)
        // channel-max and frame-max as they came, behind kind, channel, size and the two ids.
        send(method: "000a 001f (tune-ok) \(Octets.hexadecimal(tune[11..<17])) \(heartbeat)", on: 0)
        send(method: "000a 0028 (open) \(Octets.short(virtualHost)) 00 00", on: 0)
        try await expect("000a 0029 (open-ok) 00", on: 0, at: place)
    }

    // MARK: Sending

    func send(_ octets: String) { probe.send(octets: Octets(octets).plain) }

    func send(method payload: String, on channel: UInt16 = 1) { send(1, payload, on: channel) }

    func send(header payload: String, on channel: UInt16 = 1) { send(2, payload, on: channel) }

    func send(body payload: String, on channel: UInt16 = 1) { send(3, payload, on: channel) }

    /// Kind, channel, size, payload, 206 (4.2.3).
    private func send(_ kind: UInt8, _ payload: String, on channel: UInt16) {
        let octets = Octets(payload).plain
        let size = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: octets.count >> $0) }
        probe.send(octets: [kind, UInt8(channel >> 8), UInt8(channel & 0xFF)] + size + octets + [206])
    }

    /// Publishes 'hello' to the queue through the nameless exchange. `properties`: flags and values.
    func publish(to queue: ShortString, _ properties: String = "0000") {
        send(method: "003c 0028 (publish) 0000 00 \(Octets.short("\(queue)")) 00")
        send(header: "003c 0000 0000000000000005 \(properties)")
        send(body: "'hello'")
    }

    // MARK: Receiving

    /// Sends a method, and expects its answer.
    func call(_ request: String, _ answer: String, at place: SourceLocation = #_sourceLocation) async throws {
        send(method: request)
        try await expect(answer, at: place)
    }

    /// Sends a method, and expects that the channel is closed because of it. The channel is open again afterwards.
    func expectClose(
        _ code: String, _ cause: String, of request: String, at place: SourceLocation = #_sourceLocation
    ) async throws {
        try await call(request, "0014 0028 (channel.close) \(code) * (text) \(cause)", at: place)
        send(method: "0014 0029 (close-ok)")
        try await call("0014 000a 00 (channel.open)", "0014 000b 00000000 (open-ok)", at: place)
    }

    /// The next frame is this method.
    func expect(_ method: String, on channel: UInt16 = 1, at place: SourceLocation = #_sourceLocation) async throws {
        try check(await frame(at: place), 1, method, on: channel, at: place)
    }

    /// The next two frames are a content's: its header, with a body of five octets and these properties, and 'hello'.
    func expectHello(_ properties: String, at place: SourceLocation = #_sourceLocation) async throws {
        try check(await frame(at: place), 2, "003c 0000 0000000000000005 \(properties)", on: 1, at: place)
        try check(await frame(at: place), 3, "'hello'", on: 1, at: place)
    }

    private func check(
        _ frame: [UInt8], _ kind: UInt8, _ payload: String, on channel: UInt16, at place: SourceLocation
    ) throws {
        let isFramed = frame[0] == kind && frame[1] == UInt8(channel >> 8) && frame[2] == UInt8(channel & 0xFF)
        if isFramed, frame.last == 206, Octets(payload).match(frame[7..<frame.count - 1]) { return }
        let kinds: [UInt8: String] = [1: "method", 2: "header", 3: "body"]
        throw SuiteError(
            expected: "a \(kinds[kind] ?? "frame") on channel \(channel): \(payload)", Octets.hexadecimal(frame),
            at: place)
    }

    /// The next frame, from its kind to the octet that ends it.
    func frame(at place: SourceLocation = #_sourceLocation) async throws -> [UInt8] {
        let found = try await probe.look { mailbox -> Result<[UInt8], SuiteError>? in
            let octets = mailbox.octets
            if octets.count >= 7 {
                let size = Octets.number(octets[3..<7])
                if octets.count >= size + 8 {
                    mailbox.octets.removeFirst(size + 8)
                    return .success(Array(octets[..<(size + 8)]))
                }
            }
            return mailbox.end.map { .failure(SuiteError(expected: "a frame", $0.text, at: place)) }
        }
        guard let found else {
            let octets = try await probe.look { $0.octets } ?? []
            throw SuiteError(expected: "a frame", "nothing whole in time: \(Octets.hexadecimal(octets))", at: place)
        }
        return try found.get()
    }
}
