#!/usr/bin/env ruby
# Step 1: one producer, one queue, one consumer.
require_relative "step"

role "send", "[MESSAGE] [--count N]" do |words, count|
  connect do |channel|
    queue = channel.queue("hello")
    messages(words, count).each do |message|
      queue.publish(message)
      puts " [x] Sent '#{message}'"
    end
  end
end

role "receive" do
  connect do |channel|
    queue = channel.queue("hello")
    puts " [*] Waiting for messages. To exit press CTRL+C"
    queue.subscribe(block: true) do |_delivery, _properties, body|
      puts " [x] Received '#{text(body)}'"
    end
  end
end

run
