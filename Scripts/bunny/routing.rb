#!/usr/bin/env ruby
# Step 4: receivers choose what they get, by an exact word.
require_relative "step"

role "emit", "[SEVERITY [MESSAGE]] [--count N]" do |words, count|
  severity = words.shift || "info"
  connect do |channel|
    logs = channel.direct("direct_logs")
    messages(words, count).each do |message|
      logs.publish(message, routing_key: severity)
      puts " [x] Sent '#{severity}':'#{message}'"
    end
  end
end

role "receive", "SEVERITY..." do |severities|
  connect do |channel|
    logs = channel.direct("direct_logs")
    queue = channel.queue("", exclusive: true)
    severities.each { |severity| queue.bind(logs, routing_key: severity) }
    puts " [*] Waiting for logs. To exit press CTRL+C"
    queue.subscribe(block: true) do |delivery, _properties, body|
      puts " [x] '#{text(delivery.routing_key)}':'#{text(body)}'"
    end
  end
end

run
