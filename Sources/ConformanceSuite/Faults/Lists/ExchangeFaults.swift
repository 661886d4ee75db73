import AMQPWire

extension Fault {
    static let exchanges: [Fault] = [
        .request("exchange.durable-means-nothing") { (declare: inout ExchangeDeclare) in declare.durable = false },
        .request("exchange.all-durable") { (declare: inout ExchangeDeclare) in declare.durable = true },
        .request("exchange.auto-delete-means-nothing") { (declare: inout ExchangeDeclare) in declare.autoDelete = false
        },
        .request("exchange.internal-means-nothing") { (declare: inout ExchangeDeclare) in declare.internal = false },
        .request("exchange.passive-declares") { (declare: inout ExchangeDeclare) in
            if declare != ProbeChannel.barrierMethod { declare.passive = false }
        },
        .request("exchange.no-wait-is-answered") { (declare: inout ExchangeDeclare) in declare.noWait = false },
        .request("exchange.arguments-mean-nothing") { (declare: inout ExchangeDeclare) in declare.arguments = [:] },
        .request("exchange.unknown-arguments-refused") { (declare: inout ExchangeDeclare) in
            if declare.arguments.names.contains(where: { $0.text != "alternate-exchange" }) {
                declare.arguments["alternate-exchange"] = 1
            }
        },
        .requests("exchange.empty-alternate-is-the-nameless", [ExchangeDeclare.id, BasicPublish.id]) { parcel, memory in
            if case .exchangeDeclare(let declare) = parcel.method,
                declare.arguments["alternate-exchange"]?.text == ""
            {
                memory.names.insert(declare.exchange.text)
            }
            let names = memory.names
            return parcel.changing { (publish: inout BasicPublish) in
                if names.contains(publish.exchange.text) { publish.exchange = "" }
            }.alone
        },
        .request("exchange.any-type-is-direct") { (declare: inout ExchangeDeclare) in
            if !["fanout", "topic", "headers"].contains(declare.type.text) { declare.type = "direct" }
        },
        .request("exchange.type-never-compared") { (declare: inout ExchangeDeclare) in
            if !declare.passive { declare.type = "fanout" }
        },
        .request("exchange.names-cut-at-127") { (declare: inout ExchangeDeclare) in
            declare.exchange = declare.exchange.changed { String($0.prefix(127)) }
        },
        .request("exchange.names-lower-case") { (declare: inout ExchangeDeclare) in
            declare.exchange = declare.exchange.changed { $0.lowercased() }
        },
        .request("exchange.names-with-blanks-refused") { (declare: inout ExchangeDeclare) in
            if declare.exchange.contains(" ") || declare.exchange.contains("?") { declare.exchange = "amq.refused" }
        },
        .request("exchange.line-breaks-become-blanks") { (declare: inout ExchangeDeclare) in
            declare.exchange = declare.exchange.changed { String($0.map { $0.isNewline ? " " : $0 }) }
        },
        .requests("exchange.no-more-than-sixteen", [ExchangeDeclare.id]) { parcel, memory in
            memory.count += 1
            let isBarrier = parcel.method == .exchangeDeclare(ProbeChannel.barrierMethod)
            guard memory.count > 16, !isBarrier else { return [parcel] }
            return parcel.changing { (declare: inout ExchangeDeclare) in declare.exchange = "amq.refused" }.alone
        },
        .requests("exchange.arguments-never-equal", [ExchangeDeclare.id]) { parcel, memory in
            guard case .exchangeDeclare(let declare) = parcel.method, !declare.arguments.isEmpty,
                !memory.names.insert(declare.exchange.text).inserted
            else { return [parcel] }
            return parcel.changing { (declare: inout ExchangeDeclare) in declare.arguments["alternate-exchange"] = "no"
            }.alone
        },
        .request("exchange.reserved-names-are-free") { (declare: inout ExchangeDeclare) in
            let known = ["amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"]
            if declare.exchange.hasPrefix("amq."), !known.contains(declare.exchange.text), !declare.passive {
                declare.exchange = declare.exchange.changed { "free" + $0 }
            }
        },
        .request("exchange.existing-reserved-refused") { (declare: inout ExchangeDeclare) in
            if declare.exchange.hasPrefix("amq."), !declare.passive { declare.exchange = "amq.other" }
        },
        .request("exchange.no-amq-match") { (declare: inout ExchangeDeclare) in
            if declare.exchange.text == "amq.match" || declare.exchange.text == "amq.headers" {
                declare.exchange = "amq.none"
            }
        },
        .request("exchange.default-may-be-declared") { (declare: inout ExchangeDeclare) in
            if declare.exchange.isEmpty { declare.exchange = "amq.direct" }
        },
        .request("exchange.default-may-be-deleted") { (delete: inout ExchangeDelete) in
            if delete.exchange.isEmpty { delete.exchange = "missing" }
        },
        .ignores("exchange.delete-does-nothing") { (_: ExchangeDelete) in true },
        .request("exchange.if-unused-means-nothing") { (delete: inout ExchangeDelete) in delete.ifUnused = false },
        .request("exchange.always-if-unused") { (delete: inout ExchangeDelete) in delete.ifUnused = true },
        .request("exchange.predeclared-may-be-deleted") { (delete: inout ExchangeDelete) in
            if delete.exchange.hasPrefix("amq.") { delete.exchange = "missing" }
        },
        .request("exchange.delete-always-answered") { (delete: inout ExchangeDelete) in delete.noWait = false },
        .never("exchange.delete-never-answered") { (_: ExchangeDeleteOk) in true },
        .requests("exchange.delete-of-missing-refused", [ExchangeDelete.id, ExchangeDeclare.id]) { parcel, memory in
            if case .exchangeDeclare(let declare) = parcel.method { memory.names.insert(declare.exchange.text) }
            guard case .exchangeDelete(let delete) = parcel.method, !memory.names.contains(delete.exchange.text) else {
                return [parcel]
            }
            return [
                Parcel(
                    .exchangeDeclare(ExchangeDeclare(exchange: delete.exchange, passive: true)),
                    channel: parcel.channel)
            ]
        },
        .requests("exchange.auto-delete-goes-with-its-channel", [ExchangeDeclare.id, ChannelClose.id]) {
            parcel, memory in
            if case .exchangeDeclare(let declare) = parcel.method, declare.autoDelete { memory.kept.append(parcel) }
            guard parcel.method.id == ChannelClose.id else { return [parcel] }
            return memory.kept.compactMap { kept in
                guard case .exchangeDeclare(let declare) = kept.method else { return nil }
                let delete = ExchangeDelete(exchange: declare.exchange, ifUnused: true, noWait: true)
                return Parcel(.exchangeDelete(delete), channel: parcel.channel)
            } + [parcel]
        },
    ]
}
