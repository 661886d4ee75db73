import AMQPWire

extension Fault {
    /// What a broker forgets at a restart that it has to remember, and the other way round. Its files are out of reach
    /// here: so it is given to understand, while it runs for the first time, that what it shall forget was transient.
    static let restarts: [Fault] = [
        .request("restart.durable-queues-are-forgotten") { (declare: inout QueueDeclare) in declare.durable = false }
            .beforeRestarts,
        .request("restart.transient-queues-are-kept") { (declare: inout QueueDeclare) in
            if !declare.exclusive { declare.durable = true }
        }.beforeRestarts,
        .request("restart.exclusive-queues-are-kept") { (declare: inout QueueDeclare) in declare.exclusive = false }
            .beforeRestarts,
        .request("restart.durable-exchanges-are-forgotten") { (declare: inout ExchangeDeclare) in
            declare.durable = false
        }.beforeRestarts,
        .request("restart.transient-exchanges-are-kept") { (declare: inout ExchangeDeclare) in
            if !declare.passive { declare.durable = true }
        }.beforeRestarts,
        .request("restart.exchanges-come-back-as-direct") { (declare: inout ExchangeDeclare) in
            if !declare.passive { declare.type = "direct" }
        }.beforeRestarts,
        .ignores("restart.bindings-of-queues-are-forgotten") { (_: QueueBind) in true }.beforeRestarts,
        .request("restart.binding-keys-are-forgotten") { (bind: inout QueueBind) in bind.routingKey = "#" }
            .beforeRestarts,
        .ignores("restart.bindings-of-exchanges-are-forgotten") { (_: ExchangeBind) in true }.beforeRestarts,
        .request("restart.keys-between-exchanges-are-forgotten") { (bind: inout ExchangeBind) in
            bind.routingKey = ""
        }.beforeRestarts,
        .published("restart.persistent-messages-are-forgotten") { _, content in content.properties.deliveryMode = 1 }
            .beforeRestarts,
        .published("restart.transient-messages-are-kept") { _, content in content.properties.deliveryMode = 2 }
            .beforeRestarts,
        .published("restart.properties-are-forgotten") { _, content in
            content.properties = BasicProperties(deliveryMode: content.properties.deliveryMode)
        }.beforeRestarts,
        .published("restart.bodies-are-forgotten") { _, content in content.body = [] }.beforeRestarts,
        .requests("restart.first-two-messages-change-places", [BasicPublish.id]) { parcel, memory in
            memory.count += 1
            if memory.count == 1 {
                memory.kept = [parcel]
                return []
            }
            defer { memory.kept = [] }
            return [parcel] + memory.kept
        }.beforeRestarts,
        .reply("restart.unacknowledged-is-not-marked-as-redelivered") { (ok: inout BasicGetOk) in
            ok.redelivered = false
        }.afterRestarts,
        .request("restart.unacknowledged-is-lost") { (get: inout BasicGet) in get.noAck = true }.beforeRestarts,
        .requests("restart.acknowledged-comes-back", [BasicAck.id]) { _, _ in [] }.beforeRestarts,
        .handedOver("restart.second-leaves-no-bodies") { content in content.body = [] }.secondRestart,
        .ignores("restart.deleted-queues-come-back") { (_: QueueDelete) in true }.beforeRestarts,
        .ignores("restart.purged-messages-come-back") { (_: QueuePurge) in true }.beforeRestarts,
        .ignores("restart.uncommitted-messages-are-kept") { (_: TxSelect) in true }.aroundRestarts,
        .request("restart.times-to-live-are-forgotten") { (declare: inout QueueDeclare) in
            declare.arguments["x-message-ttl"] = nil
        }.beforeRestarts,
    ]
}
