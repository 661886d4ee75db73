import AMQPWire

/// A client's connection: frames in, frames out, and its channels.
final class BrokerConnection {
    let id: ConnectionID
    let peer: String
    let isLoopback: Bool
    unowned let core: BrokerCore

    private(set) var state = State.handshake(Handshake())
    private var reader = FrameReader(frameMax: Frame.minimumMax, tolerance: UInt32(Frame.overhead))
    private var output = FrameWriter()
    private var isListed = false
    private var isWaitingForStore = false
    var throttle = Throttle()
    private var disposition = BrokerCore.Disposition.keepOpen

    private(set) var channels: [UInt16: BrokerChannel] = [:]
    var exclusiveQueues: [Queue] = []
    /// Set when the handshake has come to each of them.
    private(set) var session = Session()

    private var liveness: Liveness
    /// Octets of output that have not left yet, as the one who writes them says.
    var outputBacklog = 0 { didSet { if oldValue > outputBacklog || mayHavePaused { resumeConsumers() } } }
    /// The configuration's, kept here because it is looked at for every delivery and the whole would be copied.
    private let outputHighWater: Int
    /// The output last taken was so much that consumers may have paused on its account.
    private var mayHavePaused = false

    enum State {
        case handshake(Handshake)
        case running
        /// `connection.close` was sent; nothing counts any more but its answer.
        case closing
        /// Nothing is read any more.
        case ended
    }

    /// What was agreed on while the connection was opened.
    struct Session {
        var user = ""
        var virtualHost: VirtualHost?
        var clientProperties: FieldTable = [:]
        var channelMax: UInt16 = 0
        var frameMax = Frame.minimumMax
        var heartbeat: UInt16 = 0
        /// When `connection.open` was answered, in milliseconds since the Unix epoch.
        var openedAt: Int64 = 0

        /// True when the client announced this capability (RabbitMQ: "Capabilities").
        func can(_ capability: ShortString) -> Bool {
            clientProperties["capabilities"]?.table?[capability]?.bool == true
        }
    }

    init(id: ConnectionID, peer: String, isLoopback: Bool, core: BrokerCore) {
        self.id = id
        self.peer = peer
        self.isLoopback = isLoopback
        self.core = core
        outputHighWater = core.configuration.outputHighWater
        liveness = Liveness(now: core.now, deadline: core.now + core.configuration.handshakeTimeout)
        setTimer()
        logAccepted()
    }

    /// As listings and reply texts name it.
    var name: String { peer }

    // MARK: Octets in

    func receive(_ octets: RawSpan) {
        if case .ended = state { return }
        liveness.received(at: core.now)
        reader.append(octets)
        do throws(WireError) {
            if case .handshake(let handshake) = state, handshake.step == .header {
                guard let header = reader.take(ProtocolHeader.count) else { return }
                guard Handshake.isSpoken(header) else {
                    logRefused("this is not AMQP 0-9-1: \(LogEvent.quoted(String(decoding: header, as: UTF8.self)))")
                    output.protocolHeader()
                    return end()
                }
                start(handshake)
            }
            while let frame = try reader.next() {
                handle(frame)
                core.settleDeadLetters()
                if case .ended = state { break }
            }
        } catch {
            brokenFrame(error)
        }
        flushConfirms()
        if throttle.hasPublished { checkThrottle() }
    }

    /// After octets that are not a frame nothing that follows can be read.
    private func brokenFrame(_ error: WireError) {
        switch state {
        case .running:
            fail(BrokerError(error.code, error.reason), cause: .none)
            state = .ended
            endLater()
        case .handshake: refuse("not a frame: \(error.reason)")
        case .closing, .ended: end()
        }
    }

    private func handle(_ frame: Frame) {
        do throws(Failure) {
            switch state {
            case .handshake: try handleInHandshake(frame)
            case .running: try handleRunning(frame)
            case .closing: handleClosing(frame)
            case .ended: break
            }
        } catch {
            fail(error.error, cause: error.cause, channel: frame.channel)
        }
    }

    private func handleRunning(_ frame: Frame) throws(Failure) {
        if frame.kind == .heartbeat {
            guard frame.payload.isEmpty else { throw Failure(.malformed("a heartbeat with a payload")) }
            guard frame.channel == 0 else {
                throw Failure(BrokerError(.unexpectedFrame, "a heartbeat on channel \(frame.channel)"))
            }
            return
        }
        if frame.channel != 0 { return try channel(for: frame).handle(frame) }
        guard frame.kind == .method else { throw Failure(BrokerError(.unexpectedFrame, "content on channel 0")) }
        let method = try Failure.decoding(frame.payload)
        switch method {
        case .connectionClose:
            logClosedByClient()
            send(ConnectionCloseOk())
            releaseAll()
            end()
        case .connectionUpdateSecret: send(ConnectionUpdateSecretOk())
        default: throw .unexpected(method.id, state: "running")
        }
    }

