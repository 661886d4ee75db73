<?php
// Shared by the steps: the connection, the way out, the words on the command line.

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Exception\AMQPIOException;
use PhpAmqpLib\Exception\AMQPRuntimeException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

// Composer's copy of php-amqplib in this folder, or Debian's.
$composer = __DIR__ . "/vendor/autoload.php";
require file_exists($composer) ? $composer : "PhpAmqpLib/autoload.php";

/** Ends a role in the middle of its work, as a bug would. */
class Crash extends Exception {}

/** The broker has refused a message, or no queue takes it. */
class NotTaken extends Exception {}

function fail(string $reason): never
{
    fwrite(STDERR, "$reason\n");
    exit(1);
}

/** Opens a connection and a channel. */
function connect(): array
{
    $url = parse_url(getenv("AMQP_URL") ?: "amqp://guest:guest@localhost:5672/");
    $connection = new AMQPStreamConnection(
        $url["host"],
        $url["port"] ?? 5672,
        rawurldecode($url["user"] ?? "guest"),
        rawurldecode($url["pass"] ?? "guest"),
        rawurldecode(substr($url["path"] ?? "", 1)) ?: "/",
        connection_timeout: 10,
        read_write_timeout: 10,
    );
    return [$connection, $connection->channel()];
}

/** Declares a queue. Without a name it is one of this connection's own, which the broker names. */
function declare_queue(AMQPChannel $channel, string $name, bool $durable = false, array $arguments = []): string
{
    [$queue] = $channel->queue_declare(
        $name, durable: $durable, exclusive: $name === "", auto_delete: false, arguments: new AMQPTable($arguments),
    );
    return $queue;
}

function declare_exchange(AMQPChannel $channel, string $name, string $type, bool $durable = false): void
{
    // Unless told otherwise, php-amqplib declares what goes when nobody uses it any more.
    $channel->exchange_declare($name, $type, durable: $durable, auto_delete: false);
}

function persistent(string $body, array $properties = []): AMQPMessage
{
    return new AMQPMessage($body, ["delivery_mode" => AMQPMessage::DELIVERY_MODE_PERSISTENT] + $properties);
}

/** Says that it waits, and hands over messages until Ctrl-C, which is the normal way out. */
function consume(AMQPChannel $channel, string $waiting): void
{
    // It may come in the middle of the library's work, or of ours. So it only leaves a note, read between two messages.
    pcntl_signal(SIGINT, fn() => $channel->stopConsume());
    echo "$waiting\n";
    try {
        $channel->consume(maximumPoll: 1);
    } finally {
        pcntl_signal(SIGINT, fn() => exit(0));
    }
}

/** Runs a role that comes back: after each crash, and each loss of its connection, it runs again with a new channel. */
function stay_connected(callable $role): void
{
    $connection = null;
    while (true) {
        try {
            [$connection, $channel] = connect();
            $role($channel);
            $connection->close();
            return;
        } catch (Crash) {
            // What it had not acknowledged comes back when its connection is closed.
            $connection->close();
        } catch (AMQPIOException | AMQPRuntimeException $loss) {
            if ($connection === null) {
                throw $loss;
            }
            usleep(500_000);
        }
    }
}

/** What publishes to a queue, and returns when the broker has the message. */
function confirming_publisher(AMQPChannel $channel): callable
{
    $is_taken = true;
    $notice = function () use (&$is_taken) {
        $is_taken = false;
    };
    $channel->set_return_listener($notice);
    $channel->set_nack_handler($notice);
    $channel->confirm_select();
    return function (AMQPMessage $message, string $queue) use ($channel, &$is_taken) {
        $is_taken = true;
        $channel->basic_publish($message, "", $queue, mandatory: true);
        // What comes back does so before it is confirmed, as it is in the end.
        $channel->wait_for_pending_acks_returns();
        if (!$is_taken) {
            throw new NotTaken("The broker did not take '{$message->getBody()}'.");
        }
    };
}

/** The headers as an array: without any, an empty one. */
function headers(AMQPMessage $message): array
{
    return $message->has("application_headers") ? $message->get("application_headers")->getNativeData() : [];
}

/** The words as one message; with a count, so many of them with their numbers in front. */
function messages(array $words, ?int $count, string $default = "Hello World!"): iterable
{
    $message = $words ? implode(" ", $words) : $default;
    if ($count === null) {
        yield $message;
    }
    for ($number = 0; $number < $count; $number++) {
        yield "$number $message";
    }
}

/** Takes `NAME VALUE` out of the words, and gives the value. */
function option(array &$words, string $name): ?string
{
    $at = array_search($name, $words, true);
    return $at === false ? null : array_splice($words, $at, 2)[1] ?? "";
}

$roles = [];

function role(string $name, string $takes, callable $play): void
{
    $GLOBALS["roles"][$name] = [$takes, $play];
}

/** Plays the role that the first word names, with the words after it; `--count N` may be among them. */
function run(): void
{
    global $argv, $roles;
    [$program, $name] = [basename($argv[0]), $argv[1] ?? ""];
    $words = array_slice($argv, 2);
    $usages = array_map(fn($name) => trim("$name {$roles[$name][0]}"), array_keys($roles));
    $usage = "Usage: $program " . implode(" | ", $usages);
    [$takes, $play] = $roles[$name] ?? fail($usage);
    $count = option($words, "--count");
    if ($count !== null && !ctype_digit($count)) {
        fail("--count takes a number, not '$count'.\n$usage");
    }
    $needs_some = $takes !== "" && $takes[0] !== "[";
    if ($takes === "" && ($words || $count !== null) || $needs_some && !$words) {
        fail($usage);
    }
    pcntl_async_signals(true);
    pcntl_signal(SIGINT, fn() => exit(0));
    try {
        $play($words, $count === null ? null : (int) $count);
    } catch (Crash) {
        // PHP closes the connection at the end.
    } catch (AMQPIOException) {
        $address = getenv("AMQP_URL") ?: "amqp://guest:guest@localhost:5672/";
        fail("No broker answers at $address: start one with  swift run broker  or name one in AMQP_URL.");
    } catch (NotTaken | AMQPExceptionInterface $error) {
        fail(get_class($error) . ": " . $error->getMessage());
    }
}
