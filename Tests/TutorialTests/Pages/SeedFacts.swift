import Testing

/// What the five documents have that `Tutorials/seeds.md` maps: their programs, commands, classes, calls and printed lines,
/// by the page's heading. They were read off the documents, which are not in this repository. `…` is what is left out.
enum SeedFacts {
    static let all: [String: [String]] = [
        "RabbitMQ's tutorial, part 3, in its first edition": [
            "emit_log.py", "receive_logs.py", "./receive_logs.py > logs_from_rabbit.log", "./receive_logs.py",
            "./emit_log.py", #"' '.join(sys.argv[1:]) or "info: Hello World!""#, #"print " [x] Sent %r" % (message,)"#,
            " [*] Waiting for logs. To exit press CTRL+C", #"print " [x] %r" % (body,)"#,
            "sudo rabbitmqctl list_exchanges", "Listing exchanges ...", "logs      fanout", "amq.direct      direct",
            "amq.topic       topic", "amq.fanout      fanout", "amq.headers     headers", "rabbitmqctl list_bindings",
            "pika.AsyncoreConnection(…)", "pika.PlainCredentials('guest', 'guest')", "connection.channel()",
            "exchange_declare(exchange='logs', type='fanout')", "basic_publish(exchange='', routing_key='test', …)",
            "basic_publish(exchange='logs', routing_key='', …)", "queue_declare()", "result.queue",
            "queue_declare(auto_delete=True)", "queue_bind(exchange='logs', queue=result.queue)",
            "queue_bind(exchange='logs', queue=queue_name)", "basic_consume(callback, queue=queue_name, no_ack=True)",
            "pika.asyncore_loop()",
        ],
        "Publish / Subscribe: sending messages to many consumers at once": [
            "emit_log.py TextHere", "receive_logs.py", "python receive_logs.py > logs_from_rabbit.log",
            "python receive_logs.py", #"print(" [x] Sent %r" % message)"#,
            " [*] Waiting for logs. To exit press CTRL+C", #"print(" [x] %r" % body)"#,
            "exchange_declare(exchange='logs', exchange_type='fanout')", "pika.BlockingConnection(…)",
            "connection.channel()", "basic_publish(exchange='', routing_key='hello', …)",
            "basic_publish(exchange='logs', routing_key='', …)", "queue_declare(queue='')", "result.method.queue",
            "queue_declare(queue='', exclusive=True)", "queue_bind(exchange='logs', queue=result.method.queue)",
            #"queue_bind(exchange="logs", queue=queue_name)"#,
            "basic_consume(queue=queue_name, on_message_callback=callback, auto_ack=True)", "start_consuming()",
            "connection.close()", "sudo rabbitmqctl list_bindings", "=> Listing bindings ...",
            "=> logs    exchange        amq.gen-JzTY20BRgKO-HjmUJj0wLg  queue           []",
            "=> logs    exchange        amq.gen-vso0PVvyiRIL2WoV3i48Yg  queue           []",
        ],
        "Publish/Subscribe, with aio-pika": [
            "channel.declare_exchange('logs', ExchangeType.FANOUT)", "ExchangeType",
            "default_exchange.publish(Message(…), routing_key='hello')",
            "logs_exchange.publish(Message(message_body), …)", "channel.declare_queue()",
            "channel.declare_queue(exclusive=True)", "queue.bind(exchange='logs')", "sudo rabbitmqctl list_exchanges",
            "Listing exchanges ...", "logs      fanout", "amq.direct      direct", "amq.topic       topic",
            "amq.fanout      fanout", "amq.headers     headers", "rabbitmqctl list_bindings", "emit_log.py",
        ],
        "RabbitMQ, Pika and Celery": [
            "send.py", "python send.py", "pika.BlockingConnection(…)", "connection.channel()",
            "queue_declare(queue='hello')", "basic_publish(exchange='', routing_key='hello', body='Hello World!')",
            "connection.close()", #"print(" [x] Sent 'Hello World!'")"#, "# => [x] Sent 'Hello World!'", "receive.py",
            "python receive.py", "basic_consume(callback, queue='hello', no_ack=True)", "start_consuming()",
            "print(' [*] Waiting for messages. To exit press CTRL+C')",
            "# => [*] Waiting for messages. To exit press CTRL+C", #"print(" [x] Received %r" % body)"#,
            "# => [x] Received 'Hello World!'", "sudo rabbitmqctl list_queues", "new_task.py",
            #"' '.join(sys.argv[1:]) or "Hello World!""#,
            "basic_publish(exchange='', routing_key='hello', body=message)", "routing_key='task_queue'",
            #"print(" [x] Sent %r" % message)"#, #"print(" [x] Done")"#, "time.sleep(body.count(b'.'))",
            "basic_consume(callback, queue='hello')", "queue='task_queue'",
            "ch.basic_ack(delivery_tag = method.delivery_tag)", "queue_declare(queue='task_queue', durable=True)",
            "pika.BasicProperties(delivery_mode=2)", "basic_qos(prefetch_count=1)", "emit_log.py", "python emit_log.py",
            "exchange_declare(exchange='logs', exchange_type='fanout')",
            #"' '.join(sys.argv[1:]) or "info: Hello World!""#,
            "basic_publish(exchange='logs', routing_key='', body=message)", "receive_logs.py", "python receive_logs.py",
            "queue_declare()", "result.method.queue", "queue_declare(exclusive=True)",
            "queue_bind(exchange='logs', queue=queue_name)", "basic_consume(callback, queue=queue_name, no_ack=True)",
            "print(' [*] Waiting for logs. To exit press CTRL+C')", #"print(" [x] %r" % body)"#,
            "sudo rabbitmqctl list_bindings", "# => Listing bindings ...",
            "# => logs    exchange        amq.gen-JzTY20BRgKO-HjmUJj0wLg  queue           []",
            "# => logs    exchange        amq.gen-vso0PVvyiRIL2WoV3i48Yg  queue           []", "emit_log_direct.py",
            "exchange_declare(exchange='direct_logs', exchange_type='direct')",
            "sys.argv[1] if len(sys.argv) > 1 else 'info'", "' '.join(sys.argv[2:]) or 'Hello World!'",
            "basic_publish(exchange='direct_logs', routing_key=severity, body=message)",
            #"print(" [x] Sent %r:%r" % (severity, message))"#, "receive_logs_direct.py",
            "queue_bind(exchange=exchange_name, queue=queue_name, routing_key='black')", "for severity in severities:",
            "queue_bind(exchange='direct_logs', queue=queue_name, routing_key=severity)",
            #"print(" [x] %r:%r" % (method.routing_key, body))"#, "Usage: %s [info] [warning] [error]",
        ],
        "Example Messaging Patterns": [
            "python producer.py", "sudo rabbitmqctl list_queues", "Listing queues ...", "basic\t5",
            "python consumer.py", "basic\t15", "time.sleep(1)", "sudo rabbitmqctl list_exchanges",
            "Listing exchanges ...", "    direct", "amq.direct\tdirect", "amq.fanout\tfanout", "amq.headers\theaders",
            "amq.match\theaders", "amq.rabbitmq.trace\ttopic", "amq.topic\ttopic", "tty", "/dev/pts/7", "/dev/pts/4",
            "/dev/pts/9", "python producer.py blue", "python producer.py red", "python producer.py green",
            "sudo rabbitmqctl list_bindings", "Listing bindings ...",
            "    exchange\tamq.gen-BXvvwbg12wVC3XJsPQPz9A\tqueue\tamq.gen-BXvvwbg12wVC3XJsPQPz9A\t[]",
            "exchange-001\texchange\tamq.gen-BXvvwbg12wVC3XJsPQPz9A\tqueue\tamq.gen-BXvvwbg12wVC3XJsPQPz9A\t[]",
            "python consumer.py blue", "/dev/pts/3", "python consumer.py red", "python consumer.py green", "/dev/pts/5",
            "Queue", "Queue.__init__", "queue_declare(queue=queue)", "Queue.send(msg)",
            "basic_publish(exchange='', routing_key=self.queue, body=msg)", "Queue.receive(callback)",
            "basic_consume(callback, queue=self.queue, no_ack=True)", "start_consuming()", "p.close()",
            "Exchange(Queue)", "exchange_declare(exchange=exchange, type=type)",
            "Exchange.__init__(self, exchange='exchange-001', type='fanout')",
            "Exchange.__init__(self, exchange='exchange_001', type='direct')", "Producer(Queue)", "p.send(…)",
            "Producer(Exchange)", "basic_publish(exchange=self.exchange, routing_key='', body=msg)",
            "routing_key=self.routing", "Consumer(Queue)", "queue='basic'", "Consumer(Exchange)",
            "queue_declare(exclusive=True)", "bind()", "queue_bind(exchange=self.exchange, queue=result.method.queue)",
            "callback(self, ch, method, properties, body)", "for i in range(5)", "for i in range(15)", "datetime.now()",
            "print '{0} received '.format(body)", "sys.argv[1]", "body", "properties", "method",
        ] + printed,
        "Where the documents err, or disagree": [
            "exchange_declare(exachange='logs', …)", "''.join(sys.argv[1:])", "basic\t15",
            "    exchange\tbasic\tqueue\tbasic\t[]", "    exchange\tqueue\tqueue\tqueue\t[]", "Exchange", "Queue",
            "Received: …", "p.receive()", "basic_ack", #"print(" [x] Done""#,
        ],
    ]

