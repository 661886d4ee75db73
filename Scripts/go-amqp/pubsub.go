// Step 3: every receiver gets every message.
package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

func declareLogs(channel *amqp.Channel) {
	// The booleans: durable, auto-delete, internal, no-wait.
	check(channel.ExchangeDeclare("logs", "fanout", false, false, false, false, nil))
}

func emit(words []string, count int) {
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	for _, message := range messages(words, count, "info: Hello World!") {
		publish(channel, "logs", "", amqp.Publishing{Body: []byte(message)})
		fmt.Printf(" [x] Sent '%s'\n", message)
	}
}

func receive([]string, int) {
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	queue := declareQueue(channel, "", false, nil)
	check(channel.QueueBind(queue, "", "logs", false, nil))
	deliveries := must(channel.Consume(queue, "", true, false, false, false, nil))
	check(each(deliveries, " [*] Waiting for logs. To exit press CTRL+C", func(message amqp.Delivery) error {
		fmt.Printf(" [x] '%s'\n", message.Body)
		return nil
	}))
}

func main() {
	run(role{"emit", "[MESSAGE] [--count N]", emit}, role{"receive", "", receive})
}
