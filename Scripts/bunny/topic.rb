#!/usr/bin/env ruby
# Step 5: receivers choose by a pattern over several words.
require_relative "step"

role "emit", "[KEY [MESSAGE]] [--count N]" do |words, count|
  key = words.shift || "anonymous.info"
  connect do |channel|
    logs = channel.topic("topic_logs")
    messages(words, count).each do |message|
      logs.publish(message, routing_key: key)
      puts " [x] Sent '#{key}':'#{message}'"
    end
  end
end

role "receive", "PATTERN..." do |patterns|
  connect do |channel|
    logs = channel.topic("topic_logs")
    queue = channel.queue("", exclusive: true)
    patterns.each { |pattern| queue.bind(logs, routing_key: pattern) }
    puts " [*] Waiting for logs. To exit press CTRL+C"
    queue.subscribe(block: true) do |delivery, _properties, body|
      puts " [x] '#{text(delivery.routing_key)}':'#{text(body)}'"
    end
  end
end

run
