import AMQPWire

// The methods of classes exchange (40) and queue (50) as the Python client pika 1.4 encodes them: class and
// method id, then the fields. A method with bits stands here with none, each alone and all of them set.

extension MethodVector {
    static let exchange: [MethodVector] = [
        MethodVector(
            "exchange.declare", ExchangeDeclare(exchange: "exchange-2", type: "type-3", arguments: ["key": "value"]),
            "0028000a", "00000a65786368616e67652d3206747970652d33000000000e036b6579530000", "000576616c7565"),
        MethodVector(
            "exchange.declare",
            ExchangeDeclare(exchange: "exchange-2", type: "type-3", passive: true, arguments: ["key": "value"]),
            "0028000a", "00000a65786368616e67652d3206747970652d33010000000e036b6579530000", "000576616c7565"),
        MethodVector(
            "exchange.declare",
            ExchangeDeclare(exchange: "exchange-2", type: "type-3", durable: true, arguments: ["key": "value"]),
            "0028000a", "00000a65786368616e67652d3206747970652d33020000000e036b6579530000", "000576616c7565"),
        MethodVector(
            "exchange.declare",
            ExchangeDeclare(exchange: "exchange-2", type: "type-3", autoDelete: true, arguments: ["key": "value"]),
            "0028000a", "00000a65786368616e67652d3206747970652d33040000000e036b6579530000", "000576616c7565"),
        MethodVector(
            "exchange.declare",
            ExchangeDeclare(exchange: "exchange-2", type: "type-3", internal: true, arguments: ["key": "value"]),
            "0028000a", "00000a65786368616e67652d3206747970652d33080000000e036b6579530000", "000576616c7565"),
        MethodVector(
            "exchange.declare",
            ExchangeDeclare(exchange: "exchange-2", type: "type-3", noWait: true, arguments: ["key": "value"]),
            "0028000a", "00000a65786368616e67652d3206747970652d33100000000e036b6579530000", "000576616c7565"),
        MethodVector(
            "exchange.declare",
            ExchangeDeclare(
                exchange: "exchange-2", type: "type-3", passive: true, durable: true, autoDelete: true, internal: true,
                noWait: true, arguments: ["key": "value"]), "0028000a",
            "00000a65786368616e67652d3206747970652d331f0000000e036b6579530000", "000576616c7565"),
        MethodVector("exchange.declare-ok", ExchangeDeclareOk(), "0028000b"),
        MethodVector(
            "exchange.delete", ExchangeDelete(exchange: "exchange-2"), "00280014", "00000a65786368616e67652d3200"),
        MethodVector(
            "exchange.delete", ExchangeDelete(exchange: "exchange-2", ifUnused: true), "00280014",
            "00000a65786368616e67652d3201"),
        MethodVector(
            "exchange.delete", ExchangeDelete(exchange: "exchange-2", noWait: true), "00280014",
            "00000a65786368616e67652d3202"),
        MethodVector(
            "exchange.delete", ExchangeDelete(exchange: "exchange-2", ifUnused: true, noWait: true), "00280014",
            "00000a65786368616e67652d3203"),
        MethodVector("exchange.delete-ok", ExchangeDeleteOk(), "00280015"),
        MethodVector(
            "exchange.bind",
            ExchangeBind(
                destination: "destination-2", source: "source-3", routingKey: "routing-key-4",
                arguments: ["key": "value"]), "0028001e",
            "00000d64657374696e6174696f6e2d3208736f757263652d330d726f7574696e",
            "672d6b65792d34000000000e036b6579530000000576616c7565"),
        MethodVector(
            "exchange.bind",
            ExchangeBind(
                destination: "destination-2", source: "source-3", routingKey: "routing-key-4", noWait: true,
                arguments: ["key": "value"]), "0028001e",
            "00000d64657374696e6174696f6e2d3208736f757263652d330d726f7574696e",
            "672d6b65792d34010000000e036b6579530000000576616c7565"),
        MethodVector("exchange.bind-ok", ExchangeBindOk(), "0028001f"),
        MethodVector(
            "exchange.unbind",
            ExchangeUnbind(
                destination: "destination-2", source: "source-3", routingKey: "routing-key-4",
                arguments: ["key": "value"]), "00280028",
            "00000d64657374696e6174696f6e2d3208736f757263652d330d726f7574696e",
            "672d6b65792d34000000000e036b6579530000000576616c7565"),
        MethodVector(
            "exchange.unbind",
            ExchangeUnbind(
                destination: "destination-2", source: "source-3", routingKey: "routing-key-4", noWait: true,
                arguments: ["key": "value"]), "00280028",
            "00000d64657374696e6174696f6e2d3208736f757263652d330d726f7574696e",
            "672d6b65792d34010000000e036b6579530000000576616c7565"),
        MethodVector("exchange.unbind-ok", ExchangeUnbindOk(), "00280033"),
    ]

