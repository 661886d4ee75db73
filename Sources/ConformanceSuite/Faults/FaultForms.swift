import AMQPWire
import BrokerCore

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

    /// The same fault, in cases that restart or kill the broker, and in no other.
    var aroundRestarts: Fault {
        var fault = self
        fault.isAboutRestarts = true
        return fault
    }

    /// The same, and only while the broker runs for the first time.
    var beforeRestarts: Fault { when { $0 == 0 }.aroundRestarts }

    /// The same, and only when the broker has been restarted or killed.
    var afterRestarts: Fault { when { $0 > 0 }.aroundRestarts }

    /// The same, and only when it has been restarted or killed twice.
    var secondRestart: Fault { when { $0 > 1 }.aroundRestarts }

    private func when(_ isRight: @escaping @Sendable (_ restarts: Int) -> Bool) -> Fault {
        guarded { isRight($1.restarts) }
    }

    /// The same, and only from the second of its methods on that passes on a channel.
    var second: Fault { above(1) }

    /// The same, and only behind the first `count` of its methods that pass on a channel.
    func above(_ count: Int) -> Fault {
        guarded { parcel, memory in
            let key = memory.key(parcel)
            memory.passed[key, default: 0] += 1
            return memory.passed[key, default: 0] > count
        }
    }

    /// The same, and only for parcels of its methods that `isMeant`.
    private func guarded(_ isMeant: @escaping @Sendable (Parcel, inout Memory) -> Bool) -> Fault {
        func guarded(_ hook: @escaping Hook) -> Hook {
            let methods = methods
            return { parcel, memory in
                guard methods.isEmpty || methods.contains(parcel.method.id) else { return [parcel] }
                return isMeant(parcel, &memory) ? hook(parcel, &memory) : [parcel]
            }
        }
        var fault = self
        fault.request = request.map(guarded)
        fault.reply = reply.map(guarded)
        return fault
    }

    /// The same fault, in cases in which time goes by, and in no other.
    var asTimeGoesBy: Fault {
        var fault = self
        fault.isAboutTime = true
        return fault
    }

    /// The broker is wrong at one of its decisions. Every quirk is a fault of its name.
    static func quirk(_ name: String) -> Fault { Fault(name: name, quirk: name) }

    static func configuration(
        _ name: String, _ configure: @escaping @Sendable (inout BrokerConfiguration) -> Void
    ) -> Fault { Fault(name: name, configure: configure) }

    /// The broker's clock goes wrong.
    static func clock(_ name: String, _ clock: @escaping @Sendable (Int) -> Int) -> Fault {
        Fault(name: name, clock: clock)
    }

    /// Frames that are no method, and octets that are no frame, on their way to the broker.
    static func octetsIn(_ name: String, _ hook: @escaping OctetsHook) -> Fault {
        Fault(name: name, octetsIn: hook)
    }

    /// The same on their way to the client.
    static func octetsOut(_ name: String, _ hook: @escaping OctetsHook) -> Fault {
        Fault(name: name, octetsOut: hook)
    }
}

/// A hook that leaves every other method alone.
private func only(_ hook: @escaping Fault.Hook, for methods: Set<MethodID>) -> Fault.Hook {
    { parcel, memory in methods.contains(parcel.method.id) ? hook(parcel, &memory) : [parcel] }
}
