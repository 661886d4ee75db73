<?php
// Step 1: one producer, one queue, one consumer.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;

role("send", "[MESSAGE] [--count N]", function (array $words, ?int $count) {
    [$connection, $channel] = connect();
    declare_queue($channel, "hello");
    foreach (messages($words, $count) as $message) {
        $channel->basic_publish(new AMQPMessage($message), "", "hello");
        echo " [x] Sent '$message'\n";
    }
    $connection->close();
});

role("receive", "", function () {
    [$connection, $channel] = connect();
    declare_queue($channel, "hello");
    $channel->basic_consume("hello", no_ack: true, callback: function (AMQPMessage $message) {
        echo " [x] Received '{$message->getBody()}'\n";
    });
    consume($channel, " [*] Waiting for messages. To exit press CTRL+C");
    $connection->close();
});

run();
