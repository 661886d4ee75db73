<?php
// Step 2: tasks shared between workers, none lost when a worker dies.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;

role("new-task", "[MESSAGE] [--count N]", function (array $words, ?int $count) {
    [$connection, $channel] = connect();
    declare_queue($channel, "task_queue", durable: true);
    foreach (messages($words, $count) as $task) {
        $channel->basic_publish(persistent($task), "", "task_queue");
        echo " [x] Sent '$task'\n";
    }
    $connection->close();
});

role("work", "", function () {
    [$connection, $channel] = connect();
    declare_queue($channel, "task_queue", durable: true);
    // The size in bytes, which no broker limits, and the number of messages.
    $channel->basic_qos(0, 1, false);
    $channel->basic_consume("task_queue", callback: function (AMQPMessage $task) {
        echo " [x] Received '{$task->getBody()}'\n";
        // Ctrl-C ends the sleep. A task that isn't done isn't acknowledged.
        if (sleep(substr_count($task->getBody(), ".")) > 0) {
            return;
        }
        echo " [x] Done\n";
        $task->ack();
    });
    consume($channel, " [*] Waiting for messages. To exit press CTRL+C");
    $connection->close();
});

run();
