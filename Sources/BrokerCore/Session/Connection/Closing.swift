import AMQPWire

/// How a connection ends, and what it gives back.
extension BrokerConnection {
    /// Answers an error with the close that it deserves. After that of the connection, `then` is done.
    func fail(
        _ error: BrokerError, cause: MethodID, channel number: UInt16 = 0, then: @escaping () -> Void = {}
    ) {
        if isEnding { return }
        if error.scope == .channel, let channel = channels[number] { return channel.fail(error, cause: cause) }
        guard case .running = state else {
            if case .handshake = state { failInHandshake(error, cause: cause) }
            return
        }
        logError(error)
        flushAnswers()
        releaseAll { [self] in
            send(ConnectionClose(replyCode: error.code, replyText: error.replyText, cause: cause))
            beginClosing()
            then()
        }
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

    /// For a quirk: a close that is there already is carried out before what came right before it, which is lost.
    var isOvertaken: Bool {
        guard reader.buffered > 0, quirk(.closesComeFirst) else { return false }
        var ahead = reader
        guard let frame = try? ahead.next(), let method = try? Method(frame.payload) else { return false }
        return method.id == ChannelClose.id || method.id == ConnectionClose.id
    }

    /// After octets that are not a frame nothing that follows can be read.
    func handleBrokenFrame(_ error: WireError) {
        switch state {
        case .running:
            fail(BrokerError(error.code, error.reason), cause: .none) { [self] in
                state = .ended
                endLater()
            }
        case .handshake: refuse("not a frame: \(error.reason)")
        case .closing, .ended: end()
        }
    }

    func handleClosing(_ frame: Frame) {
        // What can't be read any more is passed over like everything else but the answer.
        guard frame.channel == 0, frame.kind == .method, let method = try? Method(frame.payload) else { return }
        switch method {
        case .connectionClose: if !quirk(.crossingCloseIsNotAnswered) { send(ConnectionCloseOk()) }
        case .connectionCloseOk: end()
        default: break
        }
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
    func forget(_ queue: any Queue) {
        if isEnding || !quirk(.deletedQueueStaysItsOwners) { exclusiveQueues.remove(ObjectIdentifier(queue)) }
    }

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

    func handleStreamEnd() {
        logStreamEnded()
        state = .ended
        releaseAll()
        doInSlices { [self] in
            discard()
            return false
        }
        // It has no turns any more.
        if !rest.isEmpty, !quirk(.lostConnectionStopsItsWork) {
            host.doInSlices { [self] in doNextSlice() && !rest.isEmpty }
        }
    }

    /// Gives back everything that the connection held, in slices. `then` is done behind that unless the stream has ended
    /// by then.
    func releaseAll(then: @escaping () -> Void = {}) {
        if !isEnding, session.openedAt > 0 { host.tally.counters.connectionsClosed += 1 }
        isEnding = true
        // All consumers first: what one channel gives back must not be handed to another that goes the same way.
        for channel in channels.values { channel.pauseConsumers() }
        for channel in channels.values.sorted(by: { $0.number < $1.number }) { channel.release() }
        doInSlices { [self] in
            channels = [:]
            return false
        }
        doInSlices(deletionOfExclusiveQueues())
        doInSlices { [self] in
            if case .running = state { then() }
            return false
        }
    }

    private func deletionOfExclusiveQueues() -> LongWork {
        var removal: LongWork?
        return { [self] most in
            // Messages that go with a queue are counted by the host.
            let before = host.budget
            var units = 0
            while units + before - host.budget < most {
                if let work = removal {
                    let some = most - units
                    let done = work(some)
                    units += done
                    if done < some { removal = nil }
                    continue
                }
                guard let queue = exclusiveQueues.first else { break }
                if case .ended = state, quirk(.abortedConnectionKeepsItsQueues) { break }
                units += WorkLimits.unitsOfDeletion
                forget(queue)
                removal = session.virtualHost?.delete(queue) {}
                if !exclusiveQueues.isEmpty, quirk(.onlyTheFirstExclusiveQueueGoes) { exclusiveQueues = IdentityList() }
            }
            units += before - host.budget
            return units >= most && quirk(.exclusiveQueuesGoInOneSlice) ? 0 : units
        }
    }

    /// The stream is no more: nothing that was for the client, or came from it, is held any longer.
    func discard() {
        cancelTimers()
        output.discard()
        reader = FrameReader()
        heldOctets = 0
        account()
    }
}
