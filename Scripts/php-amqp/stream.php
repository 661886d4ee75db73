<?php
// Step 11: a message that stays when it has been read, for readers that come late.
require __DIR__ . "/step.php";

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

/** Reading takes nothing out of a stream, so it needs another end: a week, or a gigabyte. */
function declare_ticker(AMQPChannel $channel): void
{
    declare_queue($channel, "ticker", durable: true, arguments: [
        "x-queue-type" => "stream", "x-max-age" => "7D", "x-max-length-bytes" => 1_000_000_000,
    ]);
}

function offset(string $word): string|int
{
    if (preg_match('/^(first|last|next|\d+[smhD])$/D', $word)) {
        return $word;
    }
    return ctype_digit($word) ? (int) $word : fail("'$word' names no place in a stream");
}

role("publish", "[MESSAGE] [--count N]", function (array $words, ?int $count) {
    [$connection, $channel] = connect();
    declare_ticker($channel);
    $publish = confirming_publisher($channel);
    foreach (messages($words, $count) as $item) {
        $publish(persistent($item), "ticker");
        echo " [x] Confirmed '$item'\n";
    }
    $connection->close();
});

role("read", "[OFFSET]", function (array $words) {
    $start = new AMQPTable(["x-stream-offset" => offset($words ? implode(" ", $words) : "first")]);
    [$connection, $channel] = connect();
    declare_ticker($channel);
    $channel->basic_qos(0, 5, false);
    $channel->basic_consume("ticker", arguments: $start, callback: function (AMQPMessage $item) {
        echo " [x] " . headers($item)["x-stream-offset"] . ": '{$item->getBody()}'\n";
        $item->ack();
    });
    consume($channel, " [*] Waiting for news. To exit press CTRL+C");
    $connection->close();
});

run();
