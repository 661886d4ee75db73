import AMQPClient

func workerNewTask(_ trial: Trial) async throws {
    let channel = trial.channel
    try await channel.declareQueue("task_queue", durable: trial.fault != "not-durable")
    let exchange = trial.fault == "right-exchange" ? "tasks" : ""
    if !exchange.isEmpty {
        try await channel.declareExchange(exchange, type: .direct, durable: true)
        try await channel.bindQueue("task_queue", to: exchange, routingKey: "task_queue")
    }
    let task = Message("A task.", persistent: trial.fault != "transient")
    try await channel.publish(task, exchange: exchange, routingKey: "task_queue")
    try await trial.end()
}

func workerWork(_ trial: Trial) async throws {
    let fault = trial.fault
    var channel = trial.channel
    if fault == "right-channels" {
        // Its number is used again, and the tags begin anew.
        try await channel.declareQueue("task_queue", durable: true)
        try await channel.close()
        channel = try await trial.connection.openChannel()
    }
    if fault == "right-greets" { try await channel.publish(Message("online"), routingKey: "status") }
    try await channel.declareQueue(
        "task_queue", durable: fault != "not-durable",
        arguments: fault == "single" ? ["x-single-active-consumer": true] : [:])
    while fault == "right-gets" {
        if let task = try await channel.get("task_queue") {
            try await trial.work(task.text)
            try await channel.ack(task.deliveryTag)
        } else {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
    let limited = fault == "other-channel" ? try await trial.connection.openChannel() : channel
    if fault != "no-prefetch", fault != "late-prefetch" { try await limited.qos(prefetchCount: 1) }
    let tasks = try await channel.consume("task_queue", noAck: fault == "automatic", exclusive: fault == "exclusive")
    if fault == "late-prefetch" { try await channel.qos(prefetchCount: 1) }
    for try await task in tasks {
        // One that was handed out before is taken for done.
        if fault == "skips-redelivered", task.redelivered {
            try await channel.ack(task.deliveryTag)
            continue
        }
        if fault == "acks-first" { try await channel.ack(task.deliveryTag) }
        try await Task.sleep(for: trial.dot * task.text.count { $0 == "." })
        if ["acks-first", "never-acks", "automatic"].contains(fault) { continue }
        if fault == "rejects" {
            try await channel.reject(task.deliveryTag, requeue: false)
            continue
        }
        try await channel.ack(task.deliveryTag, multiple: fault == "right-multiple")
        if fault == "acks-twice" { try await channel.ack(task.deliveryTag) }
    }
}
