import AMQPWire
import Interceptor

/// Something that passed a watched connection.
enum WatchedEvent: Sendable {
    case header([UInt8])
    /// Every frame, before what it is a part of; `size` is all of it, in octets.
    case frame(Frame.Kind, channel: UInt16, size: Int)
    /// With its content, once all of that has passed.
    case method(Method, Content?, channel: UInt16)
    case heartbeat
    /// A frame that makes no sense where it stands, or does not parse.
    case stray(Frame)
    /// Octets that are no frame, or only the beginning of one.
    case octets([UInt8])
    case ended(ConversationEnd)
}

/// A channel of a watched connection.
struct WatchedChannel: Sendable {
    struct Consumer: Sendable {
        var queue: ShortString
        var noAck: Bool
    }

    /// The client has sent channel.close, and not yet been answered.
    var isClosing = false
    /// The broker has sent channel.close, and not yet been answered.
    var owesCloseOk = false
    /// Deliveries that the client has neither acknowledged nor refused.
    var unsettled: Set<UInt64> = []
    /// The highest delivery tag so far.
    var highestTag: UInt64 = 0
    var consumers: [ShortString: Consumer] = [:]
    /// Methods whose replies have not come yet, in the order in which they were sent.
    var pending: [Method] = []
    var hasDeclaredQueue = false
    var isTransactional = false
    var confirms = false
    var published = 0
    /// A window for consumers that are started from now on was set.
    var hasPrefetch = false
    /// channel.flow from the broker that wait for their answer.
    var owedFlowOks = 0
    /// The broker has asked for no more content, and the client has said that it stops.
    var isPaused = false
    /// basic.cancel from the broker that ask for an answer.
    var owedCancelOks = 0
}

/// What is known of a watched connection from what has passed so far: a value, to which events are told.
struct WatchedSession: Sendable {
    var hasHeader = false
    var start: ConnectionStart?
    var startOk: ConnectionStartOk?
    var offered: ConnectionTune?
    var agreed: ConnectionTuneOk?
    var hasAskedToOpen = false
    var isOpen = false
    /// The side that sent connection.close first.
    var closing: Direction?
    var owesCloseOk = false
    /// Close and close-ok have passed.
    var isClosed = false
    /// The broker's side has ended.
    var brokerEnded = false
    var channels: [UInt16: WatchedChannel] = [:]
    /// The types of the exchanges that the client has declared, and of those that are always there.
    var exchangeTypes: [ShortString: String] = [
        "amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic", "amq.headers": "headers",
        "amq.match": "headers",
    ]
    /// The arguments of the queues that it has declared.
    var queueArguments: [ShortString: FieldTable] = [:]
    var hasExclusiveQueue = false
    /// When octets last came from the client, in milliseconds; nil: never.
    var lastFromClient: Int64?
    var openedAt: Int64?

    /// Seconds between heartbeats that both sides have agreed on; 0: none.
    var heartbeat: Int { Int(agreed?.heartbeat ?? 0) }

    func announces(_ capability: ShortString) -> Bool {
        startOk?.clientProperties["capabilities"]?.table?[capability]?.bool == true
    }

    /// Takes note of an event, after it has been judged.
    mutating func take(_ event: WatchedEvent, _ direction: Direction, at time: Int64) {
        if direction == .toBroker { lastFromClient = time }
        switch event {
        case .header: if direction == .toBroker { hasHeader = true }
        case .method(let method, _, 0): takeConnection(method, direction, at: time)
        case .method(let method, _, let channel):
            if direction == .toBroker { takeFromClient(method, channel) } else { takeFromBroker(method, channel) }
        case .ended: if direction == .toClient { brokerEnded = true }
        case .frame, .heartbeat, .stray, .octets: break
        }
    }

    private mutating func takeConnection(_ method: Method, _ direction: Direction, at time: Int64) {
        switch method {
        case .connectionStart(let fields): start = fields
        case .connectionStartOk(let fields): startOk = fields
        case .connectionTune(let fields): offered = fields
        case .connectionTuneOk(let fields): agreed = fields
        case .connectionOpen: hasAskedToOpen = true
        case .connectionOpenOk: (isOpen, openedAt) = (true, time)
        case .connectionClose:
            if closing == nil { closing = direction }
            if direction == .toClient { owesCloseOk = true }
        case .connectionCloseOk:
            isClosed = true
            if direction == .toBroker { owesCloseOk = false }
        default: break
        }
    }

