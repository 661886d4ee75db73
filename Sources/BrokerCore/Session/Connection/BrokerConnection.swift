import AMQPWire
import DataStructures

/// A client's connection: frames in, frames out, and its channels.
final class BrokerConnection {
    let id: ConnectionID
    let peer: String
    let isLoopback: Bool
    unowned let host: any SessionHost
    let pool: BufferPool
    let load: Load

    var state = State.handshake(Handshake())
    var reader = FrameReader(frameMax: Frame.minimumMax, tolerance: UInt32(Frame.overhead))
    var output: Output
    /// Octets of contents that have not come whole, and of transactions.
    var heldOctets = 0
    /// What of all that is in the account, and what it takes up itself there.
    var (accounted, ownOctets) = (0, 0)
    /// Channels with a content that has begun in this turn.
    var publishing: [BrokerChannel] = []
    /// What is left of a method that does much, to be done before the next frame is handled.
    var rest = Ring<() -> Bool>()
    /// It is on its way to its end, and gives back what it holds.
    var isEnding = false
    /// How often it was found to fill memory with what it has begun and can't finish.
    var timesInTheWay = 0
    private var isWaitingForStore = false
    /// Channels with answers to send.
    private var answering: Set<UInt16> = []
    /// One of them, for a quick look; 0: none.
    private var lastAnswering: UInt16 = 0
    var throttle = Throttle()
    /// What its work has counted since the core last took it off the budget of the turn; see ``WorkLimits``.
    var unitsSpent = 0
    private(set) var isToBeClosed = false
    /// Its client has let a deadline pass: nothing more is sent to it, and nothing waited for.
    var isGivenUp = false
    /// Frames have come that wait for the connection's next turn.
    private(set) var isUnfinished = false
    private(set) var hasStreamEnded = false
    /// Why nothing is read from the client; empty: everything is.
    var silences: Set<Silence> = []

    var channels: [UInt16: BrokerChannel] = [:] { didSet { lastChannel = nil } }
    /// That of the last frame: mostly the next is for it too.
    private var lastChannel: BrokerChannel?
    /// False: a quirk may lie in what is done frame by frame.
    let takesWhole: Bool
    var exclusiveQueues = IdentityList<any Queue>()
    /// Set when the handshake has come to each of them.
    var session = Session()

