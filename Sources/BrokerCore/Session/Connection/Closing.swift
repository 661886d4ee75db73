import AMQPWire

/// How a connection ends, and what it gives back.
extension BrokerConnection {
    /// Answers an error with the close that it deserves.
    func fail(_ error: BrokerError, cause: MethodID, channel number: UInt16 = 0) {
        if error.scope == .channel, let channel = channels[number] { return channel.fail(error, cause: cause) }
        guard case .running = state else {
            if case .handshake = state { failInHandshake(error, cause: cause) }
            return
        }
        logError(error)
        flushConfirms()
        send(ConnectionClose(replyCode: error.code, replyText: error.replyText, cause: cause))
        releaseAll()
        beginClosing()
    }

    /// Waits for the answer to `connection.close`, as long as a client may take for it. A deadline that there is, for
    /// opening the connection, stays.
    func beginClosing() {
        state = .closing
        // Its answer is to be heard, whatever else waits.
        throttle = Throttle()
        for silence in [Silence.alarm, .output] { goOnReading(silence) }
        liveness.deadline = min(liveness.deadline, host.now + host.configuration.closeTimeout)
        setTimer()
    }

    /// Closes the connection because the broker stops. A client that has not got as far as opening it hears nothing.
    func shutDown() {
        switch state {
        case .running:
            fail(
                BrokerError(.connectionForced, "broker forced connection closure with reason 'shutdown'"), cause: .none)
        case .handshake, .ended: end()
        case .closing: break
        }
    }

    /// A queue of this connection's own is gone.
    func forget(_ queue: any Queue) { exclusiveQueues.remove(ObjectIdentifier(queue)) }

    /// Ends the stream after the delay that slows down who tries passwords.
    func endLater() {
        guard host.configuration.refusalDelay > 0 else { return end() }
        liveness.deadline = min(liveness.deadline, host.now + host.configuration.refusalDelay)
        setTimer()
    }

    /// Ends a connection that never got as far as being open, without a word.
    func refuse(_ reason: @autoclosure () -> String) {
        logRefused(reason())
        state = .ended
        endLater()
    }

    func streamEnded() {
        logStreamEnded()
        state = .ended
        releaseAll()
        discard()
    }

    /// Gives back everything that the connection held.
    func releaseAll() {
        // All consumers first: what one channel gives back must not be handed to another that goes the same way.
        for channel in channels.values { channel.pauseConsumers() }
        for channel in channels.values.sorted(by: { $0.number < $1.number }) { channel.release() }
        channels = [:]
        let queues = exclusiveQueues.all
        exclusiveQueues = IdentityList()
        for queue in queues { session.virtualHost?.delete(queue) }
    }

    /// The stream is no more: nothing that was for the client, or came from it, is held any longer.
    func discard() {
        output.discard()
        reader = FrameReader()
        heldOctets = 0
        account()
    }
}
