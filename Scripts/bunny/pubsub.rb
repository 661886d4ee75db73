#!/usr/bin/env ruby
# Step 3: every receiver gets every message.
require_relative "step"

role "emit", "[MESSAGE] [--count N]" do |words, count|
  connect do |channel|
    logs = channel.fanout("logs")
    messages(words, count, "info: Hello World!").each do |message|
      logs.publish(message)
      puts " [x] Sent '#{message}'"
    end
  end
end

role "receive" do
  connect do |channel|
    queue = channel.queue("", exclusive: true).bind(channel.fanout("logs"))
    puts " [*] Waiting for logs. To exit press CTRL+C"
    queue.subscribe(block: true) do |_delivery, _properties, body|
      puts " [x] '#{text(body)}'"
    end
  end
end

run
