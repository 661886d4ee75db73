<?php
// Step 6: a question out, its answer back.
require __DIR__ . "/step.php";

use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;

function fib(int $n): int
{
    [$current, $next] = [0, 1];
    for (; $n > 0; $n--) {
        // In the last step for 92, what is next is too large for an integer, and not used.
        [$current, $next] = [$next, $current + $next];
    }
    return $current;
}

/** What a bad question gets is an answer too: its sender waits for one, and the queue behind it as well. */
function answer(string $question): string
{
    if (!preg_match('/^[+-]?\d+$/D', $question)) {
        return "error: '$question' is not a whole number";
    }
    $n = (int) $question;
    return $n < 0 || $n > 92 ? "error: fib($question) is outside of 0...92" : (string) fib($n);
}

role("serve", "", function () {
    [$connection, $channel] = connect();
    declare_queue($channel, "rpc_queue");
    $channel->basic_qos(0, 1, false);
    $channel->basic_consume("rpc_queue", callback: function (AMQPMessage $question) use ($channel) {
        echo " [.] fib({$question->getBody()})\n";
        if ($question->has("reply_to")) {
            $properties = array_intersect_key($question->get_properties(), ["correlation_id" => true]);
            $answer = new AMQPMessage(answer($question->getBody()), $properties);
            $channel->basic_publish($answer, "", $question->get("reply_to"));
        } else {
            echo " [!] No reply-to: nobody to answer\n";
        }
        $question->ack();
    });
    consume($channel, " [x] Awaiting RPC requests");
    $connection->close();
});

role("call", "[N] [--timeout S]", function (array $words) {
    $timeout = option($words, "--timeout") ?? "10";
    if (!ctype_digit($timeout)) {
        fail("--timeout takes a number of seconds.");
    }
    $question = $words ? implode(" ", $words) : "30";
    [$connection, $channel] = connect();
    $replies = declare_queue($channel, "");
    [$id, $answer] = [bin2hex(random_bytes(16)), null];
    $channel->basic_consume($replies, no_ack: true, callback: function (AMQPMessage $message) use ($id, &$answer) {
        if ($message->has("correlation_id") && $message->get("correlation_id") === $id) {
            $answer = $message->getBody();
        }
    });
    echo " [x] Requesting fib($question)\n";
    $message = new AMQPMessage($question, ["reply_to" => $replies, "correlation_id" => $id]);
    $channel->basic_publish($message, "", "rpc_queue");
    $end = microtime(true) + (int) $timeout;
    while ($answer === null && ($left = $end - microtime(true)) > 0) {
        try {
            $channel->wait(timeout: $left);
        } catch (AMQPTimeoutException) {
            // The time is over, which ends the loop.
        }
    }
    $connection->close();
    if ($answer === null) {
        fail("No answer within $timeout seconds: is a server running?  rpc.php serve");
    }
    echo " [.] Got $answer\n";
    if (str_starts_with($answer, "error: ")) {
        fail("fib($question) has no result. Ask for a whole number from 0 to 92, for example 'rpc.php call 30'.");
    }
});

run();
