import AMQPTransport
import AMQPWire

// How a connection opens up, is held up, and ends.

extension ConnectionState {
    mutating func opened(_ effects: inout Effects) {
        phase = .open
        reader.frameMax = limits.frameMax
        reader.headerMax = max(limits.frameMax, Self.headerMax)
        effects.answer(opener, .done)
        opener = nil
    }

    mutating func setBlocked(_ reason: String?, _ effects: inout Effects) {
        blockedReason = reason
        if let reason {
            effects.events.append(.blocked(reason))
        } else {
            effects.events.append(.unblocked)
            effects.events.append(.publishingResumed)
        }
    }

    mutating func secretUpdated(_ effects: inout Effects) throws(ProtocolViolation) {
        guard let waiter = secretWaiters.popFirst() else { throw .unexpected(ConnectionUpdateSecretOk.id) }
        abandoned.remove(waiter)
        effects.answer(waiter, .done)
    }

    // MARK: Leaving

    /// The caller no longer waits. Costs the same however many others do.
    mutating func abandon(
        _ id: WaiterID, at place: WaiterID.Place, channel: ChannelID?, _ effects: inout Effects
    ) {
        let channel = channel.flatMap { hasChannel($0) ? $0 : nil }
        switch place {
        case .call: if let channel { channels[channel.number]?.abandon(id) }
        case .confirm, .laterConfirm:
            guard let channel else { return }
            channels[channel.number]?.confirms?.abandon(id, isAwaited: place == .confirm)
            closeIfLeft(channel.number, &effects)
        case .connection: if opener != id { abandoned.insert(id) }
        case .end:
            closers.remove(id)
            onlookers.remove(id)
        case .gate, .sentAnyway: break
        }
    }

    mutating func closeChannel(_ id: ChannelID, _ waiter: WaiterID?, _ effects: inout Effects) {
        guard phase == .open, let channel = channels[id.number], channel.id == id, channel.phase == .open else {
            return effects.answer(waiter, .done)
        }
        let reason = AMQPError(
            .closedByClient, scope: .channel, text: "The channel was closed by this client", method: ChannelClose.id)
        channels[id.number]?.close(waiter: waiter, reason: reason, &effects)
    }

    /// Nobody holds the channel any more. Publishes for whose answer no call waits are answered before it is closed: behind a
    /// `channel.close` no broker owes an answer. (RabbitMQ 3.10.8 and 4.3.6, seen: of 200 publishes that a close follows at
    /// once it confirms none, and of 200 to a classic queue that is full it refuses some 30.)
    mutating func leaveChannel(_ id: ChannelID, _ effects: inout Effects) {
        guard hasChannel(id) else { return }
        channels[id.number]?.isLeft = true
        closeIfLeft(id.number, &effects)
    }

    mutating func closeIfLeft(_ number: UInt16, _ effects: inout Effects) {
        // This stands behind each method that comes, so no channel is copied for it.
        guard channels[number]?.isLeft == true, (channels[number]?.confirms?.due ?? 0) == 0,
            let id = channels[number]?.id
        else { return }
        closeChannel(id, nil, &effects)
    }

    // MARK: The end

    /// The broker closes: its code and text are what everybody gets to hear.
    mutating func closedByBroker(_ close: ConnectionClose, _ effects: inout Effects) {
        effects.output.method(ConnectionCloseOk(), channel: 0)
        let refused = phase == .awaitingTune && close.replyCode == .accessRefused
        let reason = AMQPError(
            refused ? .loginRefused : .closedByBroker, scope: .connection, code: close.replyCode,
            text: close.replyText.text, method: close.cause)
        // Crossing closes (rule connection.close/stability): answered, and ours is still to be answered. What was sent
        // behind the cause of the broker's close, the broker has thrown away.
        if phase == .closing {
            interruption = interruption ?? reason
            return
        }
        end(reason, &effects)
        finish(&effects)
    }

