import AMQPWire

/// When a connection is heard, held back or given up.
extension BrokerConnection {
    /// Holds the client back or lets it go on, as the alarms and its publishing have it.
    func checkThrottle() {
        let wasHeldBack = throttle.isHeldBack
        let change = throttle.check(host.alarms)
        if session.can("connection.blocked") {
            switch change {
            case .blocked: send(ConnectionBlocked(reason: host.alarms.reason))
            case .unblocked: send(ConnectionUnblocked())
            case nil: break
            }
        }
        guard throttle.isHeldBack != wasHeldBack else { return }
        if throttle.isHeldBack { host.awaitAlarms(id) }
        setReading(!throttle.isHeldBack)
    }

    /// Has the stream read, or not. A client that isn't heard is not silent.
    func setReading(_ isReading: Bool) {
        host.setReading(isReading, of: id)
        liveness.isListening = isReading
        if isReading { liveness.received(at: host.now) }
        setTimer()
    }

    // MARK: Time

    func timerFired() {
        let verdict = liveness.check(at: host.now)
        switch verdict {
        case .nothing: break
        case .sendHeartbeat:
            output.heartbeat()
            liveness.sent(at: host.now)
            announceOutput()
        case .peerIsSilent, .deadlinePassed:
            logGivenUp(verdict)
            releaseAll()
            return end()
        }
        setTimer()
    }

    func setTimer() {
        if let next = liveness.timerToSet() { host.setTimer(next, for: id) }
    }
}
