import AMQPWire

/// How many of the golden frames open a connection and channel 1.
let openingCount = 5

/// Their octets. Made once: it is done several times for every input.
let opening = Array(goldenFrames().prefix(openingCount).joined())

/// A session with something of everything, in the pieces that a client sends.
func goldenFrames() -> [[UInt8]] {
    var frames: [[UInt8]] = [ProtocolHeader.amqp091]
    func add(_ method: some MethodFields, on channel: UInt16 = 1) {
        var writer = FrameWriter()
        writer.method(method, channel: channel)
        frames.append(writer.take())
    }
    func publish(_ body: String, _ properties: BasicProperties, to key: ShortString, exchange: ShortString = "") {
        var writer = FrameWriter()
        writer.content(
            BasicPublish(exchange: exchange, routingKey: key, mandatory: true), properties, body: Array(body.utf8),
            channel: 1, frameMax: 4096)
        frames.append(writer.take())
    }
    add(ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), on: 0)
    add(ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 10), on: 0)
    add(ConnectionOpen(), on: 0)
    add(ChannelOpen())
    add(ExchangeDeclare(exchange: "x", type: "headers", arguments: ["alternate-exchange": "y"]))
    add(ExchangeDeclare(exchange: "y", type: "topic"))
    add(ExchangeBind(destination: "x", source: "y", routingKey: "a.#"))
    let limits: FieldTable = [
        "x-max-length": 3, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "r", "x-message-ttl": 500,
        "x-max-priority": 5,
    ]
    add(QueueDeclare(queue: "q", arguments: limits))
    add(QueueDeclare(queue: "r", durable: true, arguments: ["x-expires": 5000, "x-overflow": "reject-publish"]))
    add(QueueBind(queue: "q", exchange: "x", arguments: ["a": ["b": [1, "c", nil, 1.5]]]))
    add(QueueBind(queue: "r", exchange: "y", routingKey: "*.b"))
    add(BasicQos(prefetchCount: 2))
    add(BasicConsume(queue: "q", consumerTag: "t", arguments: ["x-priority": 3]))
    add(ConfirmSelect())
    publish("", BasicProperties(headers: ["CC": ["q", "r"], "a": 1], priority: 3, expiration: "100"), to: "q")
    publish("hello", BasicProperties(contentType: "text/plain", deliveryMode: 2), to: "a.b", exchange: "y")
    publish(String(repeating: "x", count: 5000), BasicProperties(replyTo: "amq.rabbitmq.reply-to"), to: "r")
    add(BasicAck(deliveryTag: 1))
    add(BasicReject(deliveryTag: 2, requeue: true))
    add(BasicNack(deliveryTag: 0, multiple: true))
    add(BasicRecover(requeue: true))
    add(BasicGet(queue: "r"))
    add(ChannelOpen(), on: 2)
    add(TxSelect(), on: 2)
    add(TxCommit(), on: 2)
    add(TxRollback(), on: 2)
    add(BasicConsume(queue: "amq.rabbitmq.reply-to", noAck: true), on: 2)
    add(BasicCancel(consumerTag: "t"))
    add(QueuePurge(queue: "q"))
    add(QueueDelete(queue: "q"))
    add(ExchangeDelete(exchange: "x"))
    add(ChannelClose(replyCode: .replySuccess))
    add(ConnectionClose(replyCode: .replySuccess), on: 0)
    return frames
}
