<?php
// Step 4: receivers choose what they get, by an exact word.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;

role("emit", "[SEVERITY [MESSAGE]] [--count N]", function (array $words, ?int $count) {
    $severity = array_shift($words) ?? "info";
    [$connection, $channel] = connect();
    declare_exchange($channel, "direct_logs", "direct");
    foreach (messages($words, $count) as $message) {
        $channel->basic_publish(new AMQPMessage($message), "direct_logs", $severity);
        echo " [x] Sent '$severity':'$message'\n";
    }
    $connection->close();
});

role("receive", "SEVERITY...", function (array $severities) {
    [$connection, $channel] = connect();
    declare_exchange($channel, "direct_logs", "direct");
    $queue = declare_queue($channel, "");
    foreach ($severities as $severity) {
        $channel->queue_bind($queue, "direct_logs", $severity);
    }
    $channel->basic_consume($queue, no_ack: true, callback: function (AMQPMessage $message) {
        echo " [x] '{$message->getRoutingKey()}':'{$message->getBody()}'\n";
    });
    consume($channel, " [*] Waiting for logs. To exit press CTRL+C");
    $connection->close();
});

run();
