import AMQPWire

extension Fault {
    static let consistentHash: [Fault] = [
        declared("consistent-hash.is-fanout") { $0.type = "fanout" },
        declared("consistent-hash.is-direct") { $0.type = "direct" },
        declared("consistent-hash.header-does-not-count") { $0.arguments = $0.arguments.without("hash-header") },
        declared("consistent-hash.property-does-not-count") { $0.arguments = $0.arguments.without("hash-property") },
        declared("consistent-hash.other-properties-are-taken") { declare in
            if declare.arguments["hash-property"]?.text == "app_id" {
                declare.arguments["hash-property"] = "message_id"
            }
        },
        declared("consistent-hash.both-arguments-are-taken") { declare in
            guard declare.arguments["hash-header"] != nil else { return }
            declare.arguments = declare.arguments.without("hash-property")
        },
        weighed("consistent-hash.weights-do-not-count") { Int($0) ?? 0 > 0 ? "1" : $0 },
        weighed("consistent-hash.weights-may-be-words") { Int($0) == nil ? "1" : $0 },
        weighed("consistent-hash.weights-below-one-are-taken") { Int($0) ?? 1 < 1 ? "1" : $0 },
        hashed("consistent-hash.key-does-not-count") { publish, _ in publish.routingKey = "same" },
        hashed("consistent-hash.body-counts") { publish, content in
            publish.routingKey = publish.routingKey.changed { $0 + String(decoding: content.body, as: UTF8.self) }
        },
        hashed("consistent-hash.key-counts-beside-the-header") { publish, content in
            guard let header = content.properties.headers?["customer"]?.text else { return }
            content.properties.headers?["customer"] = .longString(Array((header + publish.routingKey.text).utf8))
        },
        hashed("consistent-hash.key-stands-in-for-the-header") { publish, content in
            if content.properties.headers?["customer"] == nil {
                content.properties.headers = ["customer": .longString(publish.routingKey.octets)]
            }
        },
        hashed("consistent-hash.a-binding-more-moves-all-keys", isLate: true) { publish, _ in
            publish.routingKey = publish.routingKey.changed { "moved \($0)" }
        },
    ]

    /// The broker takes a declaration of such an exchange for another one.
    private static func declared(
        _ name: String, _ change: @escaping @Sendable (inout ExchangeDeclare) -> Void
    ) -> Fault {
        .request(name) { (declare: inout ExchangeDeclare) in
            if declare.type.text == "x-consistent-hash" { change(&declare) }
        }
    }

    /// The broker takes the weight of a binding to such an exchange for another one.
    private static func weighed(_ name: String, _ change: @escaping @Sendable (String) -> String) -> Fault {
        .requests(name, [ExchangeDeclare.id, QueueBind.id]) { parcel, memory in
            remember(parcel, &memory)
            let names = memory.names
            return parcel.changing { (bind: inout QueueBind) in
                if names.contains(bind.exchange.text) { bind.routingKey = bind.routingKey.changed(change) }
            }.alone
        }
    }

    /// The broker hashes something else of what is published to such an exchange.
    ///
    /// - Parameter isLate: Only when four queues are bound.
    private static func hashed(
        _ name: String, isLate: Bool = false,
        _ change: @escaping @Sendable (inout BasicPublish, inout Content) -> Void
    ) -> Fault {
        .requests(name, [ExchangeDeclare.id, QueueBind.id, BasicPublish.id]) { parcel, memory in
            remember(parcel, &memory)
            guard case .basicPublish(var publish) = parcel.method, var content = parcel.content,
                memory.names.contains(publish.exchange.text), !isLate || memory.count > 3
            else { return [parcel] }
            change(&publish, &content)
            var parcel = parcel
            (parcel.method, parcel.content) = (.basicPublish(publish), content)
            return [parcel]
        }
    }

    /// Which exchanges are of the type, and how many bindings they have.
    private static func remember(_ parcel: Parcel, _ memory: inout Memory) {
        switch parcel.method {
        case .exchangeDeclare(let declare) where declare.type.text == "x-consistent-hash":
            memory.names.insert(declare.exchange.text)
        case .queueBind(let bind) where memory.names.contains(bind.exchange.text): memory.count += 1
        default: break
        }
    }
}
