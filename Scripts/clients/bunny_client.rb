# Ordinary programs with Debian's ruby-bunny.
require "bunny"

connection = Bunny.new(ENV.fetch("AMQP_URL").sub(%r{/\z}, "")).start
channel = connection.create_channel
channel.confirm_select
channel.prefetch(5)
exchange = channel.topic("clients.bunny", auto_delete: true)
queue = channel.queue("", exclusive: true).bind(exchange, routing_key: "a.*")
50.times { |number| exchange.publish(number.to_s, routing_key: "a.b", persistent: true, headers: { "n" => number }) }
raise "not confirmed" unless channel.wait_for_confirms

seen = Queue.new
refused = false
queue.subscribe(manual_ack: true) do |delivery, properties, body|
  if !refused
    refused = true
    channel.reject(delivery.delivery_tag, true)
  else
    raise "headers" unless properties.headers["n"].to_s == body
    seen << [body.to_i, delivery.redelivered?]
    channel.ack(delivery.delivery_tag)
  end
end
got = Array.new(50) { seen.pop }
raise "order: #{got}" unless got.map(&:first).sort == (0...50).to_a
raise "the refused one came back unmarked" unless got.include?([0, true])
begin
  connection.create_channel.queue("clients.missing", passive: true)
  raise "a missing queue was found"
rescue Bunny::NotFound
end
connection.close
