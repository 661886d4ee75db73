import AMQPWire
import DataStructures

/// The end of a channel, as its consumers hear of it: all at once, however many they are.
final class ChannelEnding { var hasBegun = false }

/// A consumer: a channel's standing wish for a queue's messages (`basic.consume`).
final class Consumer: DeliveryTarget {
    let tag: ShortString
    let queue: any Queue
    unowned let channel: BrokerChannel
    let noAck: Bool
    let isExclusive: Bool
    let priority: Int64
    let arguments: FieldTable
    let start: StreamStart
    private let filter: StreamFilter?
    var place: UInt64 = 0
    /// How many deliveries may be unacknowledged; 0: no limit. Fixed at the start, as RabbitMQ has it.
    let prefetchCount: Int
    /// The same where the queue sets a limit of its own.
    private let window: Int
    /// Its deliveries stay in the queue, so the channel need not keep them.
    private let readsWithoutTaking: Bool
    /// Those of quorum queues don't come into the channel's own window: they are refused where there is one, and one that
    /// comes later does not hold for them, as in RabbitMQ.
    let sharesWindow: Bool
    private(set) var unacknowledged = 0
    /// What it holds, where its queue wants that back after a time.
    var out = DeliveriesByTime()
    private let isTimed: Bool
    /// By its own arguments, in milliseconds.
    private let ownTimeout: Int64?
    /// How many it has been handed, for the listings.
    private(set) var deliveredCount = 0
    private var wasCancelled = false
    private let ending: ChannelEnding
    var isCancelled: Bool { wasCancelled || ending.hasBegun }
    var isInRotation = false
    /// True while it waits in its channel's line.
    var isWaiting = false
    private let held: Holding

    /// A consumer as a client asks for it. Throws 406 for a place in a stream that is none.
    init(
        _ consume: BasicConsume, tag: ShortString, queue: any Queue, channel: BrokerChannel, priority: Int64
    ) throws(BrokerError) {
        let (arguments, noAck, prefetchCount) = (consume.arguments, consume.noAck, channel.consumerPrefetch)
        start =
            queue.kind == .stream
            ? try StreamStart(arguments, label: queue.label, now: channel.host.now) : StreamStart.next
        self.tag = tag
        self.queue = queue
        self.channel = channel
        ending = channel.ending
        self.noAck = noAck
        isExclusive = consume.exclusive && !(noAck && quirk(.exclusiveWithoutAcksIsShared))
        self.priority = priority
        self.arguments = arguments
        held = Holding(
            Load.ofConsumer + tag.count + arguments.footprint + (priority == 0 ? 0 : Load.ofConsumerPriority),
            in: channel.load)
        readsWithoutTaking = queue.kind.isReadWithoutTaking
        filter = queue.kind == .stream ? StreamFilter(arguments, in: channel.connection.dialect) : nil
        self.prefetchCount = prefetchCount
        sharesWindow = queue.kind != .quorum || quirk(quorum: .laterLimitHolds)
        isTimed = queue.kind == .quorum && !noAck && channel.connection.dialect.queuesTimeOut
        ownTimeout = quirk(.consumersSayNoTimeout) ? nil : arguments["x-consumer-timeout"]?.integer
        let isUnlimited = prefetchCount == 0 && queue.kind == .quorum
        let isCapped =
            prefetchCount > QuorumQueue.mostUnacknowledged && queue.kind == .quorum
            && quirk(quorum: .limitsEndAtTheMost)
        window = isUnlimited || isCapped ? QuorumQueue.mostUnacknowledged : prefetchCount
    }

    /// A consumer without acknowledgements fills no window, and waits beside a full one, as in RabbitMQ.
    var hasRoom: Bool {
        if isCancelled || !hasRoomOfItsOwn { return false }
        // Each look at what is unowned costs two counts; this is asked for each delivery.
        let channel = channel
        if readsWithoutTaking, unacknowledged >= Self.mostWhenFull, channel.connection.pool.isFull { return false }
        return (channel.hasRoom || !sharesWindow) && !channel.connection.output.isCongested
    }

    /// So many deliveries a consumer of a stream may hold while memory is full. It is handed the next when it settles one.
    private static let mostWhenFull = 256

    /// True when its own limit lets it take another delivery.
    var hasRoomOfItsOwn: Bool {
        var limit = window
        if quirk(.qosChangesConsumersThatRun), !isCancelled { limit = channel.consumerPrefetch }
        if limit > 1, unacknowledged == limit, quirk(.windowLetsOneMore) { return true }
        return noAck || limit == 0 || unacknowledged < limit
    }

    /// A cancelled one may still be met in its queue's rotation when its channel is no more.
    func awaitRoom() { if !isCancelled { channel.lineUp(self) } }

    func wants(_ message: Message) -> Bool {
        guard let filter else { return true }
        // What was checked when it came in can be read.
        return filter.wants(
            message.traits.hasHeaders ? (try? channel.content(of: message).properties().headers) ?? [:] : [:])
    }

