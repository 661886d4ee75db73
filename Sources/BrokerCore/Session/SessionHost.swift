import AMQPWire

// What sessions need of the broker around them, as protocols: connections and channels know no core.

/// The broker, as a connection sees it.
protocol SessionHost: AnyObject {
    /// The time of the current step, in milliseconds since the Unix epoch.
    var now: Int64 { get }
    /// To be asked when a connection is opened, not for every message: it is large.
    var configuration: BrokerConfiguration { get }
    var alarms: Alarms { get }
    var pool: BufferPool { get }
    var tally: Tally { get }
    /// What may still be done in this turn, in units; below 0, it was more already.
    var budget: Int { get }
    /// Everything up to this batch of the store is on disk; without a store, everything.
    var storedBatch: UInt64 { get }

    func virtualHost(_ name: String) -> (any SessionVirtualHost)?
    /// 128 random bits in 22 letters, digits, hyphens and underscores.
    func randomName() -> String
    func log(_ level: LogEvent.Level, _ text: @autoclosure () -> String)

    /// Has the connection's ``BrokerConnection/handleTimer()`` called at this time, and not for the timer that this one replaces
    /// (0: none). Returns the timer's number.
    func setTimer(_ time: Int64, for connection: ConnectionID, replacing timer: UInt64) -> UInt64
    func cancelTimer(_ timer: UInt64)
    /// From now on everything is to be read from the connection's client, or nothing.
    func setReading(_ isReading: Bool, of connection: ConnectionID)
    /// Has a password checked.
    func check(_ login: LoginCheck)
    /// The connection's handshake is over.
    func noteOpened(_ connection: ConnectionID)
    /// The connection wants to know when more is on disk.
    func awaitStore(_ connection: ConnectionID)
    /// The connection has work left that is to be done in its turns, also when nothing comes from its client.
    func awaitTurn(_ connection: ConnectionID)
    /// Does long work in slices, the first at once, with others' turns between them. `slice` returns whether there is more.
    func doInSlices(_ slice: @escaping () -> Bool)
    /// The connection is held back, and wants to know when the alarms change.
    func awaitAlarms(_ connection: ConnectionID)
}

/// A virtual host, as a channel sees it.
protocol SessionVirtualHost: AnyObject {
    var name: String { get }
    /// What is published and delivered is to be copied to ``Tracing/exchange``.
    var isTraced: Bool { get }
    /// Changes whenever a route may lead elsewhere, so that a channel can remember the last one.
    var topologyVersion: UInt64 { get }

    /// Exchanges or queues are not there any more, and the log has not heard of it yet.
    var isLosingRows: Bool { get }
    /// One of them had this name: until the log knows, none is declared under it.
    func isLosing(exchange name: ShortString) -> Bool
    func isLosing(queue name: ShortString) -> Bool
    /// Goes on with telling it, by so many units. Returns of how many that was.
    func loseRows(_ most: Int) -> Int

    /// The type of a queue that does not say its own, `quorum`; nil: it is as anywhere.
    var defaultQueueType: String? { get }
    func exchange(_ name: ShortString) -> Exchange<any Queue>?
    func queue(_ name: ShortString) -> (any Queue)?

    /// Where a message goes: as much of its pass as a slice takes. `keys` are its routing key and those of its CC and BCC
    /// headers.
    func route(
        _ message: Message, from exchange: Exchange<any Queue>, keys: [ShortString]
    ) throws(BrokerError) -> RoutingPass<any Queue>
    /// The next slice of a pass.
    func goOn(_ pass: inout RoutingPass<any Queue>) throws(BrokerError)
    /// Has a message written that has got a place in a queue which is kept. Returns the batch of the store that it is in.
    func write(_ message: Message) -> UInt64
    /// The octets of a message, wherever they are; see ``BrokerChannel/content(of:)``.
    func content(of message: Message) -> MessageContent
    /// Publishes a copy for those who trace, when the current method is done.
    func trace(_ copy: Message)
    /// Keeps a step on a message's way for who comes to look.
    func note(_ step: TracedStep)

    /// Throws 503 for a type that isn't there.
    func declareExchange(_ name: ShortString, _ declaration: ExchangeDeclaration) throws(BrokerError)
    /// The exchange is not there any more; its bindings are removed by the work that is returned, then `then` is done.
    func delete(_ exchange: Exchange<any Queue>, then: @escaping () -> Void) -> LongWork
    func declareQueue(
        _ name: ShortString, _ declaration: QueueDeclaration, _ arguments: QueueArguments
    ) -> any Queue
    /// The queue is not there any more; its bindings are removed by the work that is returned, then `then` is done, and then
    /// its consumers are told.
    func delete(_ queue: any Queue, then: @escaping () -> Void) -> LongWork
    /// Binding twice is binding once.
    func bind(_ source: Exchange<any Queue>, to end: BindingEnd, key: ShortString, arguments: FieldTable)
    func isBound(_ source: Exchange<any Queue>, to end: BindingEnd, key: ShortString, arguments: FieldTable) -> Bool
    /// Unbinding what is not bound changes nothing. `then` is done when the auto-delete exchanges are gone that go with it.
    func unbind(
        _ source: Exchange<any Queue>, from end: BindingEnd, key: ShortString, arguments: FieldTable,
        then: @escaping () -> Void
    ) -> LongWork

    func replyTarget(_ name: ShortString) -> (any ReplyTarget)?
    func add(_ target: any ReplyTarget)
    func remove(_ target: any ReplyTarget)
}

/// Something that takes the replies to one requester (RabbitMQ: "Direct Reply-to").
protocol ReplyTarget: AnyObject {
    /// The routing key of its replies.
    var name: ShortString { get }

    func deliver(_ reply: Message)
}

/// Work that may be long. Does some of it, of so many units or a little more, and returns of how many: of fewer when that
/// was all.
typealias LongWork = (_ most: Int) -> Int

/// Where a binding is to lead.
enum BindingEnd {
    case queue(any Queue)
    case exchange(Exchange<any Queue>)

    /// nil: it is an exchange.
    var queueKind: QueueKind? { if case .queue(let queue) = self { queue.kind } else { nil } }
}