    var liveness: Liveness
    /// The configuration's, kept here because the whole would be copied.
    let dialect: Dialect
    let maximumMessageSize: UInt64
    let transactionLimit: Int
    var acknowledgementClock: AcknowledgementClock
    /// The numbers of the timers that it has set for these two; 0: none.
    var (timer, settlingTimer): (UInt64, UInt64) = (0, 0)

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
        var mayImpersonate = false
        var virtualHost: (any SessionVirtualHost)?
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
            let announced = clientProperties["capabilities"]?.table?[capability]?.bool
            return announced == true || announced == false && quirk(.capabilityFalseCounts)
        }
    }

    init(id: ConnectionID, peer: String, isLoopback: Bool, host: any SessionHost) {
        self.id = id
        self.peer = peer
        self.isLoopback = isLoopback
        self.host = host
        pool = host.pool
        load = Load(partOf: pool.load)
        let configuration = host.configuration
        output = Output(of: id, in: pool, load)
        dialect = configuration.dialect
        takesWhole = !configuration.hasQuirks
        reader.frameMax = dialect.smallestFrameMax
        maximumMessageSize = configuration.maximumMessageSize ?? dialect.maximumMessageSize
        // Half of the memory at most: one that fills all of it could not be committed.
        transactionLimit = min(configuration.transactionLimit, (configuration.memoryHighWater ?? .max) / 2)
        acknowledgementClock = AcknowledgementClock(limit: configuration.consumerTimeout)
        liveness = Liveness(now: host.now, deadline: host.now + configuration.handshakeTimeout)
        setTimer()
        count(clientProperties: [:])
        logAccepted()
    }

    deinit { load.hold(-ownOctets) }

    /// As listings and reply texts name it.
    var name: String { peer }

    // MARK: Octets in

    /// Takes octets in any slicing. ``handleNextFrame()`` is to be called until it says that there is nothing more, then
    /// ``endTurn(isUnfinished:)``.
    func take(_ octets: RawSpan) {
        if case .ended = state { return }
        liveness.noteReceived(at: host.now)
        reader.borrow(&pool.input)
        reader.append(octets)
        limitReadingBeforeLogin()
    }

    /// Handles the next frame that has come whole. False: there is none.
    func handleNextFrame() -> Bool {
        if doNextSlice() { return true }
        if case .ended = state { return false }
        do throws(WireError) {
            guard !mustWait else { return false }
            if case .running = state, publishAgain() { return true }
            guard beginHandshake(), !isLoginBeingChecked, let frame = try reader.next() else { return false }
            handle(frame)
            return true
        } catch {
            handleBrokenFrame(error)
            return false
        }
    }

    func takeUnitsSpent() -> Int {
        defer { unitsSpent = 0 }
        return unitsSpent
    }

    /// All frames that had come are handled, or as many as one turn takes: then nothing more is read until the others are.
    func endTurn(isUnfinished: Bool) {
        flushAnswers()
        if throttle.isToBeChecked || host.alarms.isRaised && quirk(.alarmsHoldBackEverybody) { checkThrottle() }
        for channel in publishing { channel.detachContent() }
        publishing.removeAll(keepingCapacity: true)
        reader.giveBack(&pool.input, most: BufferPool.most)
        if isUnfinished != self.isUnfinished {
            self.isUnfinished = isUnfinished
            if isUnfinished { stopReading(.turns) } else { goOnReading(.turns) }
        }
        if !isUnfinished, !silences.isEmpty { reader.shrink() }
        account()
    }

    /// The stream has ended, and what came before is not dealt with yet.
    func noteStreamEnd() { hasStreamEnded = true }

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
            return liveness.noteHeartbeat(at: host.now)
        }
        if frame.channel != 0 { return try channel(for: frame).handle(frame) }
        guard frame.kind == .method else { throw Failure(BrokerError(.unexpectedFrame, "content on channel 0")) }
        let method = try Failure.decoding(frame.payload)
        switch method {
        case .connectionClose(let close):
            if close.replyCode != .replySuccess, quirk(.onlySuccessIsAnswered) { return end() }
            logClosedByClient()
            // Its exclusive queues are gone when it hears of it.
            releaseAll { [self] in
                send(ConnectionCloseOk())
                end()
            }
        case .connectionUpdateSecret: send(ConnectionUpdateSecretOk())
        default: throw .unexpected(method.id, state: "running")
        }
    }

    func knownChannel(_ number: UInt16) -> BrokerChannel? {
        if let lastChannel, lastChannel.number == number { return lastChannel }
        let channel = channels[number]
        if let channel { lastChannel = channel }
        return channel
    }

    private func channel(for frame: Frame) throws(Failure) -> BrokerChannel {
        if let channel = knownChannel(frame.channel) { return channel }
        guard let virtualHost = session.virtualHost else {
            throw Failure(.broken("a connection that is open has no virtual host"))
        }
        guard channels.count < Int(session.channelMax) + (quirk(.oneChannelTooMany) ? 1 : 0) else {
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
        guard method.id == ChannelOpen.id, frame.payload.count == 5 || !quirk(.channelOpenTakesNoText) else {
            throw Failure(BrokerError(.channelError, "expected 'channel.open'"), cause: method.id)
        }
        let channel = BrokerChannel(number: frame.channel, connection: self, virtualHost: virtualHost)
        channels[frame.channel] = channel
        return channel
    }

    // MARK: Octets out

    func send(_ method: some MethodFields, channel: UInt16 = 0) { output.method(method, channel: channel) }

    /// Hands over what is to be written.
    func takeOutput() -> FrameWriter {
        let taken = output.take()
        if !taken.isEmpty { liveness.noteSent(at: host.now) }
        return taken
    }

    /// True when the stream is to end behind what was handed over.
    var isLast: Bool { isToBeClosed && output.isEmpty }

    /// So many octets of output have not left yet. True: frames that waited for that may be handled now.
    func setUnsent(_ octets: Int) -> Bool {
        let mayGoOn = output.setBacklog(octets)
        if mayGoOn, !quirk(.slowReaderIsForgotten) { resumeConsumers() }
        guard !output.isOverfull, silences.contains(.output) else { return false }
        goOnReading(.output)
        return true
    }

    private func resumeConsumers() {
        for channel in channels.values.filter(\.hasWaiting).sorted(by: { $0.number < $1.number })
        where channel.channelPrefetch == 0 || !quirk(.raisedWindowResumesNobody) { channel.resumeConsumers() }
    }

    /// A channel has answers to send, now or when more is on disk.
    func noteAnswers(of channel: UInt16) {
        if channel == lastAnswering || lastAnswering > 0 && quirk(.secondChannelsConfirmsWait) { return }
        answering.insert(channel)
        lastAnswering = channel
    }

    func flushAnswers() {
        if answering.isEmpty { return }
        let stored = host.storedBatch
        lastAnswering = 0
        for number in answering.sorted() {
            guard let channel = channels[number] else {
                answering.remove(number)
                continue
            }
            channel.flushAnswers(stored: stored)
            if !channel.isWaiting(stored: stored) { answering.remove(number) }
        }
        guard !answering.isEmpty, !isWaitingForStore else { return }
        isWaitingForStore = true
        host.awaitStore(id)
    }

    /// More is on disk than before. Returns how many channels may have had answers to send.
    func sendStoredAnswers() -> Int {
        let count = answering.count
        isWaitingForStore = false
        flushAnswers()
        return count
    }

    func remove(_ channel: BrokerChannel) { channels[channel.number] = nil }

    /// Writes what there is and ends the stream.
    func end() {
        state = .ended
        isToBeClosed = true
        output.announce()
        guard !output.isEmpty else { return }
        // A client that does not take it is not waited for forever.
        liveness.deadline = min(liveness.deadline, host.now + host.configuration.closeTimeout)
        setTimer()
    }
}
