import AMQPWire

@testable import ConformanceSuite

extension Breach {
    /// What a client may do, though it looks like a breach.
    static let innocent: [@Sendable (inout WatchedScene) -> Void] = [
        // It could not know yet that the channel was closing.
        { scene in
            scene.client(QueueDeclare(queue: "gone", passive: true))
            scene.broker(ChannelClose(replyCode: .notFound, replyText: "no queue 'gone'", cause: QueueDeclare.id))
            scene.publish()
            scene.client(ChannelCloseOk())
            scene.open(1)
        },
        // All that is outstanding may be nothing.
        { $0.client(BasicAck(deliveryTag: 0, multiple: true)) },
        // Multiple up to a tag that is outstanding no more, while one below it is.
        { scene in
            scene.consume(3)
            scene.client(BasicReject(deliveryTag: 2))
            scene.client(BasicAck(deliveryTag: 2, multiple: true))
            scene.client(BasicAck(deliveryTag: 3))
        },
        // The tag is free again.
        { scene in
            scene.consume(1)
            scene.client(BasicCancel(consumerTag: "t"))
            scene.broker(BasicCancelOk(consumerTag: "t"))
            scene.consume(1)
        },
        // Two channels, one tag; each with its own numbers.
        { scene in
            scene.open(2)
            scene.consume(1)
            scene.consume(1, on: 2)
            scene.client(BasicAck(deliveryTag: 1), on: 2)
        },
        // Silent for less than two intervals.
        { scene in
            scene.time = 20_000
            scene.client(BasicQos(prefetchCount: 1))
        },
        // Refused for want of a right, which is not about reserved names.
        { scene in
            scene.client(ExchangeDeclare(exchange: "x"))
            scene.close(
                code: .accessRefused, "ACCESS_REFUSED - access to exchange 'x' in vhost '/' refused for user 'u'",
                cause: ExchangeDeclare.id)
            scene.open(1)
        },
        // What was fetched is settled like what was delivered.
        { scene in
            scene.client(BasicGet(queue: "q"))
            scene.broker(BasicGetOk(deliveryTag: 1, exchange: "", routingKey: "q", messageCount: 0))
            scene.client(BasicNack(deliveryTag: 1, requeue: true))
        },
    ]
}
