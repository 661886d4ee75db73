<?php
// Step 5: receivers choose by a pattern over several words.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;

role("emit", "[KEY [MESSAGE]] [--count N]", function (array $words, ?int $count) {
    $key = array_shift($words) ?? "anonymous.info";
    [$connection, $channel] = connect();
    declare_exchange($channel, "topic_logs", "topic");
    foreach (messages($words, $count) as $message) {
        $channel->basic_publish(new AMQPMessage($message), "topic_logs", $key);
        echo " [x] Sent '$key':'$message'\n";
    }
    $connection->close();
});

role("receive", "PATTERN...", function (array $patterns) {
    [$connection, $channel] = connect();
    declare_exchange($channel, "topic_logs", "topic");
    $queue = declare_queue($channel, "");
    foreach ($patterns as $pattern) {
        $channel->queue_bind($queue, "topic_logs", $pattern);
    }
    $channel->basic_consume($queue, no_ack: true, callback: function (AMQPMessage $message) {
        echo " [x] '{$message->getRoutingKey()}':'{$message->getBody()}'\n";
    });
    consume($channel, " [*] Waiting for logs. To exit press CTRL+C");
    $connection->close();
});

run();
