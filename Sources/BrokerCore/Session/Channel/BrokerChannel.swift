import AMQPWire
import DataStructures

/// A channel: it puts published messages together, carries out methods, and keeps account of what it has handed out.
///
/// This file has what all methods share; the others in this folder have the methods.
final class BrokerChannel {
    let number: UInt16
    unowned let connection: BrokerConnection
    let virtualHost: any SessionVirtualHost
    unowned let host: any SessionHost
    let tally: Tally
    /// Its connection's.
    let load: Load
    /// What of it is in the account.
    private var accounted = 0

    private var state = State.opening
    private(set) var isReleased = false
    /// What an empty queue name stands for.
    var lastDeclaredQueue: ShortString?

    // Publishing
    var content = ContentReader<PublishFields, IncomingContent>()
    /// Octets of it that have come, and that are in the account.
    private var (contentCount, contentOctets) = (0, 0)
    var routes = RememberedRoutes() { didSet { account() } }
    /// For the listings: how many messages came, and the exchange that was last looked up for one.
    var publishedCount = 0
    var lastExchange: ShortString?
    var confirms: Confirms? { didSet { account() } }
    var transaction: Transaction?
    /// Commits to be answered, by the batch of the store that must be on disk first.
    var commits = Ring<UInt64>()

    // Consuming
    var consumers = DividedDictionary<ShortString, Consumer>()
    let ending = ChannelEnding()
    var replyConsumer: ReplyConsumer?
    var unacknowledged = UnacknowledgedDeliveries() { didSet { account() } }
    var timeouts = ChannelTimeouts<Consumer>()
    var lastDeliveryTag: UInt64 = 0
    /// The prefetch limit of consumers to come.
    var consumerPrefetch = 0
    /// The prefetch limit of all consumers of the channel together; 0: none.
    var channelPrefetch = 0
    /// Deliveries to consumers that count against it.
    var consumersUnacknowledged = 0
    /// Consumers that could take more if the channel and its connection had room: the one that has waited longest comes first, so
    /// that all get their share of it.
    var waiting = Ring<Consumer>()
    /// Those that need only room of the connection.
    var waitingForConnection = Ring<Consumer>()
    /// So many of both were cancelled since they were last looked through.
    var cancelledCount = 0
    /// The next slice of putting them back is due.
    var isResuming = false
    /// Consumers of streams are told that memory isn't full any more.
    var readingOn = SinglePass()

    enum State {
        case opening, open
        /// `channel.close` was sent; nothing counts any more but its answer.
        case closing
    }

    init(number: UInt16, connection: BrokerConnection, virtualHost: any SessionVirtualHost) {
        self.number = number
        self.connection = connection
        host = connection.host
        tally = host.tally
        load = connection.load
        self.virtualHost = virtualHost
        account()
    }

    deinit { load.hold(-accounted) }

    /// Brings the account up to date with what grows. Consumers count themselves, and so do contents and transactions.
    private func account() {
        let octets =
            Load.ofChannel + unacknowledged.footprint + routes.footprint + (confirms?.footprint ?? 0)
        if octets == accounted { return }
        load.hold(octets - accounted)
        accounted = octets
    }

    func send(_ method: some MethodFields) { connection.send(method, channel: number) }

    /// What the client may do; nil: everything.
    var rights: AccessRights? { connection.session.rights }

    // MARK: Frames in

    func handle(_ frame: Frame) throws(Failure) {
        if state == .closing { return handleClosing(frame) }
        switch frame.kind {
        case .method:
            if content.isUnderWay { throw Failure(.interrupted(due: content.due), in: connection.dialect) }
            if let publish = PublishFields(frame.payload) {
                connection.noteContent(of: self)
                return content.begin(publish)
            }
            let method = try Failure.decoding(frame.payload)
            connection.unitsSpent += WorkLimits.unitsOfReading(frame.payload.count)
            if connection.dialect.isBrokenBy(method.id) { throw Failure(BrokerError(.internalError, "")) }
            let topology = virtualHost.topologyVersion
            do throws(BrokerError) { try handle(method) } catch { throw Failure(error, cause: method.id) }
            note(method, since: topology)
        case .header:
            let whole: (PublishFields, IncomingContent)?
            do throws(ContentError) {
                whole = try content.header(
                    frame.payload, limit: connection.maximumMessageSize, excess: .skipped)
            } catch {
                throw Failure(error, in: connection.dialect, headerCount: frame.payload.count)
            }
            if let whole { try publishWhole(whole.0, whole.1) } else { keep(frame.payload.count) }
        case .body:
            if connection.isOvertaken { return }
            let whole: (PublishFields, IncomingContent)?
            do throws(ContentError) { whole = try content.body(frame.payload) } catch {
                throw Failure(error, in: connection.dialect)
            }
            if let whole { try publishWhole(whole.0, whole.1) } else { keep(frame.payload.count) }
        case .heartbeat: break
        }
    }

