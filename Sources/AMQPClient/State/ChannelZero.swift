import AMQPWire

// What arrives on channel 0: the handshake, notices of the connection as a whole, its end.

extension ConnectionState {
    mutating func receivedOnZero(_ frame: Frame, _ effects: inout Effects) throws(ProtocolViolation) {
        switch frame.kind {
        case .heartbeat: return
        case .header, .body:
            if phase == .closing { return }
            throw ProtocolViolation(.unexpectedFrame, "content arrived on channel 0")
        case .method: break
        }
        let method = try Self.method(frame)
        switch (phase, method) {
        case (.closed, _): return
        case (_, .connectionClose(let close)): closedByBroker(close, &effects)
        case (.closing, .connectionCloseOk): finish(&effects)
        case (.closing, _): return
        case (.awaitingStart, .connectionStart(let start)): try received(start, &effects)
        case (.awaitingTune, .connectionTune(let tune)): try received(tune, &effects)
        case (.awaitingTune, .connectionSecure):
            throw ProtocolViolation(.notImplemented, "the broker wants more than user and password", method: method.id)
        case (.awaitingOpenOk, .connectionOpenOk): opened(&effects)
        case (.open, .connectionBlocked(let blocked)): setBlocked(blocked.reason.text, &effects)
        case (.open, .connectionUnblocked): setBlocked(nil, &effects)
        case (.open, .connectionUpdateSecretOk): try secretUpdated(&effects)
        default: throw .unexpected(method.id)
        }
    }

    private mutating func received(_ start: ConnectionStart, _ effects: inout Effects) throws(ProtocolViolation) {
        guard start.versionMajor == 0, start.versionMinor == 9 else {
            throw ProtocolViolation(
                .notImplemented, "the broker speaks version \(start.versionMajor)-\(start.versionMinor), not 0-9",
                method: ConnectionStart.id)
        }
        let mechanisms = String(decoding: start.mechanisms, as: UTF8.self)
        let mechanism = configuration.authMechanism
        guard mechanisms.split(separator: " ").contains(where: { $0 == mechanism.rawValue }) else {
            throw ProtocolViolation(
                .notImplemented,
                "the broker offers the login mechanisms '\(mechanisms)', but this client is set to use \(mechanism.rawValue)",
                method: ConnectionStart.id)
        }
        serverProperties = start.serverProperties
        let response =
            switch mechanism {
            case .plain: [0] + Array(configuration.user.utf8) + [0] + Array(configuration.password.utf8)
            // Who it is, is in the certificate.
            case .external: [UInt8]()
            }
        effects.output.method(
            ConnectionStartOk(
                clientProperties: configuration.announcedProperties,
                mechanism: ShortString(truncating: mechanism.rawValue),
                response: response),
            channel: 0)
        phase = .awaitingTune
        effects.answer(opener, .done)
        opener = nil
    }

    private mutating func received(_ tune: ConnectionTune, _ effects: inout Effects) throws(ProtocolViolation) {
        if tune.frameMax != 0, tune.frameMax < Frame.minimumMax {
            throw ProtocolViolation(
                .notAllowed, "the broker's frame_max is \(tune.frameMax); the least is \(Frame.minimumMax)",
                method: ConnectionTune.id)
        }
        limits = Self.agree(limits, with: tune)
        effects.output.method(
            ConnectionTuneOk(
                channelMax: limits.channelMax, frameMax: limits.frameMax, heartbeat: limits.heartbeat),
            channel: 0)
        // Checked with the configuration, so the empty one never stands in.
        let virtualHost = (try? ShortString(configuration.virtualHost)) ?? ""
        effects.output.method(ConnectionOpen(virtualHost: virtualHost), channel: 0)
        phase = .awaitingOpenOk
    }

    /// The lower of two limits, where 0 means none. For heartbeats, 0 from this side means off; from the broker that it
    /// leaves the interval to the client.
    static func agree(_ wish: Limits, with tune: ConnectionTune) -> Limits {
        func lower<N: UnsignedInteger>(_ one: N, _ other: N) -> N {
            one == 0 || other == 0 ? max(one, other) : min(one, other)
        }
        let channelMax = lower(wish.channelMax, tune.channelMax)
        return Limits(
            channelMax: channelMax == 0 ? .max : channelMax, frameMax: lower(wish.frameMax, tune.frameMax),
            heartbeat: wish.heartbeat == 0 ? 0 : lower(wish.heartbeat, tune.heartbeat))
    }
}
