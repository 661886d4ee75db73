# Quorum and stream queues with Debian's ruby-bunny: a job that fails every worker, and a log that is read again and again.
require "bunny"
require "timeout"

connection = Bunny.new(ENV.fetch("AMQP_URL").sub(%r{/\z}, "")).start

# The bodies of so many messages, with their headers, as the block has them settled.
def take(count, queue, **options)
  seen = Queue.new
  consumer = queue.subscribe(manual_ack: true, **options) do |delivery, properties, body|
    seen << [body, properties.headers.to_h, delivery.redelivered?]
    yield delivery, body
  end
  Timeout.timeout(30) { Array.new(count) { seen.pop } }
ensure
  consumer&.cancel
end

# Quorum queues: what fails three times is dead, and what is dead is kept until it has arrived.
channel = connection.create_channel
channel.confirm_select
channel.prefetch(1)
quorum = { "x-queue-type" => "quorum" }
dead = channel.queue("clients.bunny.dead", durable: true, arguments: quorum)
limits = {
  **quorum, "x-delivery-limit" => 2, "x-overflow" => "reject-publish", "x-dead-letter-strategy" => "at-least-once",
  "x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => dead.name
}
jobs = channel.queue("clients.bunny.jobs", durable: true, arguments: limits)
%w[one poison two].each { |job| jobs.publish(job, persistent: true) }
raise "not confirmed" unless channel.wait_for_confirms

got = take(5, jobs) do |delivery, body|
  body == "poison" ? channel.reject(delivery.delivery_tag, true) : channel.ack(delivery.delivery_tag)
end
raise "done: #{got}" unless (got.map(&:first) - ["poison"]).sort == %w[one two]

failures = got.select { |body, _, _| body == "poison" }
counts = failures.map { |_, headers, _| headers.fetch("x-delivery-count", 0) }
raise "counts: #{counts}" unless counts == [0, 1, 2]
raise "not marked: #{failures}" unless failures.map(&:last) == [false, true, true]

_, headers, = take(1, dead) { |delivery, _| channel.ack(delivery.delivery_tag) }.first
raise "dead: #{headers}" unless headers["x-first-death-reason"] == "delivery_limit"
raise "left over" unless jobs.message_count.zero? && jobs.pop == [nil, nil, nil]

# A queue stays what it was declared as.
begin
  connection.create_channel.queue(dead.name, durable: true)
  raise "a quorum queue passed for a classic one"
rescue Bunny::PreconditionFailed
end

# A stream: readers take nothing out of it, and begin where they like.
began = Time.now - 60
writer = connection.create_channel
writer.confirm_select
log = { "x-queue-type" => "stream", "x-max-length-bytes" => 20_000_000, "x-stream-max-segment-size-bytes" => 1_000_000 }
stream = writer.queue("clients.bunny.log", durable: true, arguments: log)
200.times { |number| stream.publish(number.to_s) }
raise "not confirmed" unless writer.wait_for_confirms

read = lambda do |offset, first|
  reader = connection.create_channel
  reader.prefetch(10)
  lines = reader.queue(stream.name, durable: true, passive: true)
  seen = take(200 - first, lines, arguments: { "x-stream-offset" => offset }) { |delivery, _| reader.ack(delivery.delivery_tag) }
  reader.close
  places = seen.map { |body, headers, redelivered| [body.to_i, headers["x-stream-offset"], redelivered] }
  raise "from #{offset}: #{places.first} to #{places.last}" unless places == (first...200).map { |n| [n, n, false] }
end
read.call("first", 0)
[["first", 0], [150, 150], ["1h", 0], [began, 0]].map { |place| Thread.new { read.call(*place) } }.each(&:join)

[jobs, dead, stream].each(&:delete)
connection.close