    /// A publish may come now.
    var takesPublishes: Bool { state == .open && !isReleased && !content.isUnderWay }

    /// Lets go of what has come as far as a content that has not come whole is left in it.
    func detachContent() { content.changeMethod { $0.detach() } }

    /// A part of a content has come, and is held until the rest has.
    private func keep(_ octets: Int) {
        if content.isSkipping { return }
        contentCount += octets
        let held = max(contentCount, IncomingContent.room(for: content.announcedOctets))
        connection.heldOctets += held - contentOctets
        contentOctets = held
        connection.throttle.hasPublished = true
    }

    private func forgetContent() {
        connection.heldOctets -= contentOctets
        (contentCount, contentOctets) = (0, 0)
    }

    private func publishWhole(_ publish: PublishFields, _ content: IncomingContent) throws(Failure) {
        if contentOctets > 0 { forgetContent() }
        do throws(BrokerError) {
            if content.octets.count > 16 << 20, quirk(.sixteenMebibytesAreTheMost) { throw .malformed("too large") }
            try self.publish(publish, content)
        } catch {
            throw Failure(error, cause: BasicPublish.id)
        }
    }

    private func handleClosing(_ frame: Frame) {
        if frame.kind == .body, quirk(.contentBehindAnErrorIsFatal) {
            return connection.fail(BrokerError(.unexpectedFrame, "content on a closing channel"), cause: .none)
        }
        guard frame.kind == .method, let method = try? Method(frame.payload) else { return }
        switch method {
        case .channelClose: if !quirk(.crossingChannelCloseIsNotAnswered) { send(ChannelCloseOk()) }
        case .channelCloseOk:
            if confirms != nil, quirk(.channelsAreUsedAgain) { return state = .opening }
            connection.remove(self)
        case .channelOpen:
            connection.fail(BrokerError(.channelError, "second 'channel.open' seen"), cause: ChannelOpen.id)
        default: break
        }
    }

    /// What a method counts that changes what is declared, or settles a delivery, beside the one for its frame.
    private static func units(of method: Method) -> Int {
        switch method {
        case .exchangeDeclare, .exchangeDelete, .exchangeBind, .exchangeUnbind: 20
        case .queueDeclare, .queueDelete, .queueBind, .queueUnbind, .basicConsume, .basicCancel: 20
        case .basicAck, .basicNack, .basicReject: 4
        default: 0
        }
    }

    /// Notes whether a method has made something that stays in memory.
    private func note(_ method: Method, since topology: UInt64) {
        switch method {
        case .exchangeDeclare, .exchangeBind, .queueDeclare, .queueBind:
            if virtualHost.topologyVersion != topology { connection.noteDeclaration() }
        case .channelOpen, .basicConsume: connection.noteOpening()
        default: break
        }
    }

