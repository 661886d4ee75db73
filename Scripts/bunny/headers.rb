#!/usr/bin/env ruby
# Step 8: receivers choose by named fields.
require_relative "step"

def field?(word) = word.match?(/\A[^=]+=/)

def fields(words)
  wrong = words.find { |word| !field?(word) }
  abort "'#{wrong}' is not a header. Write it as NAME=VALUE." if wrong
  words.to_h { |word| word.split("=", 2) }
end

def line(headers) = headers.map { |name, value| "#{text(name)}=#{text(value.to_s)}" }.join(", ")

role "emit", "[HEADER=VALUE...] [MESSAGE] [--count N]" do |words, count|
  headers = fields(words.take_while { |word| field?(word) })
  connect do |channel|
    logs = channel.headers("headers_logs")
    messages(words.drop(headers.size), count).each do |message|
      logs.publish(message, headers:)
      puts " [x] Sent '#{line(headers)}':'#{message}'"
    end
  end
end

role "receive", "all|any HEADER=VALUE..." do |(match, *words)|
  abort "Usage: headers.rb receive all|any HEADER=VALUE..." unless %w[all any].include?(match)
  wanted = fields(words)
  connect do |channel|
    queue = channel.queue("", exclusive: true)
    queue.bind(channel.headers("headers_logs"), arguments: { **wanted, "x-match" => match })
    puts " [*] Waiting for logs. To exit press CTRL+C"
    queue.subscribe(block: true) do |_delivery, properties, body|
      puts " [x] '#{line(properties.headers || {})}':'#{text(body)}'"
    end
  end
end

run
