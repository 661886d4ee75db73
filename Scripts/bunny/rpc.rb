#!/usr/bin/env ruby
# Step 6: a question out, its answer back.
require "securerandom"
require "timeout"
require_relative "step"

def fib(n)
  current, following = 0, 1
  n.times { current, following = following, current + following }
  current
end

# What a bad question gets is an answer too: its sender waits for one, and the queue behind it as well.
def answer(question)
  return "error: '#{question}' is not a whole number" unless question.match?(/\A[+-]?\d+\z/)

  n = question.to_i
  # In Ruby a number can grow; to others the answer has 64 bits.
  n.between?(0, 92) ? fib(n).to_s : "error: fib(#{n}) is outside of 0...92"
end

role "serve" do
  connect do |channel|
    questions = channel.queue("rpc_queue")
    channel.prefetch(1)
    puts " [x] Awaiting RPC requests"
    questions.subscribe(manual_ack: true, block: true) do |delivery, properties, body|
      question = text(body)
      puts " [.] fib(#{question})"
      if properties.reply_to
        channel.default_exchange.publish(
          answer(question), routing_key: properties.reply_to, correlation_id: properties.correlation_id
        )
      else
        puts " [!] No reply-to: nobody to answer"
      end
      channel.ack(delivery.delivery_tag)
    end
  end
end

role "call", "[N] [--timeout S]" do |words|
  timeout = Integer(option(words, "--timeout") || "10", exception: false) or abort "--timeout takes a number of seconds."
  question = words.empty? ? "30" : words.join(" ")
  answer = connect do |channel|
    # Answers arrive in a thread of bunny's, and are picked up here.
    answers = Thread::Queue.new
    replies = channel.queue("", exclusive: true)
    id = SecureRandom.uuid
    replies.subscribe do |_delivery, properties, body|
      answers << text(body) if properties.correlation_id == id
    end
    puts " [x] Requesting fib(#{question})"
    channel.default_exchange.publish(question, routing_key: "rpc_queue", reply_to: replies.name, correlation_id: id)
    Timeout.timeout(timeout) { answers.pop }
  rescue Timeout::Error
    abort "No answer within #{timeout} seconds: is a server running?  rpc.rb serve"
  end
  puts " [.] Got #{answer}"
  if answer.start_with?("error: ")
    abort "fib(#{question}) has no result. Ask for a whole number from 0 to 92, for example 'rpc.rb call 30'."
  end
end

run
