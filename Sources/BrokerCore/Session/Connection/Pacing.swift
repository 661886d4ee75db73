import AMQPWire

/// When a connection is heard, held back or given up.
extension BrokerConnection {
    /// Holds the client back or lets it go on, as the alarms and its publishing have it.
    func checkThrottle() {
        let wasHeldBack = throttle.isHeldBack
        let change = throttle.check(host.alarms)
        if session.can("connection.blocked") || change != nil && quirk(.everybodyIsToldOfAlarms) {
            switch change {
            case .blocked: send(ConnectionBlocked(reason: host.alarms.reason))
            case .unblocked: send(ConnectionUnblocked())
            case nil: break
            }
        }
        guard throttle.isHeldBack != wasHeldBack else { return }
        if throttle.isHeldBack { host.awaitAlarms(id) }
        if throttle.isHeldBack { stopReading(.alarm) } else { goOnReading(.alarm) }
    }

    /// Why nothing is read from a client for a while.
    enum Silence { case alarm, login, output, turns }

    /// Has nothing read from the stream. A client that isn't heard is not silent.
    func stopReading(_ silence: Silence) {
        if silences.isEmpty { setReading(false) }
        silences.insert(silence)
    }

    func goOnReading(_ silence: Silence) {
        guard silences.remove(silence) != nil, silences.isEmpty else { return }
        liveness.noteReceived(at: host.now)
        setReading(true)
    }

    private func setReading(_ isReading: Bool) {
        host.setReading(isReading, of: id)
        liveness.isListening = isReading
        setTimer()
    }

    // MARK: Time

    func handleTimer() {
        lookForTimeouts()
        let verdict = liveness.check(at: host.now)
        switch verdict {
        case .nothing: break
        case .sendHeartbeat:
            if case .closing = state, quirk(.closingIsSilent) {} else { output.heartbeat() }
            liveness.noteSent(at: host.now)
            if quirk(.secondHeartbeatIsNotSent) { return }
        case .peerIsSilent, .deadlinePassed:
            // A refused client's delay is over; it has some time to take what it was told.
            if case .ended = state, !isToBeClosed {
                liveness.deadline = .max
                return end()
            }
            logGivenUp(verdict)
            releaseAll()
            isGivenUp = true
            output.discard()
            return end()
        }
        setTimer()
    }

    func setTimer() {
        if let next = liveness.takeTimer() { timer = host.setTimer(next, for: id, replacing: timer) }
    }

    /// Nothing is waited for any more. What a client has agreed on may be due in nine hours.
    func cancelTimers() {
        host.cancelTimer(timer)
        host.cancelTimer(settlingTimer)
    }
}

extension BrokerConnection {
    /// Once a minute: where channels look after what is out, one that has waited for too long is closed.
    func closeTimedOutChannels() {
        if isEnding || dialect.queuesTimeOut { return }
        for channel in channels.values { channel.closeIfTimedOut(acknowledgementClock.limit) }
    }

    /// A delivery is to be settled by then.
    func expectSettling(by due: Int64) {
        guard let time = acknowledgementClock.expect(due) else { return }
        settlingTimer = host.setTimer(time, for: id, replacing: settlingTimer)
    }

    /// Where queues look after what is out, they do so when it is due.
    func lookForTimeouts() {
        guard acknowledgementClock.takeLook(at: host.now), !isEnding else { return }
        for channel in channels.values.sorted(by: { $0.number < $1.number }) { channel.takeBackOverdue() }
    }
}