    static let queue: [MethodVector] = [
        MethodVector(
            "queue.declare", QueueDeclare(queue: "queue-2", arguments: ["key": "value"]), "0032000a",
            "00000771756575652d32000000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.declare", QueueDeclare(queue: "queue-2", passive: true, arguments: ["key": "value"]), "0032000a",
            "00000771756575652d32010000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.declare", QueueDeclare(queue: "queue-2", durable: true, arguments: ["key": "value"]), "0032000a",
            "00000771756575652d32020000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.declare", QueueDeclare(queue: "queue-2", exclusive: true, arguments: ["key": "value"]), "0032000a",
            "00000771756575652d32040000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.declare", QueueDeclare(queue: "queue-2", autoDelete: true, arguments: ["key": "value"]), "0032000a",
            "00000771756575652d32080000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.declare", QueueDeclare(queue: "queue-2", noWait: true, arguments: ["key": "value"]), "0032000a",
            "00000771756575652d32100000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.declare",
            QueueDeclare(
                queue: "queue-2", passive: true, durable: true, exclusive: true, autoDelete: true, noWait: true,
                arguments: ["key": "value"]), "0032000a", "00000771756575652d321f0000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.declare-ok", QueueDeclareOk(queue: "queue-1", messageCount: 0x1020302, consumerCount: 0x1020303),
            "0032000b", "0771756575652d310102030201020303"),
        MethodVector(
            "queue.bind",
            QueueBind(
                queue: "queue-2", exchange: "exchange-3", routingKey: "routing-key-4", arguments: ["key": "value"]),
            "00320014", "00000771756575652d320a65786368616e67652d330d726f7574696e672d6b65",
            "792d34000000000e036b6579530000000576616c7565"),
        MethodVector(
            "queue.bind",
            QueueBind(
                queue: "queue-2", exchange: "exchange-3", routingKey: "routing-key-4", noWait: true,
                arguments: ["key": "value"]), "00320014",
            "00000771756575652d320a65786368616e67652d330d726f7574696e672d6b65",
            "792d34010000000e036b6579530000000576616c7565"),
        MethodVector("queue.bind-ok", QueueBindOk(), "00320015"),
        MethodVector(
            "queue.unbind",
            QueueUnbind(
                queue: "queue-2", exchange: "exchange-3", routingKey: "routing-key-4", arguments: ["key": "value"]),
            "00320032", "00000771756575652d320a65786368616e67652d330d726f7574696e672d6b65",
            "792d340000000e036b6579530000000576616c7565"),
        MethodVector("queue.unbind-ok", QueueUnbindOk(), "00320033"),
        MethodVector("queue.purge", QueuePurge(queue: "queue-2"), "0032001e", "00000771756575652d3200"),
        MethodVector("queue.purge", QueuePurge(queue: "queue-2", noWait: true), "0032001e", "00000771756575652d3201"),
        MethodVector("queue.purge-ok", QueuePurgeOk(messageCount: 0x1020301), "0032001f", "01020301"),
        MethodVector("queue.delete", QueueDelete(queue: "queue-2"), "00320028", "00000771756575652d3200"),
        MethodVector(
            "queue.delete", QueueDelete(queue: "queue-2", ifUnused: true), "00320028", "00000771756575652d3201"),
        MethodVector(
            "queue.delete", QueueDelete(queue: "queue-2", ifEmpty: true), "00320028", "00000771756575652d3202"),
        MethodVector("queue.delete", QueueDelete(queue: "queue-2", noWait: true), "00320028", "00000771756575652d3204"),
        MethodVector(
            "queue.delete", QueueDelete(queue: "queue-2", ifUnused: true, ifEmpty: true, noWait: true), "00320028",
            "00000771756575652d3207"),
        MethodVector("queue.delete-ok", QueueDeleteOk(messageCount: 0x1020301), "00320029", "01020301"),
    ]
}
