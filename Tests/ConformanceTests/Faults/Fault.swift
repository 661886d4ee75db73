import AMQPWire
import BrokerCore

/// One way to be wrong, with a name: what turns our broker into a broken one, seen from outside.
///
/// A fault sits between a case and the broker in process, and spoils what passes: a request on its way in, so that the
/// broker does something else than it was asked for, or what the broker says on its way out. Nothing of it is in the
/// broker. The lists are in Lists/, a line a fault; `Scripts/mutants` runs them all.
struct Fault: Sendable {
    /// What becomes of a parcel: itself, changed or not, several, or none.
    typealias Hook = @Sendable (Parcel, inout Memory) -> [Parcel]
    typealias OctetsHook = @Sendable (inout [UInt8], inout Memory) -> Void

    var name: String
    /// Cases in which none of these methods passes are not run: the fault could do nothing there. Empty: all are run.
    var methods: Set<MethodID> = []
    var request: Hook?
    var reply: Hook?
    /// For frames that are no method, and for octets that are no frame.
    var octetsIn: OctetsHook?
    var octetsOut: OctetsHook?
    var configure: (@Sendable (inout BrokerConfiguration) -> Void)?
    /// The octets hook wants to see protocol headers that are right, too.
    var seesEveryOctet = false
    /// How far the broker's clock goes when a case moves it by so many milliseconds.
    var clock: (@Sendable (Int) -> Int)?

    /// Nothing is wrong: what a case finds here, it finds on a sound broker.
    static let none = Fault(name: "none", request: asItIs, reply: asItIs)
    /// For a fault that looks at octets: it is shown only those that are no part of a method or its content.
    private static let asItIs: Hook = { parcel, _ in [parcel] }

    /// False when the fault could do nothing to a case, going by what passed when nothing was wrong.
    func concerns(methods passed: Set<MethodID>, octets: (odd: Bool, oddOut: Bool), time: Bool) -> Bool {
        if clock != nil, !time { return false }
        if octetsIn != nil, !seesEveryOctet, !octets.odd { return false }
        if octetsOut != nil, !octets.oddOut { return false }
        return methods.isEmpty || !methods.isDisjoint(with: passed)
    }

    /// What a fault remembers of one broker's clients.
    struct Memory: Sendable {
        struct Key: Hashable, Sendable {
            var connection: Int
            var channel: UInt16
        }

        /// The connection that the hook is called for, from 1.
        var connection = 0
        var count = 0
        var names: Set<String> = []
        var kept: [Parcel] = []
        /// Sent to the broker on the connection of the hook, behind what the hook returns.
        var extra: [Parcel] = []
        /// The connection of the hook is to be broken off.
        var hangsUp = false
        /// Requests of each channel, the last 50.
        var recent: [Key: [Parcel]] = [:]
        /// What a barrier's answer stands for; nil: for itself.
        var standIns: [Key: [Method?]] = [:]
        /// Channels that were opened again behind the client's back.
        var reopened: Set<Key> = []
        /// Answers that the client must not see, because the fault asked.
        var swallowed = 0

        func key(_ parcel: Parcel) -> Key { Key(connection: connection, channel: parcel.channel) }
    }
}

// MARK: How a fault is written

extension Fault {
    /// The broker does as if a request had said something else.
    static func request<M: MethodFields>(
        _ name: String, _ change: @escaping @Sendable (inout M) -> Void
    ) -> Fault {
        requests(name, [M.id]) { parcel, _ in [parcel.changing(change)] }
    }

    /// The same, with a memory.
    static func request<M: MethodFields>(
        _ name: String, _ change: @escaping @Sendable (inout M, inout Memory) -> Void
    ) -> Fault {
        requests(name, [M.id]) { parcel, memory in
            var parcel = parcel
            if var fields = parcel.method.fields as? M {
                change(&fields, &memory)
                parcel.method = parcel.method.replacing(fields)
            }
            return [parcel]
        }
    }

    /// The broker says something else in a method.
    static func reply<M: MethodFields>(
        _ name: String, _ change: @escaping @Sendable (inout M) -> Void
    ) -> Fault {
        replies(name, [M.id]) { parcel, _ in [parcel.changing(change)] }
    }

    static func requests(_ name: String, _ methods: [MethodID], _ hook: @escaping Hook) -> Fault {
        Fault(name: name, methods: Set(methods), request: only(hook, for: Set(methods)))
    }

