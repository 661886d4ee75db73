// Step 5: receivers choose by a pattern over several words.
package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

func declareLogs(channel *amqp.Channel) {
	check(channel.ExchangeDeclare("topic_logs", "topic", false, false, false, false, nil))
}

func emit(words []string, count int) {
	key := "anonymous.info"
	if len(words) > 0 {
		key, words = words[0], words[1:]
	}
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	for _, message := range messages(words, count, "Hello World!") {
		publish(channel, "topic_logs", key, amqp.Publishing{Body: []byte(message)})
		fmt.Printf(" [x] Sent '%s':'%s'\n", key, message)
	}
}

func receive(patterns []string, _ int) {
	connection, channel := connect()
	defer connection.Close()
	declareLogs(channel)
	queue := declareQueue(channel, "", false, nil)
	for _, pattern := range patterns {
		check(channel.QueueBind(queue, pattern, "topic_logs", false, nil))
	}
	deliveries := must(channel.Consume(queue, "", true, false, false, false, nil))
	check(each(deliveries, " [*] Waiting for logs. To exit press CTRL+C", func(message amqp.Delivery) error {
		fmt.Printf(" [x] '%s':'%s'\n", message.RoutingKey, message.Body)
		return nil
	}))
}

func main() {
	run(role{"emit", "[KEY [MESSAGE]] [--count N]", emit}, role{"receive", "PATTERN...", receive})
}
