import AMQPWire

/// What is to be written to a connection's client, and how much of it waits.
struct Output {
    private let connection: ConnectionID
    private let room: Room
    private let highWater: Int
    private var writer = FrameWriter()
    private var isAnnounced = false
    /// Octets that were handed over and have not left yet, as the one who writes them says.
    private(set) var backlog = 0
    /// What was last handed over was so much that consumers may have paused on its account.
    private var mayHavePaused = false

    /// Above `highWater` octets consumers pause.
    init(of connection: ConnectionID, in room: Room, highWater: Int) {
        self.connection = connection
        self.room = room
        self.highWater = highWater
    }

    /// True when so much waits that consumers are handed nothing more for now.
    var isCongested: Bool { backlog + writer.count > highWater }

    mutating func protocolHeader() { writer.protocolHeader() }

    mutating func heartbeat() {
        writer.heartbeat()
        announce()
    }

    mutating func method(_ method: some MethodFields, channel: UInt16) {
        borrowRoom()
        writer.method(method, channel: channel)
        announce()
    }

    /// A method with a message as its content; `hidesBlindCopies` says that the message has such a header.
    mutating func content(
        _ method: some MethodFields, _ content: MessageContent, hidesBlindCopies: Bool, channel: UInt16,
        frameMax: UInt32
    ) throws(BrokerError) {
        borrowRoom()
        if hidesBlindCopies {
            let properties = try content.sentProperties()
            writer.content(method, properties, body: Array(content.body), channel: channel, frameMax: frameMax)
        } else {
            writer.content(
                method, propertyOctets: content.propertyOctets, body: content.body, channel: channel,
                frameMax: frameMax)
        }
        announce()
    }

    private mutating func borrowRoom() {
        if !isAnnounced, writer.capacity == 0 { writer = room.takeOutput() }
    }

    /// There is something to be written, or the connection is to be closed.
    mutating func announce() {
        guard !isAnnounced else { return }
        isAnnounced = true
        room.announce(connection)
    }

    /// Hands over what is to be written.
    mutating func take() -> FrameWriter {
        isAnnounced = false
        if isCongested { mayHavePaused = true }
        defer { writer = FrameWriter() }
        return writer
    }

    /// So many octets have not left yet. True: consumers may go on.
    mutating func setBacklog(_ octets: Int) -> Bool {
        let before = backlog
        backlog = octets
        guard before > octets || mayHavePaused, !isCongested else { return false }
        mayHavePaused = false
        return true
    }
}