    static func replies(_ name: String, _ methods: [MethodID], _ hook: @escaping Hook) -> Fault {
        Fault(name: name, methods: Set(methods), reply: only(hook, for: Set(methods)))
    }

    /// The broker makes something else of what is published.
    static func published(
        _ name: String, _ change: @escaping @Sendable (inout BasicPublish, inout Content) -> Void
    ) -> Fault {
        requests(name, [BasicPublish.id]) { parcel, _ in
            var parcel = parcel
            guard case .basicPublish(var publish) = parcel.method, var content = parcel.content else { return [parcel] }
            change(&publish, &content)
            (parcel.method, parcel.content) = (.basicPublish(publish), content)
            return [parcel]
        }
    }

    static let deliveries: [MethodID] = [BasicDeliver.id, BasicGetOk.id, BasicReturn.id]

    /// The broker hands messages over otherwise than they are.
    static func handedOver(_ name: String, _ change: @escaping @Sendable (inout Content) -> Void) -> Fault {
        replies(name, deliveries) { parcel, _ in
            var parcel = parcel
            if var content = parcel.content {
                change(&content)
                parcel.content = content
            }
            return [parcel]
        }
    }

    /// The broker forgets to say something.
    static func never<M: MethodFields>(
        _ name: String, _ isLost: @escaping @Sendable (M) -> Bool = { (_: M) in true }
    ) -> Fault {
        replies(name, [M.id]) { parcel, _ in
            if let fields = parcel.method.fields as? M, isLost(fields) { [] } else { [parcel] }
        }
    }

    /// The broker answers that it has done something, and has not.
    static func ignores<M: MethodFields>(
        _ name: String, _ isIgnored: @escaping @Sendable (M) -> Bool = { (_: M) in true }
    ) -> Fault {
        // In its place goes a method that does nothing, so that the answer has its right place among the others.
        let barrier = ExchangeDeclare.id
        let request: Hook = { parcel, memory in
            let key = memory.key(parcel)
            if case .exchangeDeclare(let declare) = parcel.method, !(parcel.method.fields is M), !declare.noWait {
                memory.standIns[key, default: []].append(nil)
            }
            guard let fields = parcel.method.fields as? M, isIgnored(fields) else {
                if parcel.method.id == barrier, parcel.method.fields is M, parcel.method.isAnswered {
                    memory.standIns[key, default: []].append(nil)
                }
                return [parcel]
            }
            guard parcel.method.isAnswered, let answer = parcel.method.success else { return [] }
            memory.standIns[key, default: []].append(answer)
            return [Parcel(.exchangeDeclare(ProbeChannel.barrierMethod), channel: parcel.channel)]
        }
        let reply: Hook = { parcel, memory in
            let key = memory.key(parcel)
            if parcel.method.id == ChannelClose.id { memory.standIns[key] = [] }
            guard parcel.method.id == ExchangeDeclareOk.id, memory.standIns[key]?.isEmpty == false,
                let answer = memory.standIns[key]?.removeFirst()
            else { return [parcel] }
            return [Parcel(answer, channel: parcel.channel)]
        }
        return Fault(name: name, methods: [M.id], request: request, reply: reply)
    }

    /// The broker takes what it has to refuse with a channel.close.
    static func accepts<M: MethodFields>(_ name: String, _ type: M.Type, _ codes: ReplyCode...) -> Fault {
        let request: Hook = { parcel, memory in
            let key = memory.key(parcel)
            memory.recent[key, default: []].append(parcel)
            if memory.recent[key, default: []].count > 50 { memory.recent[key]?.removeFirst() }
            return [parcel]
        }
        let reply: Hook = { parcel, memory in
            let key = memory.key(parcel)
            switch parcel.method {
            case .channelOpenOk where memory.reopened.remove(key) != nil: return []
            case .channelClose(let close)
            where close.cause == M.id && (codes.isEmpty || codes.contains(close.replyCode)):
                // The channel is opened again before anybody notices, and what was sent behind is sent again.
                let recent = memory.recent[key] ?? []
                guard let culprit = recent.lastIndex(where: { $0.method.id == M.id }) else { return [parcel] }
                memory.reopened.insert(key)
                memory.extra += [.channelCloseOk(ChannelCloseOk()), .channelOpen(ChannelOpen())].map {
                    Parcel($0, channel: parcel.channel)
                }
                memory.extra += recent[(culprit + 1)...].filter { !$0.method.id.hasContent }
                let answer = recent[culprit].method
                guard answer.isAnswered, let success = answer.success else { return [] }
                return [Parcel(success, channel: parcel.channel)]
            default: return [parcel]
            }
        }
        return Fault(name: name, methods: [ChannelClose.id], request: request, reply: reply)
    }

