#!/usr/bin/env ruby
# Step 9: what fails is tried again, later, and not forever.
require_relative "step"

# What is rejected from `jobs` waits in `jobs.retry` for a second, and comes back.
def declare_queues(channel)
  away = { "x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => "jobs.retry" }
  back = { "x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => "jobs" }
  channel.queue("jobs", durable: true, arguments: away)
  channel.queue("jobs.retry", durable: true, arguments: { "x-message-ttl" => 1000, **back })
  channel.queue("jobs.dead", durable: true)
end

def rejections(headers)
  deaths = headers.fetch("x-death", [])
  deaths.find { |death| death["queue"] == "jobs" && death["reason"] == "rejected" }&.fetch("count", 0).to_i
end

role "new-task", "[MESSAGE] [--count N]" do |words, count|
  connect do |channel|
    declare_queues(channel)
    messages(words, count, "Hello World").each do |job|
      channel.default_exchange.publish(job, routing_key: "jobs", persistent: true)
      puts " [x] Sent '#{job}'"
    end
  end
end

role "work" do
  connect do |channel|
    declare_queues(channel)
    channel.prefetch(1)
    puts " [*] Waiting for jobs. To exit press CTRL+C"
    channel.queue("jobs").subscribe(manual_ack: true, block: true) do |delivery, properties, body|
      headers = properties.headers || {}
      attempt = rejections(headers) + 1
      puts " [x] Received '#{text(body)}'"
      if !body.include?("!")
        puts " [x] Done"
        channel.ack(delivery.delivery_tag)
      elsif attempt < 3
        puts " [!] Attempt #{attempt} failed"
        channel.reject(delivery.delivery_tag)
      else
        headers = { **headers, "attempts" => attempt, "reason" => "there is a '!' in it" }
        publish_and_confirm(channel, body, "jobs.dead", **properties, headers:)
        channel.ack(delivery.delivery_tag)
        puts " [!] Attempt #{attempt} failed: parked"
      end
    end
  end
end

role "dead" do
  connect do |channel|
    declare_queues(channel)
    puts " [*] Waiting for dead jobs. To exit press CTRL+C"
    channel.queue("jobs.dead").subscribe(manual_ack: true, block: true) do |delivery, properties, body|
      headers = properties.headers || {}
      attempts, reason = headers.fetch("attempts", 0), headers.fetch("reason", "nobody says why")
      puts " [x] Dead after #{attempts} attempts: '#{text(body)}' (#{reason})"
      channel.ack(delivery.delivery_tag)
    end
  end
end

run
