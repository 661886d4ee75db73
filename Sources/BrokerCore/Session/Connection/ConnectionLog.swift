import AMQPWire

/// What a connection tells the log. All texts are here, so that they read alike.
extension BrokerConnection {
    private func log(_ level: LogEvent.Level, _ text: @autoclosure () -> String) {
        host.log(level, "connection \(peer): \(text())")
    }

    /// Whose connection it is and how long it lasted.
    private var description: String {
        let milliseconds = host.now - session.openedAt
        return "user \(LogEvent.quoted(session.user)), vhost \(LogEvent.quoted(session.virtualHost?.name ?? "")), "
            + "open for \(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }

    func logAccepted() { log(.debug, "accepted") }

    func logOpened() {
        log(
            .info,
            "opened by user \(LogEvent.quoted(session.user)) in vhost "
                + LogEvent.quoted(session.virtualHost?.name ?? "")
                + (session.clientName.map { ", client \(LogEvent.quoted($0))" } ?? ""))
    }

    func logClosedByClient() { log(.info, "closed by the client (\(description))") }

    func logRefused(_ reason: @autoclosure () -> String) { log(.warning, "refused: \(reason())") }

    func logError(_ error: BrokerError, channel: UInt16? = nil) {
        log(
            error.code == .connectionForced ? .info : .error,
            (channel.map { "channel \($0) " } ?? "") + "closed with \(error.code.rawValue) \(error.replyText)"
                + (channel == nil && session.openedAt > 0 ? " (\(description))" : ""))
    }

    /// The stream ended in the middle of things.
    func logStreamEnded() {
        switch state {
        case .running: log(.warning, "the client ended the stream without closing the connection (\(description))")
        case .handshake(let handshake) where handshake.step == .header:
            log(.debug, "the client said nothing and left")
        case .handshake: log(.warning, "the client left while the connection was being opened")
        case .closing, .ended: log(.debug, "ended")
        }
    }

    func logReplyDropped() { log(.warning, "a reply is dropped: the client reads none of those before") }

    func logGivenUp(_ verdict: Liveness.Verdict) {
        switch (verdict, state) {
        case (.peerIsSilent, _):
            log(
                .warning, "dropped: nothing came for two heartbeat intervals of \(session.heartbeat) s (\(description))"
            )
        case (_, .handshake): log(.warning, "dropped: not opened within \(host.configuration.handshakeTimeout) ms")
        case (_, .closing): log(.warning, "dropped: the client did not answer connection.close")
        default: break
        }
    }
}

extension BrokerConnection.Session {
    /// What the client calls itself: product and version.
    var clientName: String? {
        guard let product = clientProperties["product"]?.text else { return nil }
        return clientProperties["version"]?.text.map { "\(product) \($0)" } ?? product
    }
}
