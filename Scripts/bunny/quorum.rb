#!/usr/bin/env ruby
# Step 10: brokers die, and workers. Confirmed messages survive, and a message that kills every worker is put aside.
require_relative "step"

# A payment that comes back for the third time dies, and goes to `payments.dead`.
def declare_queues(channel)
  quorum = { "x-queue-type" => "quorum" }
  limit = { "x-delivery-limit" => 2 }
  away = { "x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => "payments.dead" }
  channel.queue("payments", durable: true, arguments: { **quorum, **limit, **away })
  channel.queue("payments.dead", durable: true, arguments: quorum)
end

role "new-task", "[MESSAGE] [--count N]" do |words, count|
  connect do |channel|
    declare_queues(channel)
    messages(words, count, "Hello World").each do |payment|
      publish_and_confirm(channel, payment, "payments")
      puts " [x] Confirmed '#{payment}'"
    end
  end
end

role "work" do
  stay_connected do |channel|
    declare_queues(channel)
    channel.prefetch(1)
    puts " [*] Waiting for payments. To exit press CTRL+C"
    channel.queue("payments").subscribe(manual_ack: true, block: true) do |delivery, properties, body|
      failures = properties.headers.to_h.fetch("x-delivery-count", 0)
      puts " [x] Received '#{text(body)}'" + (failures.positive? ? " (failures: #{failures})" : "")
      if body.include?("!")
        puts " [!] Crashed"
        raise Crash
      end
      puts " [x] Paid"
      channel.ack(delivery.delivery_tag)
    end
  end
end

role "dead" do
  stay_connected do |channel|
    declare_queues(channel)
    puts " [*] Waiting for dead payments. To exit press CTRL+C"
    channel.queue("payments.dead").subscribe(manual_ack: true, block: true) do |delivery, properties, body|
      reason = properties.headers.to_h.fetch("x-first-death-reason", "nobody says why")
      puts " [x] Dead: '#{text(body)}' (#{reason})"
      channel.ack(delivery.delivery_tag)
    end
  end
end

run
