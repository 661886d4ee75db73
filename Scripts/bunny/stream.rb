#!/usr/bin/env ruby
# Step 11: a message that stays when it has been read, for readers that come late.
require_relative "step"

# Reading takes nothing out of a stream, so it needs another end: a week, or a gigabyte.
def declare_ticker(channel)
  channel.queue("ticker", durable: true, arguments: {
    "x-queue-type" => "stream", "x-max-age" => "7D", "x-max-length-bytes" => 1_000_000_000
  })
end

def offset(word)
  case word
  when "first", "last", "next", /\A\d+[smhD]\z/ then word
  when /\A\d+\z/ then word.to_i
  else abort "'#{word}' names no place in a stream"
  end
end

role "publish", "[MESSAGE] [--count N]" do |words, count|
  connect do |channel|
    declare_ticker(channel)
    messages(words, count).each do |item|
      publish_and_confirm(channel, item, "ticker")
      puts " [x] Confirmed '#{item}'"
    end
  end
end

role "read", "[OFFSET]" do |words|
  start = offset(words.empty? ? "first" : words.join(" "))
  connect do |channel|
    ticker = declare_ticker(channel)
    channel.prefetch(5)
    puts " [*] Waiting for news. To exit press CTRL+C"
    place = { "x-stream-offset" => start }
    ticker.subscribe(manual_ack: true, block: true, arguments: place) do |delivery, properties, body|
      puts " [x] #{properties.headers['x-stream-offset']}: '#{text(body)}'"
      channel.ack(delivery.delivery_tag)
    end
  end
end

run
