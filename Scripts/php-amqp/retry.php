<?php
// Step 9: what fails is tried again, later, and not forever.
require __DIR__ . "/step.php";

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

/** What is rejected from `jobs` waits in `jobs.retry` for a second, and comes back. */
function declare_queues(AMQPChannel $channel): void
{
    $away = ["x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => "jobs.retry"];
    $back = ["x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => "jobs"];
    declare_queue($channel, "jobs", durable: true, arguments: $away);
    declare_queue($channel, "jobs.retry", durable: true, arguments: ["x-message-ttl" => 1000] + $back);
    declare_queue($channel, "jobs.dead", durable: true);
}

function rejections(AMQPMessage $job): int
{
    foreach (headers($job)["x-death"] ?? [] as $death) {
        if ($death["queue"] === "jobs" && $death["reason"] === "rejected") {
            return $death["count"];
        }
    }
    return 0;
}

role("new-task", "[MESSAGE] [--count N]", function (array $words, ?int $count) {
    [$connection, $channel] = connect();
    declare_queues($channel);
    foreach (messages($words, $count, "Hello World") as $job) {
        $channel->basic_publish(persistent($job), "", "jobs");
        echo " [x] Sent '$job'\n";
    }
    $connection->close();
});

/** The job as it was, with what somebody who looks at it needs to know. */
function parked(AMQPMessage $job, int $attempts, string $reason): AMQPMessage
{
    $headers = $job->has("application_headers") ? clone $job->get("application_headers") : new AMQPTable();
    $headers->set("attempts", $attempts);
    $headers->set("reason", $reason);
    return persistent($job->getBody(), ["application_headers" => $headers] + $job->get_properties());
}

role("work", "", function () {
    [$connection, $channel] = connect();
    declare_queues($channel);
    $channel->basic_qos(0, 1, false);
    $publish = confirming_publisher($channel);
    $channel->basic_consume("jobs", callback: function (AMQPMessage $job) use ($publish) {
        $attempt = rejections($job) + 1;
        echo " [x] Received '{$job->getBody()}'\n";
        if (!str_contains($job->getBody(), "!")) {
            echo " [x] Done\n";
            $job->ack();
        } elseif ($attempt < 3) {
            echo " [!] Attempt $attempt failed\n";
            $job->reject(requeue: false);
        } else {
            $publish(parked($job, $attempt, "there is a '!' in it"), "jobs.dead");
            $job->ack();
            echo " [!] Attempt $attempt failed: parked\n";
        }
    });
    consume($channel, " [*] Waiting for jobs. To exit press CTRL+C");
    $connection->close();
});

role("dead", "", function () {
    [$connection, $channel] = connect();
    declare_queues($channel);
    $channel->basic_consume("jobs.dead", callback: function (AMQPMessage $job) {
        $headers = headers($job);
        [$attempts, $reason] = [$headers["attempts"] ?? 0, $headers["reason"] ?? "nobody says why"];
        echo " [x] Dead after $attempts attempts: '{$job->getBody()}' ($reason)\n";
        $job->ack();
    });
    consume($channel, " [*] Waiting for dead jobs. To exit press CTRL+C");
    $connection->close();
});

run();
