<?php
// Step 7: the producer knows of each message whether the broker has it.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;

role("publish", "[MESSAGE] [--count N]", function (array $words, ?int $count) {
    [$connection, $channel] = connect();
    $outcome = "";
    $channel->set_return_listener(function () use (&$outcome) {
        $outcome = "Returned";
    });
    $channel->set_nack_handler(function () use (&$outcome) {
        $outcome = "Refused";
    });
    $channel->confirm_select();
    $refused = 0;
    foreach (messages($words, $count) as $order) {
        $outcome = "Confirmed";
        $channel->basic_publish(persistent($order), "", "orders", mandatory: true);
        echo " [x] Sent '$order'\n";
        // A message that comes back does so before it is confirmed.
        $channel->wait_for_pending_acks_returns();
        $mark = $outcome === "Confirmed" ? "x" : "!";
        echo " [$mark] $outcome '$order'\n";
        $refused += $mark === "!" ? 1 : 0;
    }
    $connection->close();
    if ($refused > 0) {
        fail(
            "The broker did not take: $refused. Returned: there is no queue named 'orders'; "
            . "'confirms.php receive' declares it. Refused: that queue is full."
        );
    }
});

role("receive", "", function () {
    [$connection, $channel] = connect();
    declare_queue($channel, "orders", durable: true);
    $channel->basic_qos(0, 50, false);
    $channel->basic_consume("orders", callback: function (AMQPMessage $order) {
        echo " [x] Received '{$order->getBody()}'\n";
        $order->ack();
    });
    consume($channel, " [*] Waiting for orders. To exit press CTRL+C");
    $connection->close();
});

run();
