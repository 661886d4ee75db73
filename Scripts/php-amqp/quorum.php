<?php
// Step 10: brokers die, and workers. Confirmed messages survive, and a message that kills every worker is put aside.
require __DIR__ . "/step.php";

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Message\AMQPMessage;

/** A payment that comes back for the third time dies, and goes to `payments.dead`. */
function declare_queues(AMQPChannel $channel): void
{
    $quorum = ["x-queue-type" => "quorum"];
    $limit = ["x-delivery-limit" => 2];
    $away = ["x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => "payments.dead"];
    declare_queue($channel, "payments", durable: true, arguments: $quorum + $limit + $away);
    declare_queue($channel, "payments.dead", durable: true, arguments: $quorum);
}

role("new-task", "[MESSAGE] [--count N]", function (array $words, ?int $count) {
    [$connection, $channel] = connect();
    declare_queues($channel);
    $publish = confirming_publisher($channel);
    foreach (messages($words, $count, "Hello World") as $payment) {
        $publish(persistent($payment), "payments");
        echo " [x] Confirmed '$payment'\n";
    }
    $connection->close();
});

role("work", "", function () {
    stay_connected(function (AMQPChannel $channel) {
        declare_queues($channel);
        $channel->basic_qos(0, 1, false);
        $channel->basic_consume("payments", callback: function (AMQPMessage $payment) {
            $failures = headers($payment)["x-delivery-count"] ?? 0;
            echo " [x] Received '{$payment->getBody()}'" . ($failures > 0 ? " (failures: $failures)" : "") . "\n";
            if (str_contains($payment->getBody(), "!")) {
                echo " [!] Crashed\n";
                throw new Crash();
            }
            echo " [x] Paid\n";
            $payment->ack();
        });
        consume($channel, " [*] Waiting for payments. To exit press CTRL+C");
    });
});

role("dead", "", function () {
    stay_connected(function (AMQPChannel $channel) {
        declare_queues($channel);
        $channel->basic_consume("payments.dead", callback: function (AMQPMessage $payment) {
            $reason = headers($payment)["x-first-death-reason"] ?? "nobody says why";
            echo " [x] Dead: '{$payment->getBody()}' ($reason)\n";
            $payment->ack();
        });
        consume($channel, " [*] Waiting for dead payments. To exit press CTRL+C");
    });
});

run();