    private func handleClosing(_ frame: Frame) {
        guard frame.channel == 0, frame.kind == .method, let method = try? Method(frame.payload) else { return }
        switch method {
        case .connectionClose: send(ConnectionCloseOk())
        case .connectionCloseOk: end()
        default: break
        }
    }

    private func channel(for frame: Frame) throws(Failure) -> BrokerChannel {
        if let channel = channels[frame.channel] { return channel }
        guard let virtualHost = session.virtualHost else {
            throw Failure(BrokerError(.internalError, "no virtual host"))
        }
        guard channels.count < Int(session.channelMax) else {
            throw Failure(
                BrokerError(
                    .notAllowed,
                    "number of channels opened (\(channels.count)) has reached the negotiated channel_max "
                        + "(\(session.channelMax))"))
        }
        guard frame.kind == .method else {
            throw Failure(
                BrokerError(.unexpectedFrame, "expected method frame, got non method frame instead"))
        }
        let method = try Failure.decoding(frame.payload)
        if method.id.classID == MethodID.connection {
            throw Failure(BrokerError(.commandInvalid, "unimplemented method"), cause: method.id)
        }
        guard method.id == ChannelOpen.id else {
            throw Failure(BrokerError(.channelError, "expected 'channel.open'"), cause: method.id)
        }
        let channel = BrokerChannel(number: frame.channel, connection: self, virtualHost: virtualHost)
        channels[frame.channel] = channel
        return channel
    }

    // MARK: Octets out

    func send(_ method: some MethodFields, channel: UInt16 = 0) {
        output.method(method, channel: channel)
        announceOutput()
    }

    /// A method with a message as its content.
    func send(_ method: some MethodFields, _ message: Message, channel: UInt16) {
        let message = PublishedHeaders.withoutBlindCopies(message)
        let content = message.content
        output.content(
            method, propertyOctets: content[..<message.propertiesCount], body: content[message.propertiesCount...],
            channel: channel, frameMax: session.frameMax)
        announceOutput()
    }

    private func announceOutput() {
        guard !isListed else { return }
        isListed = true
        core.hasOutput(id)
    }

    func takeOutput(_ write: (RawSpan, BrokerCore.Disposition) -> Void) {
        isListed = false
        if isCongested { mayHavePaused = true }
        if !output.isEmpty { liveness.sent(at: core.now) }
        output.withOctets { write($0, disposition) }
        output.removeAll()
    }

    /// True when so much output waits that consumers are handed nothing more for now.
    var isCongested: Bool { outputBacklog + output.count > outputHighWater }

    private func resumeConsumers() {
        guard !isCongested else { return }
        mayHavePaused = false
        for channel in channels.values { channel.resumeConsumers() }
    }

    private func flushConfirms() {
        let stored = core.storedBatch
        var isWaiting = false
        for channel in channels.values {
            channel.flushAnswers(stored: stored)
            if channel.isWaiting(stored: stored) { isWaiting = true }
        }
        guard isWaiting, !isWaitingForStore else { return }
        isWaitingForStore = true
        core.waitingForStore.append(id)
    }

    /// More is on disk than before.
    func storeHasMoved() {
        isWaitingForStore = false
        flushConfirms()
    }

    // MARK: The end

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
        state = .closing
        liveness.deadline = core.now + core.configuration.closeTimeout
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

    /// Writes what there is and ends the stream.
    func end() {
        state = .ended
        disposition = .close
        announceOutput()
    }

    /// Ends the stream after the delay that slows down who tries passwords.
    private func endLater() {
        liveness.deadline = core.now + core.configuration.refusalDelay
        if core.configuration.refusalDelay == 0 { end() } else { setTimer() }
    }

    /// Ends a connection that never got as far as being open, without a word.
    private func refuse(_ reason: @autoclosure () -> String) {
        logRefused(reason())
        state = .ended
        endLater()
    }

    func streamEnded() {
        logStreamEnded()
        state = .ended
        releaseAll()
    }

