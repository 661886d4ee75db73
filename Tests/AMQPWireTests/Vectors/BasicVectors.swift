import AMQPWire

// The methods of classes basic (60), confirm (85) and tx (90) as the Python client pika 1.4 encodes them: class and
// method id, then the fields. A method with bits stands here with none, each alone and all of them set.

extension MethodVector {
    static let basic: [MethodVector] = [
        MethodVector(
            "basic.qos", BasicQos(prefetchSize: 0x1020301, prefetchCount: 0x2a2), "003c000a", "0102030102a200"),
        MethodVector(
            "basic.qos", BasicQos(prefetchSize: 0x1020301, prefetchCount: 0x2a2, global: true), "003c000a",
            "0102030102a201"),
        MethodVector("basic.qos-ok", BasicQosOk(), "003c000b"),
        MethodVector(
            "basic.consume", BasicConsume(queue: "queue-2", consumerTag: "consumer-tag-3", arguments: ["key": "value"]),
            "003c0014", "00000771756575652d320e636f6e73756d65722d7461672d33000000000e036b", "6579530000000576616c7565"),
        MethodVector(
            "basic.consume",
            BasicConsume(queue: "queue-2", consumerTag: "consumer-tag-3", noLocal: true, arguments: ["key": "value"]),
            "003c0014", "00000771756575652d320e636f6e73756d65722d7461672d33010000000e036b", "6579530000000576616c7565"),
        MethodVector(
            "basic.consume",
            BasicConsume(queue: "queue-2", consumerTag: "consumer-tag-3", noAck: true, arguments: ["key": "value"]),
            "003c0014", "00000771756575652d320e636f6e73756d65722d7461672d33020000000e036b", "6579530000000576616c7565"),
        MethodVector(
            "basic.consume",
            BasicConsume(queue: "queue-2", consumerTag: "consumer-tag-3", exclusive: true, arguments: ["key": "value"]),
            "003c0014", "00000771756575652d320e636f6e73756d65722d7461672d33040000000e036b", "6579530000000576616c7565"),
        MethodVector(
            "basic.consume",
            BasicConsume(queue: "queue-2", consumerTag: "consumer-tag-3", noWait: true, arguments: ["key": "value"]),
            "003c0014", "00000771756575652d320e636f6e73756d65722d7461672d33080000000e036b", "6579530000000576616c7565"),
        MethodVector(
            "basic.consume",
            BasicConsume(
                queue: "queue-2", consumerTag: "consumer-tag-3", noLocal: true, noAck: true, exclusive: true,
                noWait: true, arguments: ["key": "value"]), "003c0014",
            "00000771756575652d320e636f6e73756d65722d7461672d330f0000000e036b", "6579530000000576616c7565"),
        MethodVector(
            "basic.consume-ok", BasicConsumeOk(consumerTag: "consumer-tag-1"), "003c0015",
            "0e636f6e73756d65722d7461672d31"),
        MethodVector(
            "basic.cancel", BasicCancel(consumerTag: "consumer-tag-1"), "003c001e", "0e636f6e73756d65722d7461672d3100"),
        MethodVector(
            "basic.cancel", BasicCancel(consumerTag: "consumer-tag-1", noWait: true), "003c001e",
            "0e636f6e73756d65722d7461672d3101"),
        MethodVector(
            "basic.cancel-ok", BasicCancelOk(consumerTag: "consumer-tag-1"), "003c001f",
            "0e636f6e73756d65722d7461672d31"),
        MethodVector(
            "basic.publish", BasicPublish(exchange: "exchange-2", routingKey: "routing-key-3"), "003c0028",
            "00000a65786368616e67652d320d726f7574696e672d6b65792d3300"),
        MethodVector(
            "basic.publish", BasicPublish(exchange: "exchange-2", routingKey: "routing-key-3", mandatory: true),
            "003c0028", "00000a65786368616e67652d320d726f7574696e672d6b65792d3301"),
        MethodVector(
            "basic.publish", BasicPublish(exchange: "exchange-2", routingKey: "routing-key-3", immediate: true),
            "003c0028", "00000a65786368616e67652d320d726f7574696e672d6b65792d3302"),
        MethodVector(
            "basic.publish",
            BasicPublish(exchange: "exchange-2", routingKey: "routing-key-3", mandatory: true, immediate: true),
            "003c0028", "00000a65786368616e67652d320d726f7574696e672d6b65792d3303"),
        MethodVector(
            "basic.return",
            BasicReturn(
                replyCode: ReplyCode(rawValue: 0x1a1), replyText: "reply-text-2", exchange: "exchange-3",
                routingKey: "routing-key-4"), "003c0032",
            "01a10c7265706c792d746578742d320a65786368616e67652d330d726f757469", "6e672d6b65792d34"),
        MethodVector(
            "basic.deliver",
            BasicDeliver(
                consumerTag: "consumer-tag-1", deliveryTag: 0x102030405060702, exchange: "exchange-4",
                routingKey: "routing-key-5"), "003c003c",
            "0e636f6e73756d65722d7461672d310102030405060702000a65786368616e67", "652d340d726f7574696e672d6b65792d35"),
        MethodVector(
            "basic.deliver",
            BasicDeliver(
                consumerTag: "consumer-tag-1", deliveryTag: 0x102030405060702, redelivered: true,
                exchange: "exchange-4", routingKey: "routing-key-5"), "003c003c",
            "0e636f6e73756d65722d7461672d310102030405060702010a65786368616e67", "652d340d726f7574696e672d6b65792d35"),
        MethodVector("basic.get", BasicGet(queue: "queue-2"), "003c0046", "00000771756575652d3200"),
        MethodVector("basic.get", BasicGet(queue: "queue-2", noAck: true), "003c0046", "00000771756575652d3201"),
        MethodVector(
            "basic.get-ok",
            BasicGetOk(
                deliveryTag: 0x102030405060701, exchange: "exchange-3", routingKey: "routing-key-4",
                messageCount: 0x1020305), "003c0047",
            "0102030405060701000a65786368616e67652d330d726f7574696e672d6b6579", "2d3401020305"),
        MethodVector(
            "basic.get-ok",
            BasicGetOk(
                deliveryTag: 0x102030405060701, redelivered: true, exchange: "exchange-3", routingKey: "routing-key-4",
                messageCount: 0x1020305), "003c0047",
            "0102030405060701010a65786368616e67652d330d726f7574696e672d6b6579", "2d3401020305"),
        MethodVector("basic.get-empty", BasicGetEmpty(), "003c0048", "00"),
        MethodVector(
            "basic.ack", BasicAck(deliveryTag: 0x102030405060701, multiple: false), "003c0050", "010203040506070100"),
        MethodVector(
            "basic.ack", BasicAck(deliveryTag: 0x102030405060701, multiple: true), "003c0050", "010203040506070101"),
        MethodVector(
            "basic.reject", BasicReject(deliveryTag: 0x102030405060701, requeue: false), "003c005a",
            "010203040506070100"),
        MethodVector(
            "basic.reject", BasicReject(deliveryTag: 0x102030405060701, requeue: true), "003c005a", "010203040506070101"
        ),
        MethodVector("basic.recover-async", BasicRecoverAsync(requeue: false), "003c0064", "00"),
        MethodVector("basic.recover-async", BasicRecoverAsync(requeue: true), "003c0064", "01"),
        MethodVector("basic.recover", BasicRecover(requeue: false), "003c006e", "00"),
        MethodVector("basic.recover", BasicRecover(requeue: true), "003c006e", "01"),
        MethodVector("basic.recover-ok", BasicRecoverOk(), "003c006f"),
        MethodVector(
            "basic.nack", BasicNack(deliveryTag: 0x102030405060701, multiple: false, requeue: false), "003c0078",
            "010203040506070100"),
        MethodVector(
            "basic.nack", BasicNack(deliveryTag: 0x102030405060701, multiple: true, requeue: false), "003c0078",
            "010203040506070101"),
        MethodVector(
            "basic.nack", BasicNack(deliveryTag: 0x102030405060701, multiple: false, requeue: true), "003c0078",
            "010203040506070102"),
        MethodVector(
            "basic.nack", BasicNack(deliveryTag: 0x102030405060701, multiple: true, requeue: true), "003c0078",
            "010203040506070103"),
    ]

    static let confirm: [MethodVector] = [
        MethodVector("confirm.select", ConfirmSelect(), "0055000a", "00"),
        MethodVector("confirm.select", ConfirmSelect(noWait: true), "0055000a", "01"),
        MethodVector("confirm.select-ok", ConfirmSelectOk(), "0055000b"),
    ]

    static let tx: [MethodVector] = [
        MethodVector("tx.select", TxSelect(), "005a000a"),
        MethodVector("tx.select-ok", TxSelectOk(), "005a000b"),
        MethodVector("tx.commit", TxCommit(), "005a0014"),
        MethodVector("tx.commit-ok", TxCommitOk(), "005a0015"),
        MethodVector("tx.rollback", TxRollback(), "005a001e"),
        MethodVector("tx.rollback-ok", TxRollbackOk(), "005a001f"),
    ]
}
