import AMQPWire

extension Fault {
    static let exchangeBindings: [Fault] = [
        .ignores("exchange-bindings.bind-does-nothing") { (_: ExchangeBind) in true },
        .ignores("exchange-bindings.unbind-does-nothing") { (_: ExchangeUnbind) in true },
        .request("exchange-bindings.the-other-way-round") { (bind: inout ExchangeBind) in
            (bind.source, bind.destination) = (bind.destination, bind.source)
        },
        .request("exchange-bindings.key-means-nothing") { (bind: inout ExchangeBind) in bind.routingKey = "#" },
        .request("exchange-bindings.empty-key") { (bind: inout ExchangeBind) in bind.routingKey = "" },
        .request("exchange-bindings.arguments-mean-nothing") { (bind: inout ExchangeBind) in bind.arguments = [:] },
        .request("exchange-bindings.unbind-either-way") { (unbind: inout ExchangeUnbind) in
            (unbind.source, unbind.destination) = (unbind.destination, unbind.source)
        },
        .request("exchange-bindings.no-wait-is-answered") { (bind: inout ExchangeBind) in bind.noWait = false },
        .request("exchange-bindings.default-is-direct") { (bind: inout ExchangeBind) in
            if bind.source.isEmpty { bind.source = "amq.direct" }
            if bind.destination.isEmpty { bind.destination = "amq.direct" }
        },
        .request("exchange-bindings.unbind-of-missing-refused") { (unbind: inout ExchangeUnbind) in
            if unbind.source.hasPrefix("missing") || unbind.destination.hasPrefix("missing") { unbind.source = "" }
        },
        .requests("exchange-bindings.ring-refused", [ExchangeBind.id]) { parcel, memory in
            guard case .exchangeBind(let bind) = parcel.method else { return [parcel] }
            let isCycle = bind.source == bind.destination || memory.names.contains("\(bind.destination)>\(bind.source)")
            memory.names.insert("\(bind.source)>\(bind.destination)")
            guard isCycle else { return [parcel] }
            return parcel.changing { (bind: inout ExchangeBind) in bind.source = "" }.alone
        },
        .requests("exchange-bindings.a-copy-for-each-way", [ExchangeBind.id, BasicPublish.id]) { parcel, memory in
            switch parcel.method {
            case .exchangeBind(let bind):
                if !memory.names.insert("\(bind.source)").inserted { memory.names.insert("twice \(bind.source)") }
                return [parcel]
            case .basicPublish(let publish) where memory.names.contains("twice \(publish.exchange)"):
                return [parcel, parcel]
            default: return [parcel]
            }
        },
        .requests("exchange-bindings.second-does-nothing", [ExchangeBind.id]) { parcel, memory in
            memory.kept.append(parcel)
            return [Parcel(memory.kept[0].method, channel: parcel.channel)]
        },
        .requests("exchange-bindings.auto-delete-with-the-last-source", [ExchangeDeclare.id, ExchangeUnbind.id]) {
            parcel, memory in
            if case .exchangeDeclare(let declare) = parcel.method, declare.autoDelete {
                memory.names.insert(declare.exchange.text)
            }
            guard case .exchangeUnbind(let unbind) = parcel.method, memory.names.contains(unbind.destination.text)
            else {
                return [parcel]
            }
            let delete = ExchangeDelete(exchange: unbind.destination, noWait: true)
            return [parcel, Parcel(.exchangeDelete(delete), channel: parcel.channel)]
        },
    ]
}
