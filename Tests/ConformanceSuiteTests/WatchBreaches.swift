import AMQPWire

@testable import ConformanceSuite

extension Breach {
    static let all = connection + frames + channels + deliveries + content + objects

    private static let connection: [Breach] = [
        Breach("spec/4.2.2/header-first", "watch/open-first", isOpened: false) { scene in
            scene.client(QueueDeclare(queue: "q"), on: 0)
        },
        Breach("watch/open-first", isOpened: false) { scene in
            scene.raw(ProtocolHeader.amqp091)
            scene.client(BasicQos(prefetchCount: 1), on: 0)
        },
        Breach("spec/2.2.4/no-handshake-before-open", isOpened: false) { scene in
            scene.raw(ProtocolHeader.amqp091)
            scene.client(ConnectionClose(replyCode: .replySuccess), on: 0)
        },
        Breach(
            "connection.start-ok.client-properties/required-fields", "rabbitmq/plain/form", isOpened: false
        ) { scene in
            scene.raw(ProtocolHeader.amqp091)
            scene.client(
                ConnectionStartOk(
                    clientProperties: ["product": "p"], mechanism: "PLAIN", response: Array("me\0me\0word".utf8)), on: 0
            )
        },
        Breach(
            "connection.start-ok.mechanism/validity", "connection.start-ok.client-properties/required-fields",
            isOpened: false
        ) { scene in
            scene.raw(ProtocolHeader.amqp091)
            scene.broker(ConnectionStart(mechanisms: Array("PLAIN".utf8), locales: Array("en_US".utf8)), on: 0)
            scene.client(ConnectionStartOk(mechanism: "EXTERNAL", response: []), on: 0)
        },
        Breach("connection.tune-ok.frame-max/minimum", "connection.tune.frame-max/minimum") { scene in
            scene.client(ConnectionTuneOk(channelMax: 1, frameMax: 4095, heartbeat: 0), on: 0)
        },
        Breach("connection.tune-ok.frame-max/upper-limit") { scene in
            scene.client(ConnectionTuneOk(channelMax: 1, frameMax: 4097, heartbeat: 0), on: 0)
        },
        Breach("connection.tune-ok.channel-max/upper-limit") { scene in
            scene.client(ConnectionTuneOk(channelMax: 0, frameMax: 4096, heartbeat: 0), on: 0)
        },
        Breach("spec/3.1.2/one-vhost") { scene in scene.client(ConnectionOpen(), on: 0) },
        Breach("rabbitmq/connection.update-secret/too-early", "watch/open-first", isOpened: false) { scene in
            scene.raw(ProtocolHeader.amqp091)
            scene.client(ConnectionUpdateSecret(newSecret: []), on: 0)
        },
        Breach("spec/4.2.7/heartbeat-sent") { scene in
            scene.time = 20_001
            scene.frames { $0.heartbeat() }
            scene.client(BasicQos(prefetchCount: 1))
        },
        Breach("spec/2.3.7/close-handshake") { scene in scene.end() },
        Breach("spec/2.3.7/close-handshake") { scene in
            scene.broker(ConnectionClose(replyCode: .connectionForced), on: 0)
            scene.end()
        },
        Breach("connection.close/stability") { scene in
            scene.client(ConnectionClose(replyCode: .replySuccess), on: 0)
            scene.client(BasicQos(prefetchCount: 1))
        },
        Breach("watch/whole-frames", "spec/2.3.7/close-handshake") { scene in
            scene.raw([1, 0, 1, 0, 0, 0, 9, 0])
            scene.end()
        },
    ]