    private mutating func takeFromClient(_ method: Method, _ number: UInt16) {
        if case .channelOpen = method, channels[number] == nil { channels[number] = WatchedChannel() }
        guard var channel = channels.removeValue(forKey: number) else { return }
        if case .channelCloseOk = method { return }
        defer { channels[number] = channel }
        if method.wantsReply { channel.pending.append(method) }
        switch method {
        case .channelClose: channel.isClosing = true
        case .channelFlowOk(let flow):
            channel.owedFlowOks -= 1
            channel.isPaused = !flow.active
        case .queueDeclare(let declare):
            channel.hasDeclaredQueue = true
            if !declare.passive {
                queueArguments[declare.queue] = declare.arguments
                hasExclusiveQueue = hasExclusiveQueue || declare.exclusive
            }
        case .exchangeDeclare(let declare):
            if !declare.passive { exchangeTypes[declare.exchange] = declare.type.text }
        case .basicConsume(let consume) where !consume.consumerTag.isEmpty:
            channel.consumers[consume.consumerTag] = .init(queue: consume.queue, noAck: consume.noAck)
        case .basicCancel(let cancel): channel.consumers[cancel.consumerTag] = nil
        case .basicCancelOk: channel.owedCancelOks -= 1
        case .basicQos(let qos): channel.hasPrefetch = qos.prefetchCount > 0
        case .basicPublish: channel.published += 1
        case .basicAck(let ack): channel.settle(ack.deliveryTag, multiple: ack.multiple)
        case .basicNack(let nack): channel.settle(nack.deliveryTag, multiple: nack.multiple)
        case .basicReject(let reject): channel.settle(reject.deliveryTag, multiple: false)
        // What comes back gets new tags; the old ones are void.
        case .basicRecover, .basicRecoverAsync: channel.unsettled = []
        case .txSelect: channel.isTransactional = true
        case .confirmSelect: channel.confirms = true
        default: break
        }
    }

    private mutating func takeFromBroker(_ method: Method, _ number: UInt16) {
        guard var channel = channels.removeValue(forKey: number) else { return }
        if case .channelCloseOk = method { return }
        defer { channels[number] = channel }
        let request = method.isReply && !channel.pending.isEmpty ? channel.pending.removeFirst() : nil
        switch method {
        case .channelClose: channel.owesCloseOk = true
        case .channelFlow: channel.owedFlowOks += 1
        case .basicConsumeOk(let ok):
            if case .basicConsume(let consume)? = request {
                channel.consumers[ok.consumerTag] = .init(queue: consume.queue, noAck: consume.noAck)
            }
        case .basicCancel(let cancel):
            channel.consumers[cancel.consumerTag] = nil
            if !cancel.noWait { channel.owedCancelOks += 1 }
        case .basicDeliver(let delivery):
            channel.highestTag = max(channel.highestTag, delivery.deliveryTag)
            if channel.consumers[delivery.consumerTag]?.noAck != true {
                channel.unsettled.insert(delivery.deliveryTag)
            }
        case .basicGetOk(let ok):
            channel.highestTag = max(channel.highestTag, ok.deliveryTag)
            if case .basicGet(let get)? = request, !get.noAck { channel.unsettled.insert(ok.deliveryTag) }
        default: break
        }
    }
}

extension WatchedChannel {
    fileprivate mutating func settle(_ tag: UInt64, multiple: Bool) {
        guard multiple else { unsettled.remove(tag); return }
        unsettled = tag == 0 ? [] : unsettled.filter { $0 > tag }
    }
}

extension Method {
    /// Whether the sender waits for an answer to it.
    var wantsReply: Bool {
        switch self {
        case .exchangeDeclare(let fields): !fields.noWait
        case .exchangeDelete(let fields): !fields.noWait
        case .exchangeBind(let fields): !fields.noWait
        case .exchangeUnbind(let fields): !fields.noWait
        case .queueDeclare(let fields): !fields.noWait
        case .queueBind(let fields): !fields.noWait
        case .queuePurge(let fields): !fields.noWait
        case .queueDelete(let fields): !fields.noWait
        case .basicConsume(let fields): !fields.noWait
        case .basicCancel(let fields): !fields.noWait
        case .confirmSelect(let fields): !fields.noWait
        case .channelOpen, .channelFlow, .accessRequest, .queueUnbind, .basicQos, .basicGet, .basicRecover, .txSelect,
            .txCommit, .txRollback:
            true
        default: false
        }
    }

    /// Whether it says that a reply is not wanted where one could be.
    var declinesReply: Bool {
        switch id {
        case ExchangeDeclare.id, ExchangeDelete.id, ExchangeBind.id, ExchangeUnbind.id, QueueDeclare.id, QueueBind.id,
            QueuePurge.id, QueueDelete.id, BasicConsume.id, BasicCancel.id, ConfirmSelect.id:
            !wantsReply
        default: false
        }
    }

    /// Whether it answers a method that waits.
    fileprivate var isReply: Bool { id == BasicGetEmpty.id || (id.name?.hasSuffix("-ok") ?? false) }
}