    /// The same fault, with the answers kept back to what its request hook put into `extra`: as many of them, and the
    /// last ones, as the memory counts.
    func swallowing(_ answer: MethodID) -> Fault {
        var fault = self
        fault.reply = { parcel, memory in
            guard parcel.method.id == answer else { return [parcel] }
            // The client's own answer comes first.
            if memory.names.insert("answered").inserted { return [parcel] }
            guard memory.swallowed > 0 else { return [parcel] }
            memory.swallowed -= 1
            return []
        }
        return fault
    }

    static func configuration(
        _ name: String, _ configure: @escaping @Sendable (inout BrokerConfiguration) -> Void
    ) -> Fault { Fault(name: name, configure: configure) }

    /// The broker's clock goes wrong.
    static func clock(_ name: String, _ clock: @escaping @Sendable (Int) -> Int) -> Fault {
        Fault(name: name, clock: clock)
    }

    /// Frames that are no method, and octets that are no frame, on their way to the broker.
    static func octetsIn(_ name: String, _ hook: @escaping OctetsHook) -> Fault {
        Fault(name: name, request: asItIs, octetsIn: hook)
    }

    /// The same on their way to the client.
    static func octetsOut(_ name: String, _ hook: @escaping OctetsHook) -> Fault {
        Fault(name: name, reply: asItIs, octetsOut: hook)
    }
}

extension Parcel {
    func changing<M: MethodFields>(_ change: (inout M) -> Void) -> Parcel {
        guard var fields = method.fields as? M else { return self }
        change(&fields)
        var parcel = self
        parcel.method = method.replacing(fields)
        return parcel
    }
}

extension Method {
    /// The same method with other fields: read back from its octets, which is all that is needed here.
    func replacing(_ fields: some MethodFields) -> Method {
        var writer = FrameWriter()
        writer.method(fields, channel: 0)
        return (try? Method(writer.octets[7..<writer.octets.count - 1])) ?? self
    }

    /// False when the sender said that it wants no answer.
    var isAnswered: Bool {
        let noWait = Mirror(reflecting: fields).children.first { $0.label == "noWait" }?.value as? Bool
        return noWait != true
    }

    /// What a broker answers that has done what it was asked for; nil: nothing.
    var success: Method? {
        switch self {
        case .exchangeDeclare: .exchangeDeclareOk(ExchangeDeclareOk())
        case .exchangeDelete: .exchangeDeleteOk(ExchangeDeleteOk())
        case .exchangeBind: .exchangeBindOk(ExchangeBindOk())
        case .exchangeUnbind: .exchangeUnbindOk(ExchangeUnbindOk())
        case .queueDeclare(let declare):
            .queueDeclareOk(QueueDeclareOk(queue: declare.queue, messageCount: 0, consumerCount: 0))
        case .queueBind: .queueBindOk(QueueBindOk())
        case .queueUnbind: .queueUnbindOk(QueueUnbindOk())
        case .queuePurge: .queuePurgeOk(QueuePurgeOk(messageCount: 0))
        case .queueDelete: .queueDeleteOk(QueueDeleteOk(messageCount: 0))
        case .basicQos: .basicQosOk(BasicQosOk())
        case .basicConsume(let consume): .basicConsumeOk(BasicConsumeOk(consumerTag: consume.consumerTag))
        case .basicCancel(let cancel): .basicCancelOk(BasicCancelOk(consumerTag: cancel.consumerTag))
        case .basicGet: .basicGetEmpty(BasicGetEmpty())
        case .basicRecover: .basicRecoverOk(BasicRecoverOk())
        case .confirmSelect: .confirmSelectOk(ConfirmSelectOk())
        case .txSelect: .txSelectOk(TxSelectOk())
        case .txCommit: .txCommitOk(TxCommitOk())
        case .txRollback: .txRollbackOk(TxRollbackOk())
        case .channelFlow(let flow): .channelFlowOk(ChannelFlowOk(active: flow.active))
        default: nil
        }
    }
}

/// A hook that leaves every other method alone.
private func only(_ hook: @escaping Fault.Hook, for methods: Set<MethodID>) -> Fault.Hook {
    { parcel, memory in methods.contains(parcel.method.id) ? hook(parcel, &memory) : [parcel] }
}
