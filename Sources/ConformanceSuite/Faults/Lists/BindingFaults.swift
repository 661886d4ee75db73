import AMQPWire

extension Fault {
    static let bindings: [Fault] = [
        .request("bindings.no-wait-is-answered") { (bind: inout QueueBind) in bind.noWait = false },
        .requests(
            "bindings.order-of-arguments-matters",
            [QueueBind.id, QueueUnbind.id, ExchangeBind.id, ExchangeUnbind.id]
        ) { parcel, _ in parcel.changingBindingArguments(\.markingOrder).alone },
        .requests("bindings.types-of-arguments-mean-nothing", [QueueBind.id, QueueUnbind.id]) { parcel, _ in
            parcel.changingBindingArguments(\.asPlainText).alone
        },
        .ignores("bindings.bind-does-nothing") { (_: QueueBind) in true },
        .ignores("bindings.unbind-does-nothing") { (_: QueueUnbind) in true },
        .requests("bindings.second-bind-does-nothing", [QueueBind.id]) { parcel, memory in
            guard case .queueBind(let bind) = parcel.method else { return [parcel] }
            let first = memory.kept.first {
                if case .queueBind(let other) = $0.method {
                    other.queue == bind.queue && other.exchange == bind.exchange
                } else {
                    false
                }
            }
            guard case .queueBind(let other)? = first?.method else {
                memory.kept.append(parcel)
                return [parcel]
            }
            return parcel.changing { (bind: inout QueueBind) in
                (bind.routingKey, bind.arguments) = (other.routingKey, other.arguments)
            }.alone
        },
        .requests("bindings.unbind-removes-all", [QueueBind.id, QueueUnbind.id]) { parcel, memory in
            if parcel.method.id == QueueBind.id { memory.kept.append(parcel) }
            guard case .queueUnbind(let unbind) = parcel.method else { return [parcel] }
            for kept in memory.kept {
                guard case .queueBind(let bind) = kept.method, bind.queue == unbind.queue,
                    bind.exchange == unbind.exchange,
                    bind.routingKey != unbind.routingKey || bind.arguments != unbind.arguments
                else { continue }
                // To the default exchange's name nothing is bound: so it goes without an answer of its own.
                memory.swallowed += 1
                memory.extra.append(
                    Parcel(
                        .queueUnbind(
                            QueueUnbind(
                                queue: bind.queue, exchange: bind.exchange, routingKey: bind.routingKey,
                                arguments: bind.arguments)), channel: parcel.channel))
            }
            return [parcel]
        }.swallowing(QueueUnbindOk.id),
        .request("bindings.arguments-mean-nothing") { (bind: inout QueueBind) in bind.arguments = [:] },
        .request("bindings.unbind-ignores-arguments") { (unbind: inout QueueUnbind) in unbind.arguments = [:] },
        .request("bindings.unbind-ignores-the-key") { (unbind: inout QueueUnbind) in unbind.routingKey = "" },
        .request("bindings.empty-key-stays-empty") { (bind: inout QueueBind) in
            if bind.queue.isEmpty, bind.routingKey.isEmpty { bind.routingKey = "-" }
        },
        .request("bindings.empty-key-is-queue-name") { (bind: inout QueueBind) in
            if bind.routingKey.isEmpty { bind.routingKey = bind.queue }
        },
        .requests("bindings.one-copy-for-each-binding", [QueueBind.id, BasicPublish.id]) { parcel, memory in
            switch parcel.method {
            case .queueBind(let bind):
                if !memory.names.insert("\(bind.queue)|\(bind.exchange)").inserted {
                    memory.names.insert("twice \(bind.exchange)")
                }
                return [parcel]
            case .basicPublish(let publish) where memory.names.contains("twice \(publish.exchange)"):
                return [parcel, parcel]
            default: return [parcel]
            }
        },
        .requests("bindings.unbind-of-missing-refused", [QueueUnbind.id]) { parcel, _ in
            parcel.changing { (unbind: inout QueueUnbind) in unbind.exchange = unbind.exchange.isEmpty ? "" : "missing"
            }
            .changing { (unbind: inout QueueUnbind) in
                unbind.queue = "missing"
                unbind.exchange = ""
            }.alone
        },
        .request("bindings.default-exchange-may-be-bound") { (bind: inout QueueBind) in
            if bind.exchange.isEmpty { bind.exchange = "amq.direct" }
        },
        .request("bindings.default-exchange-may-be-unbound") { (unbind: inout QueueUnbind) in
            if unbind.exchange.isEmpty { unbind.exchange = "amq.direct" }
        },
    ]
}

extension Parcel {
    fileprivate func changingBindingArguments(_ change: (FieldTable) -> FieldTable) -> Parcel {
        changing { (bind: inout QueueBind) in bind.arguments = change(bind.arguments) }
            .changing { (unbind: inout QueueUnbind) in unbind.arguments = change(unbind.arguments) }
            .changing { (bind: inout ExchangeBind) in bind.arguments = change(bind.arguments) }
            .changing { (unbind: inout ExchangeUnbind) in unbind.arguments = change(unbind.arguments) }
    }
}

extension FieldTable {
    /// With the order of its fields as a further field.
    fileprivate var markingOrder: FieldTable {
        count < 2 ? self : FieldTable(fields + [Field("x-order", .string(names.map(\.text).joined(separator: " ")))])
    }

    fileprivate var asPlainText: FieldTable {
        func plain(_ value: FieldValue) -> String {
            switch value {
            case .bytes(let octets): String(decoding: octets, as: UTF8.self)
            case .double(let number): Int(exactly: number.rounded(.towardZero)).map { "\($0)" } ?? "\(number)"
            case .table(let table): table.names.map(\.text).sorted().joined()
            default: value.text ?? value.description
            }
        }
        return FieldTable(fields.map { Field($0.name, .string(plain($0.value))) })
    }
}