    private static let frames: [Breach] = [
        Breach("spec/4.2.3/frame-end-octet") { scene in scene.raw([8, 0, 0, 0, 0, 0, 0, 0xCD]) },
        Breach("spec/4.2.3/unknown-frame-type") { scene in scene.raw([9, 0, 0, 0, 0, 0, 0, 0xCE]) },
        Breach("spec/4.2.3/oversized-frame", "spec/2.3.3/limits-enforced") { scene in
            scene.frames {
                $0.content(
                    BasicPublish(), BasicProperties(), body: .init(repeating: 0, count: 5000), channel: 1, frameMax: 0)
            }
        },
        Breach("spec/2.3.3/limits-enforced", "rabbitmq/limits/channel-max") { scene in scene.open(101) },
        Breach("spec/4.2.3/channel-zero-only") { scene in
            scene.client(ConnectionClose(replyCode: .replySuccess), on: 1)
        },
        Breach("spec/4.2.7/heartbeat-channel") { scene in scene.frames { $0.frame(.heartbeat, channel: 1) { _ in } } },
        Breach("spec/4.2.6/bad-content") { scene in scene.frames { $0.frame(.body, channel: 1) { $0.raw([1]) } } },
        // A method between a content's method and its header.
        Breach("spec/4.2.6/bad-content") { scene in
            scene.client(BasicPublish())
            scene.client(BasicQos(prefetchCount: 1))
        },
        Breach("spec/4.2.6/bad-content", "spec/4.2.6.1/class-mismatch") { scene in
            scene.client(BasicPublish())
            scene.frames { frames in
                frames.frame(.header, channel: 1) { $0.raw([0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }
            }
        },
        Breach("spec/4.2.6/bad-content", "spec/4.2.6.1/content-on-zero") { scene in
            scene.frames { $0.header(propertyOctets: [0, 0], bodySize: 0, channel: 0) }
        },
    ]

    private static let channels: [Breach] = [
        Breach("channel.open/state") { scene in scene.client(ChannelOpen()) },
        Breach("watch/channel-open") { scene in scene.publish(on: 2) },
        Breach("watch/channel-open") { scene in
            scene.close(code: .notFound, "NOT_FOUND - no exchange 'x'", cause: QueueDeclare.id)
            scene.client(BasicQos(prefetchCount: 1))
        },
        Breach("channel.close/stability") { scene in
            scene.client(ChannelClose(replyCode: .replySuccess))
            scene.client(BasicAck(deliveryTag: 0, multiple: true))
        },
        Breach("channel.close/stability", "spec/2.3.7/close-handshake") { scene in
            scene.broker(ChannelClose(replyCode: .notFound))
            scene.end()
        },
        Breach("channel.flow/bidirectional", "spec/2.3.7/close-handshake") { scene in
            scene.broker(ChannelFlow(active: false))
            scene.end()
        },
        Breach("channel.flow/bidirectional") { scene in
            scene.broker(ChannelFlow(active: false))
            scene.client(ChannelFlowOk(active: false))
            scene.publish()
        },
        Breach("spec/3.2.1/wait-for-reply") { scene in
            scene.client(BasicQos(prefetchCount: 1))
            scene.client(QueuePurge(queue: "q"))
        },
        Breach("watch/no-wait") { scene in scene.client(QueueDeclare(noWait: true)) },
        Breach("watch/no-wait") { scene in scene.client(BasicConsume(queue: "q", noWait: true)) },
    ]

    private static let deliveries: [Breach] = [
        Breach("basic.ack.multiple/exists") { scene in scene.client(BasicAck(deliveryTag: 1)) },
        Breach("basic.ack.multiple/exists") { scene in
            scene.consume(1)
            scene.client(BasicAck(deliveryTag: 1))
            scene.client(BasicAck(deliveryTag: 1))
        },
        Breach("basic.ack.multiple/exists") { scene in
            scene.consume(1, noAck: true)
            scene.client(BasicAck(deliveryTag: 1))
        },
        Breach("domain.delivery-tag/channel-local", "basic.ack.multiple/exists") { scene in
            scene.open(2)
            scene.consume(3)
            scene.client(BasicAck(deliveryTag: 2), on: 2)
        },
        Breach("basic.nack.multiple/exists", "rabbitmq/basic.nack/unknown-tag") { scene in
            scene.client(BasicNack(deliveryTag: 5, requeue: true))
        },
        Breach("basic.nack.multiple/exists", "rabbitmq/basic.nack/unknown-tag", "rabbitmq/basic.nack/single-zero") {
            $0.client(BasicNack(deliveryTag: 0))
        },
        Breach("watch/reject-tag") { scene in scene.client(BasicReject(deliveryTag: 5)) },
        Breach("basic.consume.consumer-tag/01") { scene in
            scene.consume(1)
            scene.client(BasicConsume(queue: "q", consumerTag: "t"))
        },
        Breach("rabbitmq/basic.qos/prefetch-size") { scene in scene.client(BasicQos(prefetchSize: 1, prefetchCount: 1))
        },
        Breach("rabbitmq/basic.recover/requeue-false") { scene in scene.client(BasicRecover(requeue: false)) },
        Breach("watch/cancel-answered", "spec/2.3.7/close-handshake") { scene in
            scene.consume(1)
            scene.broker(BasicCancel(consumerTag: "t"))
            scene.end()
        },
    ]

    private static let content: [Breach] = [
        Breach("rabbitmq/per-message-ttl/invalid") { $0.publish(BasicPublish(), BasicProperties(expiration: "5s")) },
        Breach("rabbitmq/sender-selected/not-array") {
            $0.publish(BasicPublish(), BasicProperties(headers: ["CC": "a"]))
        },
        Breach("spec/4.2.5.5/field-name-start") { $0.publish(BasicPublish(), BasicProperties(headers: ["1st": 1])) },
        Breach("rabbitmq/firehose/exchange-internal") { $0.publish(BasicPublish(exchange: "amq.rabbitmq.trace")) },
        Breach("rabbitmq/direct-reply-to/consume-first", "rabbitmq/direct-reply-to/same-channel") { scene in
            scene.publish(BasicPublish(), BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        },
        Breach("rabbitmq/direct-reply-to/same-channel") { scene in
            scene.open(2)
            scene.client(BasicConsume(queue: "amq.rabbitmq.reply-to", consumerTag: "r", noAck: true), on: 2)
            scene.publish(BasicPublish(), BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        },
        Breach("rabbitmq/direct-reply-to/no-ack-only") { scene in
            scene.client(BasicConsume(queue: "amq.rabbitmq.reply-to"))
        },
        Breach("rabbitmq/direct-reply-to/one-consumer") { scene in
            for tag: ShortString in ["r", "s"] {
                scene.client(BasicConsume(queue: "amq.rabbitmq.reply-to", consumerTag: tag, noAck: true))
                scene.broker(BasicConsumeOk(consumerTag: tag))
            }
        },
        Breach("rabbitmq/publisher-confirms/tx-then-confirm") { scene in
            scene.client(TxSelect())
            scene.broker(TxSelectOk())
            scene.client(ConfirmSelect())
        },
        Breach("rabbitmq/publisher-confirms/confirm-then-tx") { scene in
            scene.client(ConfirmSelect(noWait: true))
            scene.client(TxSelect())
        },
        Breach("tx.commit/transacted") { $0.client(TxCommit()) },
        Breach("tx.rollback/transacted") { $0.client(TxRollback()) },
        Breach("tx/not-mandatory", "tx/not-immediate") { scene in
            scene.client(TxSelect())
            scene.broker(TxSelectOk())
            scene.publish(BasicPublish(mandatory: true, immediate: true))
        },
    ]

    private static let objects: [Breach] =
        [
            Breach("exchange.declare.exchange/syntax") { $0.client(ExchangeDeclare(exchange: "a b")) },
            Breach("queue.declare.queue/syntax") { $0.client(QueueDeclare(queue: "a/b")) },
            Breach("rabbitmq/passive-declare/without-name") { $0.client(QueueDeclare(passive: true)) },
            Breach("queue.bind.queue/queue-known") { $0.client(QueueBind(exchange: "amq.topic")) },
            Breach("queue.delete.queue/queue-known") { $0.client(QueueDelete()) },
            Breach("rabbitmq/dead-letter/key-without-exchange") { $0.declare(["x-dead-letter-routing-key": "k"]) },
            Breach("rabbitmq/queue.declare/arguments-of-other-types") { $0.declare(["x-delivery-limit": 3]) },
            Breach("rabbitmq/message-ttl/negative") { $0.declare(["x-message-ttl": -1]) },
            Breach("rabbitmq/limits/longest-time") { $0.declare(["x-expires": .int64(315_360_000_001)]) },
            Breach("rabbitmq/queue.declare/queue-version") { $0.declare(["x-queue-version": 3]) },
            Breach("rabbitmq/message-ttl/negative", "rabbitmq/limits/argument-type") {
                $0.declare(["x-message-ttl": "soon"])
            },
            Breach("rabbitmq/queue-expires/zero") { $0.declare(["x-expires": 0]) },
            Breach("rabbitmq/max-length/invalid") { $0.declare(["x-overflow": "explode"]) },
            Breach("rabbitmq/priority-queue/range") { $0.declare(["x-max-priority": 256]) },
            Breach("rabbitmq/dead-letter/bad-type", "rabbitmq/limits/argument-type") {
                $0.declare(["x-dead-letter-exchange": 1])
            },
            Breach("rabbitmq/queue.declare/queue-type") { $0.declare(["x-queue-type": "round"]) },
            Breach("rabbitmq/headers-exchange/bad-x-match") {
                $0.client(QueueBind(queue: "q", exchange: "amq.headers", arguments: ["x-match": "some"]))
            },
            Breach("rabbitmq/consumer-priority/integer-only") {
                $0.client(BasicConsume(queue: "q", consumerTag: "t", arguments: ["x-priority": "high"]))
            },
            Breach("rabbitmq/consistent-hash/bad-weight") { scene in
                scene.client(ExchangeDeclare(exchange: "hash", type: "x-consistent-hash"))
                scene.broker(ExchangeDeclareOk())
                scene.client(QueueBind(queue: "q", exchange: "hash", routingKey: "heavy"))
            },
            // What only the broker knows, by the close with which it refuses.
            Breach("queue.bind.exchange/exchange-existence") { scene in
                scene.client(QueueBind(queue: "q", exchange: "x"))
                scene.close(code: .notFound, "NOT_FOUND - no exchange 'x' in vhost '/'", cause: QueueBind.id)
            },
            Breach("queue.bind.queue/must-exist") { scene in
                scene.client(QueueBind(queue: "q", exchange: "amq.topic"))
                scene.close(code: .notFound, "NOT_FOUND - no queue 'q' in vhost '/'", cause: QueueBind.id)
            },
            Breach("basic.publish.exchange/must-exist") { scene in
                scene.publish(BasicPublish(exchange: "x"))
                scene.close(code: .notFound, "NOT_FOUND - no exchange 'x' in vhost '/'", cause: BasicPublish.id)
            },
            Breach("queue.declare.exclusive/exclusive") { scene in
                scene.client(QueueDeclare(queue: "q"))
                scene.close(
                    code: .resourceLocked, "RESOURCE_LOCKED - cannot obtain exclusive access", cause: QueueDeclare.id)
            },
            Breach("queue.declare.queue/reserved", "spec/3.1.10/naming-conventions") { scene in
                scene.client(QueueDeclare(queue: "amq.q"))
                scene.close(
                    code: .accessRefused, "ACCESS_REFUSED - contains reserved prefix 'amq.*'", cause: QueueDeclare.id)
            },
            Breach("queue.declare.passive/equivalent", "rabbitmq/message-ttl/equivalence") { scene in
                scene.client(QueueDeclare(queue: "q", arguments: ["x-message-ttl": 5]))
                scene.close(
                    code: .preconditionFailed, "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q'",
                    cause: QueueDeclare.id)
            },
        ]
}
