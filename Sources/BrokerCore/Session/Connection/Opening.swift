import AMQPWire

/// Carries out what ``Handshake`` decides.
extension BrokerConnection {
    /// Takes the protocol header, once it is there. False: nothing more is to be read.
    func beginHandshake() -> Bool {
        guard case .handshake(var handshake) = state, handshake.step == .header else { return true }
        guard let header = reader.take(ProtocolHeader.count) else { return false }
        guard let start = handshake.begin(header, host.configuration) else {
            logRefused("this is not AMQP 0-9-1: \(LogEvent.quoted(String(decoding: header, as: UTF8.self)))")
            output.protocolHeader(dialect.refusingHeader)
            end()
            return false
        }
        if reader.buffered > 0, quirk(.whatFollowsTheHeaderIsLost) { _ = reader.take(reader.buffered) }
        state = .handshake(handshake)
        send(start)
        return true
    }

    func handleInHandshake(_ frame: Frame) throws(Failure) {
        guard case .handshake(var handshake) = state else { return }
        let outcome = try handshake.receive(frame, host.configuration, isLoopback: isLoopback)
        try carryOut(outcome, of: handshake)
    }

    /// True while a password is being checked: then nothing is read.
    var isLoginBeingChecked: Bool {
        if case .handshake(let handshake) = state, case .loginCheck = handshake.step { true } else { false }
    }

    /// While its password is checked a client is read from, for nobody else would notice that it has left; but not for
    /// ever. What it has sent by then waits.
    func limitReadingBeforeLogin() {
        if isLoginBeingChecked, reader.buffered > min(Self.mostBeforeLogin, pool.mostInRead) { stopReading(.login) }
    }

    private static let mostBeforeLogin = 1 << 16

    /// Goes on with a connection whose password was checked. A client that sends without waiting has sent more by now.
    func finishLogin(isRight: Bool) {
        guard isLoginBeingChecked, case .handshake(var handshake) = state else { return }
        goOnReading(.login)
        let outcome = handshake.finishLogin(isRight: isRight, host.configuration, isLoopback: isLoopback)
        do throws(Failure) {
            try carryOut(outcome, of: handshake)
        } catch {
            fail(error.error, cause: error.cause)
        }
    }

    private func carryOut(_ outcome: Handshake.Outcome, of handshake: Handshake) throws(Failure) {
        state = .handshake(handshake)
        count(clientProperties: handshake.clientProperties)
        switch outcome {
        case .ignore: break
        case .send(let tune):
            session.user = handshake.user
            session.clientProperties = handshake.clientProperties
            send(tune)
        case .check(let check):
            host.check(LoginCheck(connection: id, name: handshake.nameToCheck, check: check))
        case .agreed(let limits):
            session.channelMax = limits.channelMax
            session.frameMax = limits.frameMax
            session.heartbeat = limits.heartbeat
            if limits.heartbeat == 0, quirk(.noHeartbeatMeansTheOffered) {
                session.heartbeat = host.configuration.heartbeat
            }
            reader.frameMax = limits.frameMax
            liveness.beginHeartbeats(seconds: session.heartbeat, now: host.now)
            setTimer()
        case .open(let open): try self.open(open)
        case .refuse(let reason, let error):
            session.clientProperties = handshake.clientProperties
            if let error,
                session.can("authentication_failure_close") || quirk(.closeIsToldWithoutTheCapability)
            {
                send(ConnectionClose(replyCode: error.code, replyText: error.replyText))
            }
            refuse(reason)
        }
    }

    private func open(_ open: ConnectionOpen) throws(Failure) {
        let isDefault = open.virtualHost.isEmpty && quirk(.emptyVirtualHostIsTheDefault)
        guard let virtualHost = host.virtualHost(isDefault ? "/" : open.virtualHost.text) else {
            throw Failure(BrokerError(.notAllowed, "vhost \(open.virtualHost) not found"), cause: ConnectionOpen.id)
        }
        let user = host.configuration.users.first { $0.name == session.user }
        session.mayImpersonate = user?.mayImpersonate == true
        if let user, user.permissions != nil {
            guard
                let permissions = user.permissions(in: virtualHost.name)
                    ?? (quirk(.userWithoutRightsMayOpen) ? .all : nil)
            else {
                // 530 where the specification's constant is 403, as RabbitMQ 3.10.8 has it.
                throw Failure(
                    BrokerError(
                        .notAllowed, "access to vhost '\(virtualHost.name)' refused for user '\(user.name)'"),
                    cause: ConnectionOpen.id)
            }
            do throws(BrokerError) {
                session.rights = try AccessRights(
                    user: user.name, virtualHost: virtualHost.name, permissions, in: load)
            } catch { throw Failure(error, cause: ConnectionOpen.id) }
        }
        session.virtualHost = virtualHost
        session.openedAt = host.now
        state = .running
        host.tally.counters.connectionsOpened += 1
        host.noteOpened(id)
        if !quirk(.handshakeDeadlineStays) { liveness.deadline = .max }
        send(ConnectionOpenOk())
        logOpened()
    }

    /// From `connection.open` on, errors are told; before, the stream just ends (AMQP 0-9-1, 2.2.4).
    func failInHandshake(_ error: BrokerError, cause: MethodID) {
        logError(error)
        send(ConnectionClose(replyCode: error.code, replyText: error.replyText, cause: cause))
        beginClosing()
    }
}