    /// The peer broke the protocol. Before the connection is open there is nobody to tell (2.2.4); later it is told
    /// with the proper code.
    mutating func violated(_ violation: ProtocolViolation, _ effects: inout Effects) {
        let reason = AMQPError(
            .protocolViolation, scope: .connection, code: violation.code, text: violation.reason,
            method: violation.method)
        guard phase == .open else {
            end(reason, &effects)
            return finish(&effects)
        }
        sendClose(violation.code, violation.reason, cause: violation.method, because: reason, &effects)
    }

    mutating func streamEnded(_ end: StreamEnd, _ effects: inout Effects) {
        let how =
            switch end {
            case .finished: "The broker ended the connection without saying why"
            case .reset(let reason): "The connection broke: \(reason)"
            case .closedHere: "The connection was dropped"
            }
        lost(how, &effects)
    }

    /// Nothing will come any more, and nothing can be sent.
    mutating func lost(_ how: String, _ effects: inout Effects) {
        guard phase != .closed else { return }
        var reason = AMQPError(.connectionLost, scope: .connection, text: how)
        if phase == .awaitingTune {
            // What brokers do that do not know authentication_failure_close.
            reason.nextStep = "It happened during the login: check user and password."
        }
        if phase == .closing { interruptClose(how) }
        end(reason, &effects)
        finish(&effects)
    }

    /// The close is not answered, and nobody waits for that any more.
    mutating func giveUp(_ effects: inout Effects) {
        guard phase != .closed else { return }
        interruptClose("The broker took too long")
        finish(&effects)
    }

    private mutating func interruptClose(_ how: String) {
        guard interruption == nil else { return }
        interruption = AMQPError(
            .connectionLost, scope: .connection, text: "\(how), before it had answered the close",
            method: ConnectionClose.id)
        interruption?.nextStep = AMQPError.openPublishes
    }

    mutating func sendClose(
        _ code: ReplyCode, _ text: String, cause: MethodID? = nil, because reason: AMQPError, _ effects: inout Effects
    ) {
        effects.output.method(
            ConnectionClose(replyCode: code, replyText: ShortString(truncating: text), cause: cause ?? .none),
            channel: 0)
        phase = .closing
        end(reason, &effects)
    }

    /// No more calls: everything that waits is told why, except those that wait for the very end.
    mutating func end(_ reason: AMQPError, _ effects: inout Effects) {
        guard closeReason == nil else { return }
        closeReason = reason
        effects.fail(opener, reason)
        opener = nil
        endedWithOpenPublishes = channels.numbers.contains { channels[$0]?.hasOpenPublishes == true }
        for number in channels.numbers { channels[number]?.fail(reason, &effects) }
        channels.removeAll()
        for entry in opening.values { effects.fail(entry.waiter, reason) }
        opening = [:]
        while let waiter = secretWaiters.popFirst() { effects.fail(waiter, reason) }
        abandoned = []
        effects.events.append(.ended(reason))
    }

    /// The very end: the stream may go.
    mutating func finish(_ effects: inout Effects) {
        phase = .closed
        for waiter in onlookers { effects.answer(waiter, .done) }
        for waiter in closers { answerCloser(waiter, &effects) }
        closers = []
        onlookers = []
        effects.events.append(.hangUp)
    }

    /// Once all is over: whether the broker has answered the close of this side, or what came instead.
    func answerCloser(_ waiter: WaiterID?, _ effects: inout Effects) {
        let failure = interruption ?? (closeReason?.kind == .closedByClient ? nil : closeReason)
        if let failure { effects.fail(waiter, failure) } else { effects.answer(waiter, .done) }
    }

    /// Waits for the very end.
    mutating func awaitEnd(_ waiter: WaiterID, _ effects: inout Effects) {
        if phase == .closed { effects.answer(waiter, .done) } else { onlookers.insert(waiter) }
    }
}

extension AMQPError {
    /// What to do after a close that was not answered.
    static let openPublishes =
        "The last publishes may not have arrived: send them again, or publish with confirms to know."

    /// For who comes too late to hear the reason.
    static let channelGone = AMQPError(
        .closedByBroker, scope: .channel, text: "The channel was closed before it could be used",
        nextStep: "Open a new one.")

    static let closedByClient = AMQPError(
        .closedByClient, scope: .connection, text: "The connection was closed by this client",
        method: ConnectionClose.id)
}