    /// What producers and consumers print in "Example Messaging Patterns", with the times that it shows.
    private static let printed: [String] = [
        ("2014-04-22 00:19:59.497745 - Basic - Hello World", 5),
        ("2014-04-22 00:10:16.946810 - Basic - Hello World", 15),
        ("2014-04-22 09:39:16.483488 - Pub/Sub - Hello World", 5), ("2014-04-22 12:08:08.657679 - Routing - blue", 5),
        ("2014-04-22 12:08:12.715046 - Routing - red", 5), ("2014-04-22 12:08:19.934197 - Routing - green", 5),
    ].flatMap { text, count in
        (0..<count).flatMap { ["\($0) \(text) sent", "\($0) \(text) received"] }
    }

    /// What is in code style in the first column of the page's tables, by the heading above them.
    static func shown(on page: Page) -> [String: [String]] {
        var result: [String: [String]] = [:]
        var heading = ""
        for part in page.parts {
            if case .heading(level: 2, let text, _) = part { heading = text }
            guard case .prose(let text, _) = part, text.hasPrefix("| ") else { continue }
            let cell = text.components(separatedBy: " | ")[0]
            result[heading, default: []] += cell.matches(of: /`([^`]+)`/).map { String($0.1) }
        }
        return result
    }

    /// Facts without a row, and rows without a fact.
    static func problems(_ facts: [String: [String]], _ shown: [String: [String]]) -> [String] {
        Set(facts.keys).union(shown.keys).sorted().flatMap { heading in
            let (wanted, found) = (Set(facts[heading] ?? []), Set(shown[heading] ?? []))
            return wanted.subtracting(found).sorted().map { "\(heading): no row has \($0)" }
                + found.subtracting(wanted).sorted().map { "\(heading): the document does not have \($0)" }
        }
    }
}
