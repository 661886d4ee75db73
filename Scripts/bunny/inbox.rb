#!/usr/bin/env ruby
# Step 13: at least once, and still only once.
require "securerandom"
require_relative "step"

# Lines that a program has written down, as the step in Swift writes them: each can read the other's.
class LineFile
  def initialize(name)
    @path = File.join(ENV.fetch("ORDERS_FOLDER", "."), name)
  end

  # What a crash of the machine has left unfinished at the end is no line, and nothing is written behind it.
  def lines
    return [] unless File.exist?(@path)

    whole = File.readlines(@path, encoding: Encoding::UTF_8).select { |line| line.end_with?("\n") }
    File.truncate(@path, whole.sum(&:bytesize))
    whole.map { |line| line.delete_suffix("\n").gsub(/\\(.)/) { $1 == "n" ? "\n" : $1 } }
  end

  # It is on disk when this returns.
  def append(line) = write([line], @path, "a")

  # In one step: a crash leaves the old ones or the new ones.
  def replace(lines)
    write(lines, "#{@path}.new", "w")
    File.rename("#{@path}.new", @path)
  end

  private

  def write(lines, path, mode)
    File.open(path, mode) do |file|
      file.write(*lines.map { |line| "#{line.gsub('\\') { '\\\\' }.gsub("\n", '\n')}\n" })
      file.fsync
    end
  end
end

# Takes `--crash WHEN` out of the words.
def crash_of(words, *places)
  place = option(words, "--crash")
  abort "--crash takes #{places.join(' or ')}, not '#{place}'" unless [nil, *places].include?(place)
  place
end

def crash
  puts " [!] Crashed"
  raise Crash
end

# `+ ID TEXT`: an order is taken. `-`: the oldest is confirmed.
def waiting_orders(outbox)
  outbox.lines.each_with_object([]) do |line, waiting|
    sign, id, order = line.split(" ", 3)
    waiting.shift if line == "-"
    waiting << [id, order] if sign == "+" && order
  end
end

role "order", "[MESSAGE] [--count N] [--crash committed|confirmed]" do |words, count|
  crash_at = crash_of(words, "committed", "confirmed")
  outbox = LineFile.new("orders.outbox")
  waiting = waiting_orders(outbox)
  connect do |channel|
    channel.queue("shipments", durable: true)
    messages(words, count).each do |message|
      waiting << [SecureRandom.hex(8), message]
      outbox.append("+ #{waiting.last.join(' ')}")
      puts " [x] Committed '#{message}'"
      crash if crash_at == "committed"
      until waiting.empty?
        id, order = waiting.first
        publish_and_confirm(channel, order, "shipments", message_id: id)
        puts " [x] Confirmed '#{order}'"
        crash if crash_at == "confirmed"
        waiting.shift
        waiting.empty? ? outbox.replace([]) : outbox.append("-")
      end
    end
  end
end

role "ship", "[--crash shipped]" do |words|
  crash_at = crash_of(words, "shipped")
  inbox = LineFile.new("orders.inbox")
  shipped = inbox.lines.to_set { |line| line[/\A[^ ]*/] }
  connect do |channel|
    orders = channel.queue("shipments", durable: true)
    channel.prefetch(1)
    puts " [*] Waiting for orders. To exit press CTRL+C"
    orders.subscribe(manual_ack: true, exclusive: true, block: true) do |delivery, properties, body|
      id = text(properties.message_id.to_s)
      puts " [x] Received '#{text(body)}'"
      if shipped.include?(id) && !id.empty?
        puts " [!] Shipped before"
      else
        # What is done and the note that it is done, in one.
        inbox.append("#{id} #{text(body)}")
        shipped << id
        puts " [x] Shipped"
        crash if crash_at == "shipped"
      end
      channel.ack(delivery.delivery_tag)
      puts " [x] Acknowledged"
    end
  end
end

run
