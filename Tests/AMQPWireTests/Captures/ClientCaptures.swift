import AMQPWire

// Frames that other clients sent to RabbitMQ 3.10.8, taken off the stream by a relay: pika 1.4.4, aio-pika (aiormq 6.9.4),
// py-amqp 5.4.2, bunny 2.19.0, amqp091-go 1.5.0, librabbitmq 0.11.0, php-amqplib 3.5.3 and the Java client 5.0.0.

extension Capture {
    static let clients: [Capture] = [
        Capture(
            "pika", 0,
            ConnectionStartOk(
                clientProperties: [
                    "product": "Pika Python Client Library", "platform": "Python 3.11.7",
                    "capabilities": [
                        "authentication_failure_close": true, "basic.nack": true, "connection.blocked": true,
                        "consumer_cancel_notify": true, "exchange_exchange_bindings": true, "publisher_confirms": true,
                    ], "information": "See https://pika.rtfd.org", "version": "1.4.4",
                ], mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)),
            """
            0100000000014000 0a000b0000011c07 'product' 530000001a 'Pika Python Client Library' 08 'platform'
            530000000d 'Python 3.11.7' 0c 'capabilities' 460000008c1c 'authentication_failure_close' 74010a
            'basic.nack' 740112 'connection.blocked' 740116 'consumer_cancel_notify' 74011a
            'exchange_exchange_bindings' 740112 'publisher_confirms' 74010b 'information' 5300000019
            'See https://pika.rtfd.org' 07 'version' 5300000005 '1.4.4' 05 'PLAIN' 0000000c00 'guest' 00 'guest' 05
            'en_US' ce
            """),
        Capture(
            "php-amqplib", 0,
            ConnectionStartOk(
                clientProperties: [
                    "product": "AMQPLib", "platform": "PHP", "version": "3.5.3", "information": "", "copyright": "",
                    "capabilities": [
                        "authentication_failure_close": true, "publisher_confirms": true,
                        "consumer_cancel_notify": true, "exchange_exchange_bindings": true, "basic.nack": true,
                        "connection.blocked": true,
                    ],
                ], mechanism: "AMQPLAIN",
                response: octets("05 'LOGIN' 53 00000005 'guest' 08 'PASSWORD' 53 00000005 'guest'")),
            """
            0100000000013300 0a000b000000f507 'product' 5300000007 'AMQPLib' 08 'platform' 5300000003 'PHP' 07
            'version' 5300000005 '3.5.3' 0b 'information' 530000000009 'copyright' 53000000000c 'capabilities'
            460000008c1c 'authentication_failure_close' 740112 'publisher_confirms' 740116 'consumer_cancel_notify'
            74011a 'exchange_exchange_bindings' 74010a 'basic.nack' 740112 'connection.blocked' 740108 'AMQPLAIN'
            0000002305 'LOGIN' 5300000005 'guest' 08 'PASSWORD' 5300000005 'guest' 05 'en_US' ce
            """),
        Capture(
            "py-amqp", 0,
            ConnectionStartOk(
                clientProperties: [
                    "product": "py-amqp", "product_version": "5.4.2",
                    "capabilities": [
                        "consumer_cancel_notify": true, "connection.blocked": true,
                        "authentication_failure_close": true,
                    ],
                ], mechanism: "AMQPLAIN",
                response: octets("05 'LOGIN' 53 00000005 'guest' 08 'PASSWORD' 53 00000005 'guest'")),
            """
            010000000000cb00 0a000b0000008d07 'product' 5300000007 'py-amqp' 0f 'product_version' 5300000005 '5.4.2'
            0c 'capabilities' 460000004d16 'consumer_cancel_notify' 740112 'connection.blocked' 74011c
            'authentication_failure_close' 740108 'AMQPLAIN' 0000002305 'LOGIN' 5300000005 'guest' 08 'PASSWORD'
            5300000005 'guest' 05 'en_US' ce
            """),
        Capture(
            "bunny", 0,
            ConnectionStartOk(
                clientProperties: [
                    "capabilities": [
                        "publisher_confirms": true, "consumer_cancel_notify": true, "exchange_exchange_bindings": true,
                        "basic.nack": true, "connection.blocked": true, "authentication_failure_close": true,
                    ], "product": "Bunny",
                    "platform": "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]",
                    "version": "2.19.0", "information": "http://rubybunny.info", "connection_name": nil,
                ], mechanism: "PLAIN", response: Array("\0guest\0guest".utf8), locale: "en_GB"),
            """
            0100000000016d00 0a000b000001490c 'capabilities' 460000008c12 'publisher_confirms' 740116
            'consumer_cancel_notify' 74011a 'exchange_exchange_bindings' 74010a 'basic.nack' 740112
            'connection.blocked' 74011c 'authentication_failure_close' 740107 'product' 5300000005 'Bunny' 08
            'platform' 53000000 'Aruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]' 07 'version'
            5300000006 '2.19.0' 0b 'information' 5300000015 'http://rubybunny.info' 0f 'connection_name' 5605
            'PLAIN' 0000000c00 'guest' 00 'guest' 05 'en_GB' ce
            """),
        Capture(
            "amqp091-go", 0,
            ConnectionStartOk(
                clientProperties: [
                    "product": "AMQP 0.9.1 Client", "version": "1.5.0", "platform": "golang",
                    "capabilities": [
                        "connection.blocked": true, "consumer_cancel_notify": true, "basic.nack": true,
                        "publisher_confirms": true,
                    ],
                ], mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)),
            """
            010000000000ca00 0a000b000000a607 'product' 5300000011 'AMQP 0.9.1 Client' 07 'version' 5300000005
            '1.5.0' 08 'platform' 5300000006 'golang' 0c 'capabilities' 460000005012 'connection.blocked' 740116
            'consumer_cancel_notify' 74010a 'basic.nack' 740112 'publisher_confirms' 740105 'PLAIN' 0000000c00
            'guest' 00 'guest' 05 'en_US' ce
            """),
        Capture(
            "librabbitmq", 0,
            ConnectionStartOk(
                clientProperties: [
                    "product": "rabbitmq-c", "version": "0.11.0", "platform": "Linux",
                    "copyright": "Copyright (c) 2007-2014 VMWare Inc, Tony Garnock-Jones, and Alan Antonuk.",
                    "information": "See https://github.com/alanxz/rabbitmq-c",
                    "capabilities": ["authentication_failure_close": true, "exchange_exchange_bindings": true],
                ], mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)),
            """
            0100000000014000 0a000b0000011c07 'product' 530000000a 'rabbitmq-c' 07 'version' 5300000006 '0.11.0' 08
            'platform' 5300000005 'Linux' 09 'copyright' 53000000
            'ICopyright (c) 2007-2014 VMWare Inc, Tony Garnock-Jones, and Alan Antonuk.' 0b 'information' 53000000
            '(See https://github.com/alanxz/rabbitmq-c' 0c 'capabilities' 460000003c1c
            'authentication_failure_close' 74011a 'exchange_exchange_bindings' 740105 'PLAIN' 0000000c00 'guest' 00
            'guest' 05 'en_US' ce
            """),
        Capture(
            "Java", 0,
            ConnectionStartOk(
                clientProperties: [
                    "product": "RabbitMQ", "copyright": "Copyright (c) 2007-2016 Pivotal Software, Inc.",
                    "capabilities": [
                        "exchange_exchange_bindings": true, "connection.blocked": true,
                        "authentication_failure_close": true, "basic.nack": true, "publisher_confirms": true,
                        "consumer_cancel_notify": true,
                    ], "information": "Licensed under the MPL. See http://www.rabbitmq.com/", "version": "5.0.0",
                    "platform": "Java",
                ], mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)),
            """
            0100000000017d00 0a000b0000015907 'product' 5300000008 'RabbitMQ' 09 'copyright' 53000000
            '.Copyright (c) 2007-2016 Pivotal Software, Inc.' 0c 'capabilities' 460000008c1a
            'exchange_exchange_bindings' 740112 'connection.blocked' 74011c 'authentication_failure_close' 74010a
            'basic.nack' 740112 'publisher_confirms' 740116 'consumer_cancel_notify' 74010b 'information' 53000000
            '4Licensed under the MPL. See http://www.rabbitmq.com/' 07 'version' 5300000005 '5.0.0' 08 'platform'
            5300000004 'Java' 05 'PLAIN' 0000000c00 'guest' 00 'guest' 05 'en_US' ce
            """),
        Capture(
            "amqp091-go", 0, ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 10),
            "0100000000000c00 0a001f07ff000200 00000ace"),
        Capture(
            "librabbitmq", 0, ConnectionOpen(virtualHost: "/"), isReadOnly: true, "0100000000000800 0a0028012f0001ce"),
        Capture("amqp091-go", 0, ConnectionOpen(virtualHost: "/"), "0100000000000800 0a0028012f0000ce"),
        Capture("aio-pika", 1, ChannelOpen(), isReadOnly: true, "0100010000000600 14000a0130ce"),
        Capture("pika", 1, ChannelOpen(), "0100010000000500 14000a00ce"),
        Capture(
            "librabbitmq", 1, ChannelClose(replyCode: .replySuccess, replyText: "200"),
            "0100010000000e00 14002800c803 '200' 00000000ce"),
        Capture(
            "pika", 2, ChannelClose(replyCode: .replySuccess, replyText: "Normal shutdown"),
            "0100020000001a00 14002800c80f 'Normal shutdown' 00000000ce"),
        Capture(
            "php-amqplib", 1, ChannelClose(replyCode: ReplyCode(rawValue: 0)),
            "0100010000000b00 1400280000000000 0000ce"),
        Capture(
            "amqp091-go", 0, ConnectionClose(replyCode: .replySuccess, replyText: "kthxbai"),
            "0100000000001200 0a003200c807 'kthxbai' 00000000ce"),
        Capture(
            "bunny", 1, ExchangeDeclare(exchange: "clients.bunny", type: "topic", autoDelete: true),
            "0100010000001f00 28000a00000d 'clients.bunny' 05 'topic' 0400000000ce"),
        Capture(
            "py-amqp", 1, ExchangeDeclare(exchange: "clients.pyamqp", type: "direct", autoDelete: true),
            "0100010000002100 28000a00000e 'clients.pyamqp' 06 'direct' 0400000000ce"),
        Capture(
            "php-amqplib", 1, QueueDeclare(exclusive: true, autoDelete: true),
            "0100010000000c00 32000a0000000c00 000000ce"),
        Capture("bunny", 1, QueueDeclare(exclusive: true), "0100010000000c00 32000a0000000400 000000ce"),
        Capture(
            "pika", 1,
            QueueBind(queue: "amq.gen-XT6figt5eSTcmRnAYx5GTg", exchange: "clients.pika", routingKey: "orders.#"),
            """
            0100010000004000 32001400001e 'amq.gen-XT6figt5eSTcmRnAYx5GTg' 0c 'clients.pika' 08 'orders.#'
            0000000000ce
            """),
        Capture(
            "librabbitmq", 1, BasicConsume(queue: "clients.tools.19725"),
            "0100010000002000 3c0014000013 'clients.tools.19725' 000000000000ce"),
        Capture(
            "php-amqplib", 1, BasicConsume(queue: "amq.gen-qU7y0TxNOTDvHR7dKm2VUg"),
            "0100010000002b00 3c001400001e 'amq.gen-qU7y0TxNOTDvHR7dKm2VUg' 000000000000ce"),
        Capture(
            "librabbitmq", 1, BasicGet(queue: "clients.tools.19725", noAck: true),
            "0100010000001b00 3c0046000013 'clients.tools.19725' 01ce"),
        Capture(
            "librabbitmq", 1, QueueDelete(queue: "clients.tools.19725"),
            "0100010000001b00 320028000013 'clients.tools.19725' 00ce"),
        Capture("Java", 1, BasicQos(prefetchCount: 1, global: true), "0100010000000b00 3c000a0000000000 0101ce"),
        Capture("bunny", 1, BasicQos(prefetchCount: 5), "0100010000000b00 3c000a0000000000 0500ce"),
        Capture(
            "pika", 1, BasicPublish(exchange: "clients.pika", routingKey: "orders.new", mandatory: true),
            "0100010000001f00 3c002800000c 'clients.pika' 0a 'orders.new' 01ce"),
        Capture(
            "py-amqp", 1, BasicPublish(exchange: "clients.pyamqp", routingKey: "k"),
            "0100010000001800 3c002800000e 'clients.pyamqp' 016b00ce"),
        Capture(
            "php-amqplib", 1, BasicNack(deliveryTag: 1, multiple: false, requeue: true),
            "0100010000000d00 3c00780000000000 00000102ce"),
        Capture("bunny", 1, BasicReject(deliveryTag: 1, requeue: true), "0100010000000d00 3c005a0000000000 00000101ce"),
        Capture("pika", 1, BasicAck(deliveryTag: 2, multiple: false), "0100010000000d00 3c00500000000000 00000200ce"),
        Capture(
            "py-amqp", 1, BasicCancel(consumerTag: "amq.ctag-83F-_CjA_q1WyaGBrIfvbA"),
            "0100010000002500 3c001e1f 'amq.ctag-83F-_CjA_q1WyaGBrIfvbA' 00ce"),
        Capture("Java", 1, ConfirmSelect(), "0100010000000500 55000a00ce"),
        Capture("pika", 2, TxSelect(), "0100020000000400 5a000ace"),
        Capture("pika", 2, TxRollback(), "0100020000000400 5a001ece"),
        Capture("pika", 2, TxCommit(), "0100020000000400 5a0014ce"),
        Capture(
            "librabbitmq", 1, size: 3, BasicProperties(deliveryMode: 2),
            "0200010000000f00 3c00000000000000 000003100002ce"),
        Capture(
            "pika", 1, size: 5,
            BasicProperties(headers: ["number": 7, "nested": ["list": [1, "two", nil]]], deliveryMode: 2),
            """
            0200010000004300 3c00000000000000 0000053000000000 3006 'number' 490000000706 'nested' 460000001804
            'list' 410000000e490000 00015300000003 'two' 5602ce
            """),
        Capture(
            "php-amqplib", 1, size: 1,
            BasicProperties(headers: ["n": 0, "nested": ["list": [1, "two"]]], deliveryMode: 2),
            """
            0200010000003d00 3c00000000000000 0000013000000000 2a016e4900000000 06 'nested' 460000001704 'list'
            410000000d490000 00015300000003 'two' 02ce
            """),
        Capture(
            "amqp091-go", 1, size: 1, BasicProperties(headers: ["n": 0], deliveryMode: 2),
            "0200010000001a00 3c00000000000000 0000013000000000 07016e4900000000 02ce"),
        Capture(
            "aio-pika", 1, size: 1,
            BasicProperties(
                headers: ["number": .int8(0)], deliveryMode: 2, priority: 0,
                messageID: "fa8532028d2b4eeb90667a0f08064a20"),
            """
            0200010000003e00 3c00000000000000 0000013880000000 0906 'number' 62000200
            ' fa8532028d2b4eeb90667a0f08064a20' ce
            """),
        Capture(
            "py-amqp", 1, size: 1, BasicProperties(contentEncoding: "utf-8", headers: ["n": 0], deliveryMode: 2),
            "0200010000002000 3c00000000000000 000001700005 'utf-8' 00000007016e4900 00000002ce"),
        Capture(
            "bunny", 1, size: 1,
            BasicProperties(
                contentType: "application/octet-stream", headers: ["n": .int64(0)], deliveryMode: 2, priority: 0),
            """
            0200010000003800 3c00000000000000 000001b80018 'application/octet-stream' 0000000b016e6c00
            0000000000000002 00ce
            """),
        Capture(
            "Java", 1, size: 4, BasicProperties(contentType: "text/plain", deliveryMode: 1, priority: 0),
            "0200010000001b00 3c00000000000000 00000498000a 'text/plain' 0100ce"),
        Capture(
            "aio-pika", 1, size: 28,
            BasicProperties(
                contentType: "application/python-pickle", headers: ["From": "amq_d14ac0f6025e48b98727b056e4393915"],
                deliveryMode: 1, priority: 5, correlationID: "658d987b-7010-49a4-b602-91659699b3b8",
                replyTo: "amq_d14ac0f6025e48b98727b056e4393915", messageID: "855a82d9623342d0960896418b5d1327",
                timestamp: 1_795_961_205, type: "call"),
            """
            020001000000d400 3c00000000000000 00001cbee019 'application/python-pickle' 0000002e04 'From' 53000000
            '$amq_d14ac0f6025e48b98727b056e4393915' 0105 '$658d'
            '987b-7010-49a4-b602-91659699b3b8$amq_d14ac0f6025e48b98727b056e4393915 855a82d9623342d0960896418b5d13'
            3237000000006b0c 317504 'call' ce
            """),
    ]
}
