<?php
// Step 13: at least once, and still only once.
require __DIR__ . "/step.php";

use PhpAmqpLib\Message\AMQPMessage;

/** Lines that a program has written down, as the step in Swift writes them: each can read the other's. */
class LineFile
{
    private string $path;

    public function __construct(string $name)
    {
        $this->path = (getenv("ORDERS_FOLDER") ?: ".") . "/$name";
    }

    /** What a crash of the machine has left unfinished at the end is no line, and nothing is written behind it. */
    public function lines(): array
    {
        if (!file_exists($this->path)) {
            return [];
        }
        $text = file_get_contents($this->path);
        $text = substr($text, 0, strrpos("\n$text", "\n"));
        $file = fopen($this->path, "r+");
        ftruncate($file, strlen($text));
        $lines = $text === "" ? [] : explode("\n", substr($text, 0, -1));
        return array_map(fn($line) => strtr($line, ["\\\\" => "\\", "\\n" => "\n"]), $lines);
    }

    /** It is on disk when this returns. */
    public function append(string $line): void
    {
        self::write($this->path, "a", strtr($line, ["\\" => "\\\\", "\n" => "\\n"]) . "\n");
    }

    /** In one step: a crash leaves the old lines or none. */
    public function clear(): void
    {
        self::write("$this->path.new", "w", "");
        rename("$this->path.new", $this->path);
    }

    private static function write(string $path, string $mode, string $text): void
    {
        $file = fopen($path, $mode);
        fwrite($file, $text);
        fsync($file);
    }
}

/** Takes `--crash WHEN` out of the words. */
function crash_of(array &$words, string ...$places): ?string
{
    $place = option($words, "--crash");
    if ($place !== null && !in_array($place, $places, true)) {
        fail("--crash takes " . implode(" or ", $places) . ", not '$place'");
    }
    return $place;
}

function crash(): never
{
    echo " [!] Crashed\n";
    throw new Crash();
}

/** `+ ID TEXT`: an order is taken. `-`: the oldest is confirmed. */
function waiting_orders(LineFile $outbox): array
{
    $waiting = [];
    foreach ($outbox->lines() as $line) {
        $parts = explode(" ", $line, 3);
        if ($line === "-") {
            array_shift($waiting);
        } elseif ($parts[0] === "+" && count($parts) === 3) {
            $waiting[] = [$parts[1], $parts[2]];
        }
    }
    return $waiting;
}

role("order", "[MESSAGE] [--count N] [--crash committed|confirmed]", function (array $words, ?int $count) {
    $crash = crash_of($words, "committed", "confirmed");
    $outbox = new LineFile("orders.outbox");
    $waiting = waiting_orders($outbox);
    [$connection, $channel] = connect();
    declare_queue($channel, "shipments", durable: true);
    $publish = confirming_publisher($channel);
    foreach (messages($words, $count) as $text) {
        $id = bin2hex(random_bytes(8));
        $outbox->append("+ $id $text");
        $waiting[] = [$id, $text];
        echo " [x] Committed '$text'\n";
        $crash !== "committed" || crash();
        while ($waiting) {
            [$id, $order] = $waiting[0];
            $publish(persistent($order, ["message_id" => $id]), "shipments");
            echo " [x] Confirmed '$order'\n";
            $crash !== "confirmed" || crash();
            array_shift($waiting);
            $waiting ? $outbox->append("-") : $outbox->clear();
        }
    }
    $connection->close();
});

role("ship", "[--crash shipped]", function (array $words) {
    $crash = crash_of($words, "shipped");
    $inbox = new LineFile("orders.inbox");
    $shipped = [];
    foreach ($inbox->lines() as $line) {
        $shipped[explode(" ", $line, 2)[0]] = true;
    }
    [$connection, $channel] = connect();
    declare_queue($channel, "shipments", durable: true);
    $channel->basic_qos(0, 1, false);
    $handle = function (AMQPMessage $order) use ($inbox, &$shipped, $crash) {
        $id = $order->has("message_id") ? $order->get("message_id") : "";
        echo " [x] Received '{$order->getBody()}'\n";
        if ($id !== "" && isset($shipped[$id])) {
            echo " [!] Shipped before\n";
        } else {
            // What is done and the note that it is done, in one.
            $inbox->append("$id {$order->getBody()}");
            $shipped[$id] = true;
            echo " [x] Shipped\n";
            $crash !== "shipped" || crash();
        }
        $order->ack();
        echo " [x] Acknowledged\n";
    };
    $channel->basic_consume("shipments", exclusive: true, callback: $handle);
    consume($channel, " [*] Waiting for orders. To exit press CTRL+C");
    $connection->close();
});

run();
