import AMQPWire
import DataStructures

/// What is to be written to a connection's client, and how much of it waits.
///
/// Small messages are copied into one run of octets. Of a large one only a part is, at a time: the message is held until
/// its client has taken the part before, and many connections that are sent the same one hold it together. Properties that
/// are written anew for each delivery are its own, however large.
///
/// Not copyable, because a question that is asked for each delivery took a copy of all that is here, unseen.
struct Output: ~Copyable {
    private let connection: ConnectionID
    private let pool: BufferPool
    /// Its connection's, and what of it is there.
    private let load: Load
    private var accounted = 0
    private var writer = FrameWriter()
    /// Behind what ``writer`` has, in order.
    private var later = Ring<Piece>()
    /// Behind those.
    private var last = FrameWriter()
    /// Octets of both.
    private var laterCount = 0
    private var isAnnounced = false
    /// Octets that were handed over and have not left yet, as the one who writes them says.
    private(set) var backlog = 0
    /// What was last handed over was so much that something may wait for it to leave.
    private(set) var awaitsDrain = false
    /// A consumer waits for room. It was congested then, and need not be any more when it is handed over: a mark may have moved.
    private var holdsBack = false

    private enum Piece {
        case frames(FrameWriter)
        case content(LargeContent)
    }

    /// A body of more octets is sent in parts, each about as large.
    var part: Int { pool.part }

    init(of connection: ConnectionID, in pool: BufferPool, _ load: Load) {
        self.connection = connection
        self.pool = pool
        self.load = load
    }

    /// Octets that its client has not taken yet.
    @inline(__always) var unread: Int { backlog + writer.count + laterCount }
    /// True when so much waits that consumers are handed nothing more for now.
    @inline(__always) var isCongested: Bool { unread > pool.highWater }
    /// True when so much waits that its client is to take some before anything else is done for it.
    var isOverfull: Bool { unread > pool.mostUnread }
    /// True when all has been handed over.
    var isEmpty: Bool { writer.isEmpty && laterCount == 0 }
    /// Octets that the output holds itself, messages that others hold too left out.
    private var ownLaterCount = 0

    /// Brings the account up to date, at once: one message may be copied to thousands.
    private mutating func account() {
        let octets = backlog + writer.count + ownLaterCount
        if octets == accounted { return }
        load.hold(octets - accounted)
        accounted = octets
    }

    mutating func protocolHeader(_ header: [UInt8]) { writer.raw(header) }

    mutating func heartbeat() {
        // Between two parts of a message there is room for it, unless they are parts of one frame. That is no silence either.
        if case .content(let content) = later.first, content.isCutInAFrame { return }
        writer.heartbeat()
        announce()
    }

    mutating func method(_ method: some MethodFields, channel: UInt16) {
        write { $0.method(method, channel: channel) }
        announce()
    }

    /// A method with a message as its content.
    mutating func content(
        _ method: some MethodFields, _ content: MessageContent, of message: Message, channel: UInt16,
        frameMax: UInt32
    ) throws(BrokerError) {
        let part = part
        let isHeaderLarge = content.propertiesCount > BufferPool.leastShare && content.octets.count > part
        if message.traits.hasBlindCopies, content.body.count <= part || !quirk(.bccStaysInLargeMessages),
            !(method is BasicReturn) || !quirk(.bccStaysInReturns)
        {
            let most = content.body.count > frameMax && quirk(.changedContentsHaveLargeFrames) ? 131_072 : frameMax
            self.content(
                method, try content.sentProperties(), bodyOf: content, of: message, channel: channel, frameMax: most)
        } else if content.body.count > part || isHeaderLarge {
            write {
                $0.method(method, channel: channel)
                if isHeaderLarge { return }
                $0.header(
                    propertyOctets: content.propertyOctets, bodySize: content.body.count, channel: channel)
            }
            hold(
                LargeContent(content, of: message, withHeader: isHeaderLarge, channel: channel, frameMax: frameMax))
        } else {
            // A header is one frame, however large: it can't be cut.
            let isLeftOut = content.propertyOctets.count > frameMax && quirk(.largeHeadersAreLeftOut)
            if let deliver = method as? BasicDeliver, !isLeftOut {
                write {
                    $0.delivery(
                        deliver, propertyOctets: content.propertyOctets, body: content.body, channel: channel,
                        frameMax: frameMax)
                }
                return announce()
            }
            write {
                $0.content(
                    method, propertyOctets: isLeftOut ? [0, 0] : content.propertyOctets, body: content.body,
                    channel: channel, frameMax: frameMax)
            }
        }
        announce()
    }

