#!/usr/bin/env ruby
# Step 7: the producer knows of each message whether the broker has it.
require_relative "step"

role "publish", "[MESSAGE] [--count N]" do |words, count|
  refused = 0
  connect do |channel|
    channel.confirm_select
    # Each call of default_exchange gives a new one; what comes back comes to the last.
    exchange = channel.default_exchange
    returned = false
    exchange.on_return { returned = true }
    messages(words, count).each do |order|
      returned = false
      exchange.publish(order, routing_key: "orders", persistent: true, mandatory: true)
      puts " [x] Sent '#{order}'"
      # A message that comes back does so before it is confirmed.
      taken = channel.wait_for_confirms
      if returned
        puts " [!] Returned '#{order}'"
      elsif taken
        puts " [x] Confirmed '#{order}'"
      else
        puts " [!] Refused '#{order}'"
      end
      refused += 1 if returned || !taken
    end
  end
  if refused.positive?
    abort "The broker did not take: #{refused}. Returned: there is no queue named 'orders'; " \
          "'confirms.rb receive' declares it. Refused: that queue is full."
  end
end

role "receive" do
  connect do |channel|
    orders = channel.queue("orders", durable: true)
    channel.prefetch(50)
    puts " [*] Waiting for orders. To exit press CTRL+C"
    orders.subscribe(manual_ack: true, block: true) do |delivery, _properties, body|
      puts " [x] Received '#{text(body)}'"
      channel.ack(delivery.delivery_tag)
    end
  end
end

run