    /// Gives back everything that the connection held.
    private func releaseAll() {
        // All consumers first: what one channel gives back must not be handed to another that goes the same way.
        for channel in channels.values { channel.pauseConsumers() }
        for channel in channels.values.sorted(by: { $0.number < $1.number }) { channel.release() }
        channels = [:]
        let queues = exclusiveQueues
        exclusiveQueues = []
        for queue in queues { queue.virtualHost.delete(queue) }
        core.settleDeadLetters()
    }

    func remove(_ channel: BrokerChannel) { channels[channel.number] = nil }

    func closeTimedOutChannels() {
        for channel in channels.values { channel.closeIfTimedOut() }
    }

    // MARK: Time

    func timerFired() {
        let verdict = liveness.check(at: core.now)
        switch verdict {
        case .nothing: break
        case .sendHeartbeat:
            output.heartbeat()
            liveness.sent(at: core.now)
            announceOutput()
        case .peerIsSilent, .deadlinePassed:
            logGivenUp(verdict)
            releaseAll()
            return end()
        }
        setTimer()
    }

    /// Has the stream read, or not. A client that isn't heard is not silent.
    func setReading(_ isReading: Bool) {
        core.readingChanges.append((id, isReading))
        liveness.isListening = isReading
        if isReading { liveness.received(at: core.now) }
        setTimer()
    }

    private func setTimer() {
        if let next = liveness.timerToSet() { core.timers.set(next, for: .connection(id)) }
    }

    // MARK: Handshake

    private func start(_ handshake: Handshake) {
        send(handshake.greeting(core.configuration))
        advance(handshake, to: .startOk)
    }

    private func advance(_ handshake: Handshake, to step: Handshake.Step) {
        var handshake = handshake
        handshake.step = step
        state = .handshake(handshake)
    }

    private func handleInHandshake(_ frame: Frame) throws(Failure) {
        guard case .handshake(let handshake) = state else { return }
        if frame.kind == .heartbeat { return }
        if handshake.step == .open, frame.channel != 0 {
            throw Failure(
                BrokerError(.unexpectedFrame, "a frame on channel \(frame.channel) before the connection is open"))
        }
        guard frame.channel == 0, frame.kind == .method, let method = try? Method(frame.payload) else {
            return refuse("another frame came than the one expected while the connection was being opened")
        }
        switch (handshake.step, method) {
        case (.startOk, .connectionStartOk(let startOk)):
            session.clientProperties = startOk.clientProperties
            switch handshake.logIn(startOk, configuration: core.configuration, isLoopback: isLoopback) {
            case .user(let name):
                session.user = name
                send(handshake.offer(core.configuration))
                advance(handshake, to: .tuneOk)
            case .refused(let error, let reason):
                if session.can("authentication_failure_close") {
                    send(ConnectionClose(replyCode: error.code, replyText: error.replyText))
                }
                refuse("login failed: \(reason)")
            case .malformed:
                refuse("not an answer to mechanism \(LogEvent.quoted(startOk.mechanism.text)), or it is not offered")
            }
        case (.tuneOk, .connectionTuneOk(let tuneOk)):
            guard let agreed = handshake.agree(tuneOk, configuration: core.configuration) else {
                return refuse(
                    "channel-max \(tuneOk.channelMax) or frame-max \(tuneOk.frameMax) is not within what is offered")
            }
            session.channelMax = agreed.channelMax
            session.frameMax = agreed.frameMax
            session.heartbeat = agreed.heartbeat
            reader.frameMax = agreed.frameMax
            liveness.beginHeartbeats(seconds: agreed.heartbeat, now: core.now)
            setTimer()
            advance(handshake, to: .open)
        case (.open, .connectionOpen(let open)):
            guard let virtualHost = core.virtualHosts[open.virtualHost.text] else {
                throw Failure(BrokerError(.notAllowed, "vhost \(open.virtualHost) not found"), cause: method.id)
            }
            session.virtualHost = virtualHost
            session.openedAt = core.now
            state = .running
            liveness.deadline = .max
            send(ConnectionOpenOk())
            logOpened()
        case (.open, _): throw .unexpected(method.id, state: "opening")
        default: refuse("\(method.id) came while the connection was being opened")
        }
    }

    /// From `connection.open` on, errors are told; before, the stream just ends (AMQP 0-9-1, 2.2.4).
    private func failInHandshake(_ error: BrokerError, cause: MethodID) {
        logError(error)
        send(ConnectionClose(replyCode: error.code, replyText: error.replyText, cause: cause))
        state = .closing
        liveness.deadline = core.now + core.configuration.closeTimeout
        setTimer()
    }
}
