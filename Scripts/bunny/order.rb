#!/usr/bin/env ruby
# Step 12: many workers, and what belongs together stays in order.
require_relative "step"

# The exchange shares the accounts out over the queues; of a queue's workers one at a time is active.
def declare_queues(channel)
  accounts = channel.exchange("accounts", type: "x-consistent-hash", durable: true)
  %w[accounts.1 accounts.2].each do |name|
    queue = channel.queue(name, durable: true, arguments: { "x-single-active-consumer" => true })
    # The binding key is the queue's weight.
    queue.bind(accounts, routing_key: "1")
  end
  accounts
end

role "emit", "[ACCOUNT [MESSAGE]] [--count N]" do |words, count|
  account = words.shift || "ann"
  connect do |channel|
    accounts = declare_queues(channel)
    messages(words, count).each do |message|
      accounts.publish(message, routing_key: account, persistent: true)
      puts " [x] Sent '#{account}':'#{message}'"
    end
  end
end

role "work", "QUEUE [--leave N]" do |words|
  last = option(words, "--leave")
  abort "Usage: order.rb work 1|2 [--leave N]" unless [["1"], ["2"]].include?(words) && (last.nil? || last.match?(/\A\d+\z/))
  connect do |channel|
    declare_queues(channel)
    channel.prefetch(1)
    seen = 0
    puts " [*] Waiting for messages. To exit press CTRL+C"
    channel.queue("accounts.#{words.first}").subscribe(manual_ack: true, block: true) do |delivery, _properties, body|
      again = " again" if delivery.redelivered?
      puts " [x] Received#{again} '#{text(delivery.routing_key)}':'#{text(body)}'"
      seen += 1
      if seen == last&.to_i
        puts " [!] Left before it was done"
        raise Crash
      end
      channel.ack(delivery.delivery_tag)
      puts " [x] Done"
    end
  end
end

run