    func handle(_ method: Method) throws(BrokerError) {
        if virtualHost.isLosingRows, waitsForRows(method) { return }
        connection.unitsSpent += Self.units(of: method)
        switch method {
        case .channelOpen:
            guard state == .opening else { throw BrokerError(.channelError, "second 'channel.open' seen") }
            state = .open
            tally.counters.channelsOpened += 1
            send(ChannelOpenOk())
        case .channelClose:
            flushAnswers(stored: host.storedBatch)
            release { [self] in
                send(ChannelCloseOk())
                connection.remove(self)
            }
        case .channelFlow(let flow):
            guard flow.active else { throw BrokerError(.notImplemented, "active=false") }
            send(ChannelFlowOk(active: true))
        case .accessRequest: send(AccessRequestOk())
        case .exchangeDeclare(let declare): try exchangeDeclare(declare)
        case .exchangeDelete(let delete): try exchangeDelete(delete)
        case .exchangeBind(let bind): try exchangeBind(bind)
        case .exchangeUnbind(let unbind): try exchangeUnbind(unbind)
        case .queueDeclare(let declare): try queueDeclare(declare)
        case .queueBind(let bind): try queueBind(bind)
        case .queueUnbind(let unbind): try queueUnbind(unbind)
        case .queuePurge(let purge): try queuePurge(purge)
        case .queueDelete(let delete): try queueDelete(delete)
        case .basicQos(let qos): try basicQos(qos)
        case .basicConsume(let consume): try basicConsume(consume)
        case .basicCancel(let cancel): basicCancel(cancel)
        case .basicGet(let get): try basicGet(get)
        case .basicAck(let ack): try settle(ack.deliveryTag, multiple: ack.multiple, .acknowledge)
        case .basicReject(let reject):
            try settle(
                reject.deliveryTag, multiple: false,
                reject.requeue ? .requeue(.rejected) : .discard(isFailure: true))
        case .basicNack(let nack):
            try settle(
                nack.deliveryTag, multiple: nack.multiple,
                nack.requeue ? .requeue(.released) : .discard(isFailure: false))
        case .basicRecover(let recover):
            try basicRecover(requeue: recover.requeue) { [self] in send(BasicRecoverOk()) }
        case .basicRecoverAsync(let recover): try basicRecover(requeue: recover.requeue) {}
        case .confirmSelect(let select):
            if transaction != nil {
                throw BrokerError(.preconditionFailed, "cannot switch from tx to confirm mode")
            }
            if confirms == nil { confirms = Confirms() }
            if !select.noWait { send(ConfirmSelectOk()) }
        case .txSelect: try txSelect()
        case .txCommit: try txCommit()
        case .txRollback: try txRollback()
        default:
            // What only a broker sends, or class connection on a channel.
            throw BrokerError(.commandInvalid, "unimplemented method")
        }
    }

    // MARK: The end

    /// Closes the channel for an error of its client's.
    func fail(_ error: BrokerError, cause: MethodID) {
        guard state != .closing else { return }
        connection.logError(error, channel: number)
        flushAnswers(stored: host.storedBatch)
        if let transaction, quirk(.errorsCommit) {
            for publish in transaction.publishes {
                _ = enqueue(publish.message, [], in: publish.queues.filter { !$0.isDeleted }, mandatory: false)
            }
        }
        state = .closing
        release { [self] in
            if error.replyText.count == 255, quirk(.longReasonsAreNotSent) { return }
            send(ChannelClose(replyCode: error.code, replyText: error.replyText, cause: cause))
        }
    }

    /// Nothing more is handed to its consumers.
    func pauseConsumers() { ending.hasBegun = true }

    /// Gives back everything that the channel held, in slices: its consumers end, what they had goes back to its queues.
    /// `then` is done behind that.
    func release(then: @escaping () -> Void = {}) {
        if !isReleased { tally.counters.channelsClosed += 1 }
        isReleased = true
        // A connection that ends has paused those of all its channels at once.
        if !connection.isEnding { pauseConsumers() }
        if state != .closing || replyConsumer == nil || !quirk(.failedChannelKeepsItsReplies) { endReplyConsumer() }
        content = ContentReader()
        forgetContent()
        var rolling: RollingBack?
        connection.doInSlices { [self] most in
            if transaction != nil, rolling == nil, !quirk(.closingLosesUncommittedAcks) { rolling = endTransaction() }
            return rolling?.goOn(most, among: &unacknowledged) ?? 0
        }
        var leaving: LeavingConsumers?
        connection.doInSlices { [self] in
            guard requeueSlice(through: .max, because: .abandoned) || quirk(.closingReturnsAThousand) else {
                return true
            }
            var left = leaving ?? LeavingConsumers(consumers)
            leaving = nil
            consumers = DividedDictionary()
            (waiting, waitingForConnection, consumersUnacknowledged) = (Ring(), Ring(), 0)
            connection.unitsSpent += left.go(connection.pool.work.slice, by: host)
            leaving = left
            if !left.areGone, !quirk(.closingChannelKeepsConsumers) { return true }
            then()
            return false
        }
    }

    /// Takes back what the current transaction has done, and ends it.
    private func endTransaction() -> RollingBack? {
        defer { transaction = nil }
        connection.heldOctets -= transaction?.octets ?? 0
        return transaction.map(RollingBack.init)
    }
}
