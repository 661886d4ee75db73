// Step 4: receivers choose what they get, by an exact word.
package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

func declareLogs(channel *amqp.Channel) {
	check(channel.ExchangeDeclare("direct_logs", "direct", false, false, false, false, nil))
}

func emit(words []string, count int) {
	severity := "info"
	if len(words) > 0 {
		severity, words = words[0], words[1:]
	}
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	for _, message := range messages(words, count, "Hello World!") {
		publish(channel, "direct_logs", severity, amqp.Publishing{Body: []byte(message)})
		fmt.Printf(" [x] Sent '%s':'%s'\n", severity, message)
	}
}

func receive(severities []string, _ int) {
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	queue := declareQueue(channel, "", false, nil)
	for _, severity := range severities {
		check(channel.QueueBind(queue, severity, "direct_logs", false, nil))
	}
	deliveries := must(channel.Consume(queue, "", true, false, false, false, nil))
	check(each(deliveries, " [*] Waiting for logs. To exit press CTRL+C", func(message amqp.Delivery) error {
		fmt.Printf(" [x] '%s':'%s'\n", message.RoutingKey, message.Body)
		return nil
	}))
}

func main() {
	run(role{"emit", "[SEVERITY [MESSAGE]] [--count N]", emit}, role{"receive", "SEVERITY...", receive})
}