    /// Sends a message to the client.
    func deliver(_ queued: QueuedMessage) {
        // Looked up once: see ``hasRoom``.
        let channel = channel
        let tag = channel.nextDeliveryTag()
        deliveredCount += 1
        if channel.virtualHost.isTraced { channel.trace(queued, deliveredFrom: queue) }
        if queued.redelivered { channel.tally.counters.redelivered += 1 }
        if noAck {
            channel.tally.counters.deliveredToConsumersWithoutAck += 1
        } else {
            channel.tally.counters.deliveredToConsumers += 1
            unacknowledged += 1
            channel.append(
                Unacknowledged(
                    tag: tag, message: readsWithoutTaking ? nil : queued, queue: queue, consumer: self,
                    deliveredAt: channel.host.now))
            if isTimed { channel.expectSettling(of: tag, by: self) }
        }
        channel.send(
            BasicDeliver(
                consumerTag: self.tag, deliveryTag: tag, redelivered: queued.redelivered,
                exchange: queued.message.exchange, routingKey: queued.message.routingKey),
            queued, from: queue)
    }

    /// How long it may hold a delivery, in milliseconds; nil: as long as it likes.
    func timeout(_ limit: Int64) -> Int64? { queue.timeout(limit, ofConsumer: ownTimeout) }

    /// A delivery to it is settled, or goes back.
    func release() { unacknowledged -= 1 }

    func cancel() {
        let leavesLine = isWaiting && !isCancelled
        wasCancelled = true
        if leavesLine { channel.noteCancelled() }
    }

    /// A client that can be told is told (RabbitMQ: "Consumer Cancellation Notification").
    func endWithQueue() {
        if unacknowledged > 0, quirk(.holdersAreNotTold) { return channel.forget(self) }
        if quirk(.onlyOneConsumerIsNotified), channel.consumers.count > 1 { return channel.forget(self) }
        if !quirk(.tagOfAVanishedConsumerStaysTaken) { channel.forget(self) }
        if channel.connection.session.can("consumer_cancel_notify") {
            channel.send(BasicCancel(consumerTag: tag, noWait: true))
        }
    }
}

/// How messages leave a channel.
extension BrokerChannel {
    /// True when the channel's own limit lets it take another delivery.
    var hasRoom: Bool { channelPrefetch == 0 || consumersUnacknowledged < channelPrefetch }

    func nextDeliveryTag() -> UInt64 {
        lastDeliveryTag = lastDeliveryTag == 255 && quirk(.deliveryTagsAreOctets) ? 1 : lastDeliveryTag + 1
        return lastDeliveryTag
    }

    /// A delivery to one of its consumers waits for its acknowledgement.
    fileprivate func append(_ delivery: consuming Unacknowledged) {
        if delivery.consumer?.sharesWindow == true { consumersUnacknowledged += 1 }
        unacknowledged.append(delivery)
    }

    /// The octets of a message. Mostly it has them itself, and nobody is to be asked.
    func content(of message: Message) -> MessageContent {
        if let octets = message.resident { return MessageContent(octets, of: message) }
        return virtualHost.content(of: message)
    }

    /// Sends a method with a queue's message as its content.
    func send(_ method: some MethodFields, _ queued: QueuedMessage, from queue: any Queue) {
        switch queue.kind {
        case .classic: send(method, queued.message)
        case .quorum: sendCounted(method, queued)
        case .stream: sendPlaced(method, queued)
        }
    }

    /// Sends a method with a message as its content.
    func send(_ method: some MethodFields, _ message: Message) {
        let connection = connection
        do throws(BrokerError) {
            try connection.output.content(
                method, content(of: message), of: message, channel: number, frameMax: connection.session.frameMax)
        } catch { connection.fail(error, cause: method.id) }
    }
}

/// Consumers in the order of their tags, into which they are put little by little: a client may have a hundred thousand.
struct ConsumersByTag {
    private var table = DividedDictionary<ShortString, Consumer>()
    private var unsorted: [Consumer] = []
    private var sorted = Heap<Entry>()

    private struct Entry: HeapElement {
        let consumer: Consumer

        func comes(before other: Entry) -> Bool { consumer.tag < other.consumer.tag }
    }

    init(_ consumers: [Consumer]) { unsorted = consumers }

    init(_ consumers: DividedDictionary<ShortString, Consumer>) { table = consumers }

    var isEmpty: Bool { table.isEmpty && unsorted.isEmpty && sorted.isEmpty }

    /// The next one; nil: there are no more, or `left` units do not reach. What it takes is taken off them.
    mutating func next(_ left: inout Int) -> Consumer? {
        while left > 0, let consumer = popUnsorted() {
            sorted.insert(Entry(consumer: consumer))
            left -= 1
        }
        return left > 0 ? sorted.popFirst()?.consumer : nil
    }

    private mutating func popUnsorted() -> Consumer? {
        if unsorted.isEmpty { unsorted = table.popSome() }
        return unsorted.popLast()
    }
}

/// The consumers of a channel that ends.
struct LeavingConsumers {
    private var consumers: ConsumersByTag

    init(_ consumers: DividedDictionary<ShortString, Consumer>) { self.consumers = ConsumersByTag(consumers) }

    var areGone: Bool { consumers.isEmpty }

    /// Some leave their queues, of so many units or a little more. Returns of how many, without what the host has counted: a
    /// queue may hand out what they leave, or go with its last consumer.
    mutating func go(_ most: Int, by host: any SessionHost) -> Int {
        let before = host.budget
        var left = most
        while before - host.budget < left, let consumer = consumers.next(&left) {
            consumer.queue.remove(consumer)
            if consumer.queue.declaration.autoDelete, !consumer.queue.isDeleted, quirk(.endsTakeQueuesAlong) {
                _ = consumer.channel.virtualHost.delete(consumer.queue) {}(.max)
            }
            left -= 4
        }
        return most - left
    }
}
