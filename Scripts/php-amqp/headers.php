<?php
// Step 8: receivers choose by named fields.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

function is_field(string $word): bool
{
    return strpos($word, "=") > 0;
}

/** The fields as the table that they travel in. */
function fields(array $words): AMQPTable
{
    $table = new AMQPTable();
    foreach ($words as $word) {
        if (!is_field($word)) {
            fail("'$word' is not a header. Write it as NAME=VALUE.");
        }
        $table->set(...explode("=", $word, 2));
    }
    return $table;
}

function line(array $headers): string
{
    return implode(", ", array_map(fn($name, $value) => "$name=$value", array_keys($headers), $headers));
}

role("emit", "[HEADER=VALUE...] [MESSAGE] [--count N]", function (array $words, ?int $count) {
    $fields = [];
    while ($words && is_field($words[0])) {
        $fields[] = array_shift($words);
    }
    $headers = fields($fields);
    [$connection, $channel] = connect();
    declare_exchange($channel, "headers_logs", "headers");
    foreach (messages($words, $count) as $message) {
        $channel->basic_publish(new AMQPMessage($message, ["application_headers" => $headers]), "headers_logs");
        echo " [x] Sent '" . line($headers->getNativeData()) . "':'$message'\n";
    }
    $connection->close();
});

role("receive", "all|any HEADER=VALUE...", function (array $words) {
    $match = array_shift($words);
    if ($match !== "all" && $match !== "any") {
        fail("Usage: headers.php receive all|any HEADER=VALUE...");
    }
    $wanted = fields($words);
    $wanted->set("x-match", $match);
    [$connection, $channel] = connect();
    declare_exchange($channel, "headers_logs", "headers");
    $queue = declare_queue($channel, "");
    $channel->queue_bind($queue, "headers_logs", arguments: $wanted);
    $channel->basic_consume($queue, no_ack: true, callback: function (AMQPMessage $message) {
        echo " [x] '" . line(headers($message)) . "':'{$message->getBody()}'\n";
    });
    consume($channel, " [*] Waiting for logs. To exit press CTRL+C");
    $connection->close();
});

run();
