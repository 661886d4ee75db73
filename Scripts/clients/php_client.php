<?php
// Ordinary programs with php-amqplib: declare, publish with confirms, consume, refuse, get, what is returned.
require "PhpAmqpLib/autoload.php";

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

function check(bool $isSo, string $otherwise): void {
    if (!$isSo) throw new Exception($otherwise);
}

$url = parse_url(getenv("AMQP_URL"));
$connection = new AMQPStreamConnection($url["host"], $url["port"], $url["user"], $url["pass"]);
$channel = $connection->channel();
$channel->confirm_select();
$channel->exchange_declare("clients.php", "topic", false, false, true);
[$queue] = $channel->queue_declare("", false, false, true);
$channel->queue_bind($queue, "clients.php", "orders.#");

$returned = [];
$channel->set_return_listener(function ($code, $text) use (&$returned) { $returned[] = "$code $text"; });
$channel->basic_publish(new AMQPMessage("lost"), "clients.php", "nobody.listens", true);
$channel->wait_for_pending_acks_returns(20);
check($returned === ["312 NO_ROUTE"], "the unroutable message was not returned");

for ($number = 0; $number < 50; $number++) {
    $headers = new AMQPTable(["n" => $number, "nested" => ["list" => [1, "two"]]]);
    $channel->basic_publish(
        new AMQPMessage((string) $number, ["delivery_mode" => 2, "application_headers" => $headers]),
        "clients.php", "orders.new");
}
$channel->wait_for_pending_acks(20);

$first = $channel->basic_get($queue);
check($first->getBody() === "0" && !$first->isRedelivered(), "the first get");
$first->nack(true);

$channel->basic_qos(0, 10, false);
$seen = [];
$tag = $channel->basic_consume($queue, "", false, false, false, false, function ($message) use (&$seen) {
    $seen[] = [$message->getBody(), $message->isRedelivered()];
    $message->ack();
});
while (count($seen) < 50) $channel->wait(null, false, 10);
$channel->basic_cancel($tag);
check($seen[0] === ["0", true] && $seen[49] === ["49", false], "the order, or the mark of what came back");

$other = $connection->channel();
try {
    $other->queue_declare("clients.missing", true);
    throw new Exception("a missing queue was found");
} catch (AMQPProtocolChannelException $error) {
    check($error->getCode() === 404, "it was refused with " . $error->getCode());
}
$channel->close();
$connection->close();
