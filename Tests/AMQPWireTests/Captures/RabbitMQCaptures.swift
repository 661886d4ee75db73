import AMQPWire

// Frames that RabbitMQ 3.10.8 sent to pika, php-amqplib, amqp-tools and a script, taken off the stream. In the last message but one,
// every type of field went through a dead-letter exchange: it was published with `L` for the field I, which came back as `l`.

extension Capture {
    static let rabbitMQ: [Capture] = [
        Capture(
            "RabbitMQ", 0,
            ConnectionStart(
                serverProperties: [
                    "capabilities": [
                        "publisher_confirms": true, "exchange_exchange_bindings": true, "basic.nack": true,
                        "consumer_cancel_notify": true, "connection.blocked": true, "consumer_priorities": true,
                        "authentication_failure_close": true, "per_consumer_qos": true, "direct_reply_to": true,
                    ], "cluster_name": "messaging-patterns-15344-26683@vm",
                    "copyright": "Copyright (c) 2007-2022 VMware, Inc. or its affiliates.",
                    "information": "Licensed under the MPL 2.0. Website: https://rabbitmq.com",
                    "platform": "Erlang/OTP 25.2.3", "product": "RabbitMQ", "version": "3.10.8",
                ], mechanisms: Array("PLAIN AMQPLAIN".utf8), locales: Array("en_US".utf8)),
            """
            0100000000020800 0a000a0009000001 e30c 'capabilities' 46000000c712 'publisher_confirms' 74011a
            'exchange_exchange_bindings' 74010a 'basic.nack' 740116 'consumer_cancel_notify' 740112
            'connection.blocked' 740113 'consumer_priorities' 74011c 'authentication_failure_close' 740110
            'per_consumer_qos' 74010f 'direct_reply_to' 74010c 'cluster_name' 53000000
            '!messaging-patterns-15344-26683@vm' 09 'copyright' 53000000
            '7Copyright (c) 2007-2022 VMware, Inc. or its affiliates.' 0b 'information' 53000000
            '9Licensed under the MPL 2.0. Website: https://rabbitmq.com' 08 'platform' 5300000011
            'Erlang/OTP 25.2.3' 07 'product' 5300000008 'RabbitMQ' 07 'version' 5300000006 '3.10.8' 0000000e
            'PLAIN AMQPLAIN' 00000005 'en_US' ce
            """),
        Capture(
            "RabbitMQ", 0, ConnectionTune(channelMax: 2047, frameMax: 131_072, heartbeat: 60),
            "0100000000000c00 0a001e07ff000200 00003cce"),
        Capture("RabbitMQ", 0, ConnectionOpenOk(), "0100000000000500 0a002900ce"),
        Capture("RabbitMQ", 0, ConnectionCloseOk(), "0100000000000400 0a0033ce"),
        Capture("RabbitMQ", 1, ChannelOpenOk(), "0100010000000800 14000b00000000ce"),
        Capture("RabbitMQ", 2, ChannelCloseOk(), "0100020000000400 140029ce"),
        Capture("RabbitMQ", 1, ExchangeDeclareOk(), "0100010000000400 28000bce"),
        Capture("RabbitMQ", 1, QueueBindOk(), "0100010000000400 320015ce"),
        Capture("RabbitMQ", 1, BasicQosOk(), "0100010000000400 3c000bce"),
        Capture("RabbitMQ", 1, ConfirmSelectOk(), "0100010000000400 55000bce"),
        Capture("RabbitMQ", 2, TxSelectOk(), "0100020000000400 5a000bce"),
        Capture("RabbitMQ", 2, TxCommitOk(), "0100020000000400 5a0015ce"),
        Capture("RabbitMQ", 2, TxRollbackOk(), "0100020000000400 5a001fce"),
        Capture(
            "RabbitMQ", 1, QueueDeclareOk(queue: "amq.gen-qU7y0TxNOTDvHR7dKm2VUg", messageCount: 0, consumerCount: 0),
            "0100010000002b00 32000b1e 'amq.gen-qU7y0TxNOTDvHR7dKm2VUg' 0000000000000000 ce"),
        Capture("RabbitMQ", 1, QueueDeleteOk(messageCount: 0), "0100010000000800 32002900000000ce"),
        Capture(
            "RabbitMQ", 1, BasicConsumeOk(consumerTag: "amq.ctag-Ulc6FY8DujRCO5y2pmgEYQ"),
            "0100010000002400 3c00151f 'amq.ctag-Ulc6FY8DujRCO5y2pmgEYQ' ce"),
        Capture(
            "RabbitMQ", 1, BasicCancelOk(consumerTag: "amq.ctag-Ulc6FY8DujRCO5y2pmgEYQ"),
            "0100010000002400 3c001f1f 'amq.ctag-Ulc6FY8DujRCO5y2pmgEYQ' ce"),
        Capture(
            "RabbitMQ", 1,
            BasicDeliver(
                consumerTag: "amq.ctag-Ulc6FY8DujRCO5y2pmgEYQ", deliveryTag: 2, redelivered: true,
                exchange: "clients.php", routingKey: "orders.new"),
            """
            0100010000004400 3c003c1f 'amq.ctag-Ulc6FY8DujRCO5y2pmgEYQ' 0000000000000002 010b 'clients.php' 0a
            'orders.new' ce
            """),
        Capture(
            "RabbitMQ", 1,
            BasicGetOk(deliveryTag: 1, exchange: "clients.php", routingKey: "orders.new", messageCount: 49),
            "0100010000002800 3c00470000000000 000001000b 'clients.php' 0a 'orders.new' 00000031ce"),
        Capture(
            "RabbitMQ", 1,
            BasicReturn(
                replyCode: .noRoute, replyText: "NO_ROUTE", exchange: "clients.pika", routingKey: "nobody.listens"),
            "0100010000002b00 3c0032013808 'NO_ROUTE' 0c 'clients.pika' 0e 'nobody.listens' ce"),
        Capture(
            "RabbitMQ", 1, BasicAck(deliveryTag: 1, multiple: false), "0100010000000d00 3c00500000000000 00000100ce"),
        Capture(
            "RabbitMQ", 1,
            ChannelClose(
                replyCode: .notFound, replyText: "NOT_FOUND - no queue 'clients.missing' in vhost '/'",
                cause: QueueDeclare.id),
            """
            0100010000003e00 1400280194 '3NOT_FOUND - no queue ' 27 'clients.missing' 27 ' in vhost '
            272f270032000ace
            """),
        Capture("RabbitMQ", 1, BasicCancel(consumerTag: "tag", noWait: true), "0100010000000900 3c001e03 'tag' 01ce"),
        Capture(
            "RabbitMQ", 0, ConnectionBlocked(reason: "low on memory"), "0100000000001200 0a003c0d 'low on memory' ce"),
        Capture("RabbitMQ", 0, ConnectionUnblocked(), "0100000000000400 0a003dce"),
        Capture("RabbitMQ", 1, AccessRequestOk(ticket: 1), "0100010000000600 1e000b0001ce"),
        Capture(
            "RabbitMQ", 1, size: 5,
            BasicProperties(headers: [
                "A": true, "B": .int8(-128), "C": .uint8(128), "D": .int16(-32768), "E": .uint16(32768),
                "F": .int32(-2_147_483_647), "G": .uint32(2_147_483_649), "H": .int64(-9_223_372_036_854_775_807),
                "I": .int64(-9_223_372_036_854_775_807), "J": .float(1.5 + 1 / 8_388_608),
                "K": .double(1.5 + 1 / 4_503_599_627_370_496), "L": .decimal(scale: 2, value: 314),
                "M": .longString([0x61, 0x00, 0xFF, 0xC3, 0x28]), "N": .timestamp(1_700_000_000), "O": nil,
                "P": .bytes([0x00, 0xFF, 0x01]), "Q": [true, .int16(258), [.int8(-1), nil]],
                "R": ["a": .uint8(255), "b": ["c": .uint16(65534)], "d": nil],
                "x-death": [
                    [
                        "count": .int64(1), "reason": "rejected", "queue": "oct-queue",
                        "time": .timestamp(1_795_962_232), "exchange": "", "routing-keys": ["oct-queue"],
                    ]
                ], "x-first-death-exchange": "", "x-first-death-queue": "oct-queue", "x-first-death-reason": "rejected",
            ]),
            """
            0200010000019d00 3c00000000000000 0000052000000001 8b01417401014262 8001434280014473 8000014575800001
            4649800000010147 698000000101486c 8000000000000001 01496c8000000000 00000101 'Jf?' c0000101 'Kd?'
            f800000000000101 4c44020000013a01 4d53000000056100 ffc328014e540000 00006553f100014f 5601507800000003
            00ff010151410000 000d740173010241 0000000362ff5601 5246000000130161 42ff016246000000 05016375fffe0164
            5607 'x-death' 4100000078460000 007305 'count' 6c00000000000000 0106 'reason' 5300000008 'rejected' 05
            'queue' 5300000009 'oct-queue' 04 'time' 54000000006b0c35 7808 'exchange' 53000000000c 'routing-keys'
            410000000e530000 0009 'oct-queue' 16 'x-first-death-exchange' 530000000013 'x-first-death-queue'
            5300000009 'oct-queue' 14 'x-first-death-reason' 5300000008 'rejected' ce
            """),
        Capture(
            "RabbitMQ", 1, size: 5, BasicProperties(headers: ["CC": ["oct-dead"], "k": .int8(-1)]),
            "0200010000002b00 3c00000000000000 0000052000000000 1902 'CCA' 0000000d53000000 08 'oct-dead' 016b62ffce"),
        Capture("RabbitMQ", 0, ConnectionUpdateSecretOk(), "0100000000000400 0a0047ce"),
    ]
}
