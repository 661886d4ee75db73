import AMQPWire

extension Fault {
    static let firehose: [Fault] = [
        .requests("firehose.always-on", [QueueBind.id, BasicPublish.id]) { parcel, _ in
            // Nobody can publish to the exchange itself, so its bindings are made elsewhere.
            if let copy = parcel.likeACopy { return [parcel, copy] }
            return parcel.changing { (bind: inout QueueBind) in
                if bind.exchange == trace { bind.exchange = elsewhere }
            }.alone
        },
        .requests("firehose.on-after-a-restart", [QueueBind.id, BasicPublish.id]) { parcel, memory in
            switch parcel.method {
            case .queueBind(var bind) where bind.exchange == trace:
                (bind.exchange, bind.noWait) = (elsewhere, true)
                return [parcel, Parcel(.queueBind(bind), channel: parcel.channel)]
            case .basicPublish where memory.restarts > 0: return [parcel] + (parcel.likeACopy.map { [$0] } ?? [])
            default: return [parcel]
            }
        }.aroundRestarts,
        .request("firehose.publishes-not-copied") { (bind: inout QueueBind) in
            if bind.exchange == trace, bind.routingKey.text.hasPrefix("publish.") { bind.routingKey = "never" }
        },
        .request("firehose.deliveries-not-copied") { (bind: inout QueueBind) in
            if bind.exchange == trace, bind.routingKey.text.hasPrefix("deliver.") { bind.routingKey = "never" }
        },
        .request("firehose.exchange-missing") { (declare: inout ExchangeDeclare) in
            if declare.exchange == trace { declare.exchange = "amq.rabbitmq.missing" }
        },
        .request("firehose.anybody-may-publish") { (publish: inout BasicPublish) in
            if publish.exchange == trace { publish.exchange = elsewhere }
        },
        .replies("firehose.key-without-the-exchange", [BasicGetOk.id]) { parcel, _ in
            parcel.changing { (ok: inout BasicGetOk) in
                if ok.exchange == trace, ok.routingKey.text.hasPrefix("publish.") { ok.routingKey = "publish." }
            }.alone
        },
        .replies("firehose.every-second-copy-lost", [BasicGetOk.id]) { parcel, memory in
            guard case .basicGetOk(let ok) = parcel.method, ok.exchange == trace else { return [parcel] }
            memory.count += 1
            return memory.count % 2 == 0
                ? [Parcel(.basicGetEmpty(BasicGetEmpty()), channel: parcel.channel)] : [parcel]
        },
        .copied("firehose.body-left-out") { $0.body = [] },
        .copied("firehose.always-for-the-first-time") { $0.tell("redelivered", 0) },
        .copied("firehose.always-for-the-second-time") { $0.tell("redelivered", 1) },
        .copied("firehose.names-another-exchange") { $0.tell("exchange_name", "amq.direct") },
        .copied("firehose.names-another-user") { $0.tell("user", "nobody") },
        .copied("firehose.names-another-virtual-host") { $0.tell("vhost", "elsewhere") },
        .copied("firehose.names-another-channel") { $0.tell("channel", 0) },
        .copied("firehose.names-no-queues") { $0.tell("routed_queues", []) },
        .copied("firehose.names-no-connection") { $0.tell("connection", nil) },
        .copied("firehose.names-no-node") { $0.tell("node", nil) },
        .copied("firehose.only-the-first-routing-key") { content in
            if let keys = content.properties.headers?["routing_keys"]?.array {
                content.tell("routing_keys", .array(Array(keys.prefix(1))))
            }
        },
        .copied("firehose.no-routing-keys") { $0.tell("routing_keys", []) },
        .copied("firehose.no-properties") { $0.tell("properties", .table([:])) },
        .copied("firehose.properties-without-headers") { content in
            if let properties = content.properties.headers?["properties"]?.table {
                content.tell("properties", .table(properties.without("headers")))
            }
        },
        .copied("firehose.blind-copies-are-shown") { content in
            guard var properties = content.properties.headers?["properties"]?.table,
                var headers = properties["headers"]?.table
            else { return }
            headers["BCC"] = ["a.d"]
            properties["headers"] = .table(headers)
            content.tell("properties", .table(properties))
        },
        .copied("firehose.deliveries-name-queues") { content in
            if content.properties.headers?["routed_queues"] == nil {
                content.properties.headers?["routed_queues"] = ["queue"]
            }
        },
    ]

    private static let trace: ShortString = "amq.rabbitmq.trace"
    fileprivate static let elsewhere: ShortString = "amq.topic"

    /// Something is wrong with the copies.
    private static func copied(_ name: String, _ change: @escaping @Sendable (inout Content) -> Void) -> Fault {
        .replies(name, deliveries) { parcel, _ in
            var parcel = parcel
            guard parcel.content?.properties.headers?["exchange_name"] != nil, var content = parcel.content else {
                return [parcel]
            }
            change(&content)
            parcel.content = content
            return [parcel]
        }
    }
}

extension Parcel {
    /// The message published once more, as if a copy went to those who watch; nil when it is none, or theirs.
    fileprivate var likeACopy: Parcel? {
        guard case .basicPublish(let publish) = method, publish.exchange.text != "amq.rabbitmq.trace" else {
            return nil
        }
        let key = ShortString(truncating: "publish.\(publish.exchange)")
        return Parcel(
            .basicPublish(BasicPublish(exchange: Fault.elsewhere, routingKey: key)), channel: channel, content: content)
    }
}

extension Content {
    /// Says something else in a header that is there.
    fileprivate mutating func tell(_ name: ShortString, _ value: FieldValue?) {
        if properties.headers?[name] != nil { properties.headers?[name] = value }
    }
}
