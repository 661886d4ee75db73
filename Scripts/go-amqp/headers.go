// Step 8: receivers choose by named fields.
package main

import (
	"fmt"
	"sort"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

func isField(word string) bool { return strings.Index(word, "=") > 0 }

func fields(words []string) amqp.Table {
	table := amqp.Table{}
	for _, word := range words {
		if !isField(word) {
			fail("'%s' is not a header. Write it as NAME=VALUE.", word)
		}
		name, value, _ := strings.Cut(word, "=")
		table[name] = value
	}
	return table
}

// line sorts the headers, as a map has no order.
func line(headers amqp.Table) string {
	fields := []string{}
	for name, value := range headers {
		fields = append(fields, fmt.Sprintf("%s=%v", name, value))
	}
	sort.Strings(fields)
	return strings.Join(fields, ", ")
}

func declareLogs(channel *amqp.Channel) {
	check(channel.ExchangeDeclare("headers_logs", "headers", false, false, false, false, nil))
}

func emit(words []string, count int) {
	end := 0
	for end < len(words) && isField(words[end]) {
		end++
	}
	headers := fields(words[:end])
	line := strings.Join(words[:end], ", ")
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	for _, message := range messages(words[end:], count, "Hello World!") {
		publish(channel, "headers_logs", "", amqp.Publishing{Headers: headers, Body: []byte(message)})
		fmt.Printf(" [x] Sent '%s':'%s'\n", line, message)
	}
}

func receive(words []string, _ int) {
	if words[0] != "all" && words[0] != "any" {
		fail("Usage: headers receive all|any HEADER=VALUE...")
	}
	wanted := fields(words[1:])
	wanted["x-match"] = words[0]
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	queue := declareQueue(channel, "", false, nil)
	check(channel.QueueBind(queue, "", "headers_logs", false, wanted))
	deliveries := must(channel.Consume(queue, "", true, false, false, false, nil))
	check(each(deliveries, " [*] Waiting for logs. To exit press CTRL+C", func(message amqp.Delivery) error {
		fmt.Printf(" [x] '%s':'%s'\n", line(message.Headers), message.Body)
		return nil
	}))
}

func main() {
	run(role{"emit", "[HEADER=VALUE...] [MESSAGE] [--count N]", emit}, role{"receive", "all|any HEADER=VALUE...", receive})
}