    /// The same with other properties than the message has.
    mutating func content(
        _ method: some MethodFields, _ properties: BasicProperties, bodyOf content: MessageContent, of message: Message,
        channel: UInt16, frameMax: UInt32
    ) {
        var octets = ByteWriter()
        properties.write(to: &octets)
        if content.body.count <= part {
            return self.content(
                method, properties: octets.octets, body: content.body, channel: channel, frameMax: frameMax)
        }
        write {
            $0.method(method, channel: channel)
            $0.header(propertyOctets: octets.octets[...], bodySize: content.body.count, channel: channel)
        }
        hold(LargeContent(content, of: message, channel: channel, frameMax: frameMax))
        announce()
    }

    /// The same with the octets of other properties; the body is not large.
    mutating func content(
        _ method: some MethodFields, properties: [UInt8], body: ArraySlice<UInt8>, channel: UInt16, frameMax: UInt32
    ) {
        write {
            $0.content(method, propertyOctets: properties[...], body: body, channel: channel, frameMax: frameMax)
        }
        announce()
    }

    /// There is something to be written, or the connection is to be closed.
    mutating func announce() {
        account()
        guard !isAnnounced else { return }
        isAnnounced = true
        pool.announce(connection)
    }

    // MARK: Pieces

    @inline(__always)
    private mutating func write(_ body: (inout FrameWriter) -> Void) {
        guard laterCount == 0 || quirk(.smallFramesOvertakeALargeBody) else { return writeLater(body) }
        if !isAnnounced, writer.capacity == 0 { writer = pool.takeOutput() }
        body(&writer)
    }

    private mutating func writeLater(_ body: (inout FrameWriter) -> Void) {
        let before = last.count
        body(&last)
        laterCount += last.count - before
        ownLaterCount += last.count - before
    }

    private mutating func hold(_ content: LargeContent) {
        if !last.isEmpty {
            later.append(.frames(last))
            last = FrameWriter()
        }
        laterCount += content.count
        ownLaterCount += content.ownCount
        if content.isLent { pool.load.lend(content.message) }
        later.append(.content(content))
    }

    private mutating func letGo(_ content: LargeContent) {
        ownLaterCount -= content.ownCount
        if content.isLent { pool.load.giveBack(content.message) }
    }

    /// Moves on to ``writer`` what is its turn, a part at a time.
    private mutating func refill() {
        let part = part
        while writer.count < part, laterCount > 0 {
            switch later.first {
            case .frames(let frames):
                _ = later.popFirst()
                moveOn(frames)
            case .content(var content):
                laterCount -= content.write(part, to: &writer)
                if content.count > 0 {
                    later[0] = .content(content)
                } else {
                    _ = later.popFirst()
                    letGo(content)
                }
            case nil:
                moveOn(last)
                last = FrameWriter()
            }
        }
    }

    private mutating func moveOn(_ frames: FrameWriter) {
        laterCount -= frames.count
        ownLaterCount -= frames.count
        if writer.isEmpty { writer = frames } else { writer.raw(frames.octets) }
    }

    // MARK: Handing over

    /// A consumer was handed nothing because so much waits.
    mutating func holdBack() { holdsBack = true }

    /// Hands over what is to be written, as far as it goes now.
    mutating func take() -> FrameWriter {
        isAnnounced = false
        if backlog == 0, laterCount > 0 { refill() }
        // Until it is said that all has left: what is handed over next may be little.
        if isCongested || laterCount > 0 || holdsBack { awaitsDrain = true }
        holdsBack = false
        let taken = writer
        writer = FrameWriter()
        account()
        pool.handOver(taken.count)
        return taken
    }

    /// So many octets have not left yet. True: what waited for that may go on.
    mutating func setBacklog(_ octets: Int) -> Bool {
        let before = backlog
        backlog = octets
        account()
        if octets == 0, laterCount > 0, !quirk(.restOfALargeBodyIsForgotten) { announce() }
        guard before > octets || awaitsDrain, !isCongested else { return false }
        awaitsDrain = false
        return true
    }

    /// Nothing of it will be sent any more.
    mutating func discard() {
        for case .content(let content) in later { letGo(content) }
        (later, laterCount, ownLaterCount, backlog) = (Ring(), 0, 0, 0)
        (writer, last) = (FrameWriter(), FrameWriter())
        account()
    }
}
