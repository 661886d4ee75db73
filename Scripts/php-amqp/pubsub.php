<?php
// Step 3: every receiver gets every message.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;

role("emit", "[MESSAGE] [--count N]", function (array $words, ?int $count) {
    [$connection, $channel] = connect();
    declare_exchange($channel, "logs", "fanout");
    foreach (messages($words, $count, "info: Hello World!") as $message) {
        $channel->basic_publish(new AMQPMessage($message), "logs");
        echo " [x] Sent '$message'\n";
    }
    $connection->close();
});

role("receive", "", function () {
    [$connection, $channel] = connect();
    declare_exchange($channel, "logs", "fanout");
    $queue = declare_queue($channel, "");
    $channel->queue_bind($queue, "logs");
    $channel->basic_consume($queue, no_ack: true, callback: function (AMQPMessage $message) {
        echo " [x] '{$message->getBody()}'\n";
    });
    consume($channel, " [*] Waiting for logs. To exit press CTRL+C");
    $connection->close();
});

run();
