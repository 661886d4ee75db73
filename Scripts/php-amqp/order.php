<?php
// Step 12: many workers, and what belongs together stays in order.
require __DIR__ . "/step.php";

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Message\AMQPMessage;

/** The exchange shares the accounts out over the queues; of a queue's workers one at a time is active. */
function declare_queues(AMQPChannel $channel): void
{
    declare_exchange($channel, "accounts", "x-consistent-hash", durable: true);
    foreach (["accounts.1", "accounts.2"] as $queue) {
        declare_queue($channel, $queue, durable: true, arguments: ["x-single-active-consumer" => true]);
        // The binding key is the queue's weight.
        $channel->queue_bind($queue, "accounts", "1");
    }
}

role("emit", "[ACCOUNT [MESSAGE]] [--count N]", function (array $words, ?int $count) {
    $account = array_shift($words) ?? "ann";
    [$connection, $channel] = connect();
    declare_queues($channel);
    foreach (messages($words, $count) as $message) {
        $channel->basic_publish(persistent($message), "accounts", $account);
        echo " [x] Sent '$account':'$message'\n";
    }
    $connection->close();
});

role("work", "QUEUE [--leave N]", function (array $words) {
    $last = option($words, "--leave");
    if ($words !== ["1"] && $words !== ["2"] || $last !== null && !ctype_digit($last)) {
        fail("Usage: order.php work 1|2 [--leave N]");
    }
    [$connection, $channel] = connect();
    declare_queues($channel);
    $channel->basic_qos(0, 1, false);
    $seen = 0;
    $channel->basic_consume("accounts.$words[0]", callback: function (AMQPMessage $message) use ($last, &$seen) {
        $again = $message->isRedelivered() ? " again" : "";
        echo " [x] Received$again '{$message->getRoutingKey()}':'{$message->getBody()}'\n";
        $seen++;
        if ($last !== null && $seen === (int) $last) {
            echo " [!] Left before it was done\n";
            throw new Crash();
        }
        $message->ack();
        echo " [x] Done\n";
    });
    consume($channel, " [*] Waiting for messages. To exit press CTRL+C");
    $connection->close();
});

run();
