#!/usr/bin/env ruby
# Step 2: tasks shared between workers, none lost when a worker dies.
require_relative "step"

role "new-task", "[MESSAGE] [--count N]" do |words, count|
  connect do |channel|
    queue = channel.queue("task_queue", durable: true)
    messages(words, count).each do |task|
      queue.publish(task, persistent: true)
      puts " [x] Sent '#{task}'"
    end
  end
end

role "work" do
  connect do |channel|
    queue = channel.queue("task_queue", durable: true)
    channel.prefetch(1)
    puts " [*] Waiting for messages. To exit press CTRL+C"
    queue.subscribe(manual_ack: true, block: true) do |delivery, _properties, body|
      puts " [x] Received '#{text(body)}'"
      sleep body.count(".")
      puts " [x] Done"
      channel.ack(delivery.delivery_tag)
    end
  end
end

run
