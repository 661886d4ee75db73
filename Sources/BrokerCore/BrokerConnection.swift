import AMQPWire

/// A client's connection: frames in, frames out, and its channels.
final class BrokerConnection {
    let id: ConnectionID
    let peer: String
    let isLoopback: Bool
    unowned let core: BrokerCore

    var state = State.handshake(Handshake())
    var reader = FrameReader(frameMax: Frame.minimumMax, tolerance: UInt32(Frame.overhead))
    var output = FrameWriter()
    private var isListed = false
    private var isWaitingForStore = false
    var throttle = Throttle()
    var disposition = BrokerCore.Disposition.keepOpen

    var channels: [UInt16: BrokerChannel] = [:]
    var exclusiveQueues: [Queue] = []
    /// Set when the handshake has come to each of them.
    var session = Session()

    var liveness: Liveness
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
        /// nil: there is nothing that the user may not do.
        var rights: AccessRights?
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
        reader.borrow(&core.room.input)
        reader.append(octets)
        receiveBuffered()
        reader.giveBack(&core.room.input, most: Room.most)
    }

    /// Handles the frames that have come whole.
    func receiveBuffered() {
        do throws(WireError) {
            guard beginHandshake() else { return }
            while !isLoginBeingChecked, let frame = try reader.next() {
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
        borrowRoom()
        output.method(method, channel: channel)
        announceOutput()
    }

    private func borrowRoom() {
        if !isListed, output.capacity == 0 { output = core.room.takeOutput() }
    }

    /// A method with a message as its content.
    func send(_ method: some MethodFields, _ message: Message, channel: UInt16) {
        borrowRoom()
        let message = PublishedHeaders.withoutBlindCopies(message)
        let content = message.content
        output.content(
            method, propertyOctets: content[..<message.propertiesCount], body: content[message.propertiesCount...],
            channel: channel, frameMax: session.frameMax)
        announceOutput()
    }

    func announceOutput() {
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
        core.room.giveBack(output)
        output = FrameWriter()
    }

    /// True when so much output waits that consumers are handed nothing more for now.
    var isCongested: Bool { outputBacklog + output.count > outputHighWater }

    private func resumeConsumers() {
        guard !isCongested else { return }
        mayHavePaused = false
        for channel in channels.values { channel.resumeConsumers() }
    }

    func flushConfirms() {
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

    func setTimer() {
        if let next = liveness.timerToSet() { core.timers.set(next, for: .connection(id)) }
    }
}
