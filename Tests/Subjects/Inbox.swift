import AMQPClient
import Synchronization

/// What a program has written down, and what is still there when it is started again: in place of a file.
final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    func remove(_ line: String) { lines.withLock { lines in lines.removeAll { $0 == line } } }
}

func inboxOrder(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await channel.declareQueue("shipments", durable: true)
    if fault != "no-select" { try await channel.selectConfirms() }
    let id = fault == "same-id" ? "order" : "\(UInt64.random(in: 0 ... .max))"
    trial.notes.add(id)
    for id in fault == "no-outbox" ? [id] : trial.notes.all {
        let shown = fault == "new-id" ? "\(UInt64.random(in: 0 ... .max))" : id
        let properties = BasicProperties(messageID: fault == "no-id" ? nil : try ShortString(shown))
        let message = Message("An order", persistent: fault != "transient", properties: properties)
        if fault == "no-select" {
            try await channel.publish(message, routingKey: "shipments")
        } else {
            try await channel.publishAndConfirm(message, routingKey: "shipments")
        }
        trial.notes.remove(id)
    }
    try await trial.end()
}

func inboxShip(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await channel.declareQueue("shipments", durable: fault != "not-durable")
    try await channel.qos(prefetchCount: 1)
    var known: [String] = []
    for try await order in try await channel.consume("shipments") {
        let id = order.properties.messageID?.text ?? ""
        let isDone =
            switch fault {
            case "no-inbox": false
            case "by-mark": order.redelivered
            case "memory": known.contains(id)
            default: trial.notes.all.contains(id)
            }
        trial.print("Got an order")
        if !isDone {
            trial.print("Shipped \(order.text)")
            known.append(id)
            trial.notes.add(id)
        }
        if fault != "never-acks" { try await channel.ack(order.deliveryTag) }
    }
}
