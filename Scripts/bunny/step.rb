# Shared by the steps: the connection, the way out, the words on the command line.
require "bunny"

ADDRESS = "amqp://guest:guest@localhost:5672"

# Each line goes out at once, also into a file or a pipe.
$stdout.sync = true

# Ends a role in the middle of its work, as a bug would.
class Crash < StandardError; end

# The broker has refused a message, or no queue takes it.
class NotTaken < Bunny::Exception; end

# What a connection can be lost by, or not be had by.
LOSSES = [
  Bunny::NetworkFailure, Bunny::ConnectionLevelException, Bunny::TCPConnectionFailed, Bunny::ConnectionClosedError,
  Bunny::ClientTimeout, AMQ::Protocol::EmptyResponseError, SystemCallError, IOError, Timeout::Error
].freeze

# Brings an error from bunny's threads into the main thread. Only the first: bunny reports a lost connection several times.
class Alarm
  def raise(error)
    return if off?

    @off = true
    Thread.main.raise(error)
  end

  def off? = @off

  def turn_off = @off = true
end

# Opens a connection, and a channel for the block. Both are closed at the end, however it ends.
def connect
  alarm = Alarm.new
  connection = Bunny.new(
    # To bunny, a slash at the end names a virtual host without a name.
    ENV.fetch("AMQP_URL", ADDRESS).delete_suffix("/"),
    # The loss of the connection is to be seen here. It takes both: a broker that closes it is another matter to bunny.
    automatically_recover: false, recover_from_connection_close: false,
    session_error_handler: alarm,
    # Otherwise it logs to the standard output.
    log_file: $stderr, log_level: :fatal
  ).start
  channel = connection.create_channel
  # Otherwise an error in a subscriber is logged, and the next message handled.
  channel.on_uncaught_exception { |error| alarm.raise(error) }
  channel.on_error { |_, close| alarm.raise(Bunny::Exception.new(close.reply_text)) }
  yield channel
ensure
  # Nobody may be there to answer a good-bye.
  connection.transport.close if connection && alarm.off?
  alarm.turn_off
  connection&.close
end

# Like `connect`, for a client that comes back: after each crash, and each loss of its connection, the block runs again.
# bunny can recover by itself too, but a call that just then waits for its answer is not made again, and times out.
def stay_connected(&block)
  was_connected = false
  begin
    connect do |channel|
      was_connected = true
      block.call(channel)
    end
  rescue Crash
    retry
  rescue *LOSSES
    raise unless was_connected

    sleep 0.5
    retry
  end
end

# Publishes to a queue, and returns when the broker has the message.
def publish_and_confirm(channel, body, queue, **properties)
  channel.confirm_select unless channel.using_publisher_confirmations?
  returned = false
  exchange = channel.default_exchange
  exchange.on_return { returned = true }
  exchange.publish(body, routing_key: queue, mandatory: true, persistent: true, **properties)
  # What comes back was confirmed as well.
  raise NotTaken, "The broker did not take '#{body}'." unless channel.wait_for_confirms && !returned
end

# The words as one message; with a count, so many of them with their numbers in front.
def messages(words, count, default = "Hello World!")
  message = words.empty? ? default : words.join(" ")
  count ? count.times.lazy.map { |number| "#{number} #{message}" } : [message]
end

# bunny gives bytes.
def text(body) = body.dup.force_encoding(Encoding::UTF_8).scrub

# Takes `NAME VALUE` out of the words, and gives the value.
def option(words, name)
  at = words.index(name)
  words.slice!(at, 2).fetch(1, "") if at
end

ROLES = {}

def role(name, takes = "", &block)
  ROLES[name] = { takes:, block: }
end

# Plays the role that the first word names, with the words behind it; `--count N` may be among them.
def run
  # As UTF-8 also where the locale says otherwise.
  name, *words = ARGV.map { |word| text(word) }
  usage = "Usage: #{File.basename($PROGRAM_NAME)} " + ROLES.map { |role, it| "#{role} #{it[:takes]}".strip }.join(" | ")
  role = ROLES[name] or abort usage
  count = option(words, "--count")
  abort "--count takes a number, not '#{count}'.\n#{usage}" unless count.nil? || count.match?(/\A\d+\z/)
  takes_none, needs_some = role[:takes].empty?, role[:takes].match?(/\A[^\[]/)
  abort usage if takes_none && (count || words.any?) || needs_some && words.empty?
  role[:block].call(words, count&.to_i)
rescue Interrupt, Crash
  # Ctrl-C is the normal way out.
rescue Bunny::TCPConnectionFailedForAllHosts
  abort "No broker answers at #{ENV.fetch('AMQP_URL', ADDRESS)}: start one with  swift run broker  or name one in AMQP_URL."
rescue Bunny::Exception, *LOSSES => error
  abort "#{error.class}: #{error.message}"
end
